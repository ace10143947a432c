use std::time::Duration;

use axum::{Json, extract::State};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiError;
use crate::App;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Health)]
pub(crate) struct Health {
    status: &'static str,
    /// `up` or `down`, where nodes share a Redis. While it is down everything
    /// works, but events stay on the node where they happen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    redis: Option<&'static str>,
}

/// `GET /healthz`: the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    tag = "operators",
    responses(
        (status = 200, description = "It lives.", body = Health),
    ),
)]
pub(crate) async fn healthz() -> Json<Health> {
    Json(Health {
        status: "ok",
        redis: None,
    })
}

/// `GET /readyz`: storage answers and the server is not stopping. Redis is
/// looked at too, but nothing depends on it.
///
/// # Errors
/// 503 otherwise.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "operators",
    responses(
        (status = 200, description = "It is ready.", body = Health),
        (status = 503, description = "`not_ready`"),
    ),
)]
pub(crate) async fn readyz(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    let not_ready = |message| {
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message)
            .retry_after(Duration::from_secs(1))
    };
    if app.stopping.is_cancelled() {
        return Err(not_ready("the server is stopping"));
    }
    match app.calls.ready().await {
        Ok(()) => Ok(Json(Health {
            status: "ready",
            redis: app
                .redis
                .as_ref()
                .map(|redis| if redis.is_up() { "up" } else { "down" }),
        })),
        Err(error) => {
            tracing::error!(%error, "storage does not answer");
            Err(not_ready("storage does not answer"))
        }
    }
}
