use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::{ConnectInfo, State},
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header};

use crate::{App, api::ApiError, auth::Caller, config::MetricsAccess};

/// The text format that Prometheus and its kin read.
const TEXT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// `GET /metrics`: figures for operators. They tell how much is called, so
/// strangers do not read them: `METRICS_ACCESS` says who does.
///
/// # Errors
/// 401 and 403 for those who may not.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "operators",
    responses(
        (status = 200, description = "The figures, for Prometheus.", content_type = "application/openmetrics-text", body = String),
        (status = 403, description = "`forbidden`"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn metrics(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    may_read(&app, &request)?;
    let page = app.metrics.page(&app).map_err(|_| {
        let message = "the figures cannot be written";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    })?;
    Ok(([(header::CONTENT_TYPE, TEXT)], page).into_response())
}

fn may_read(app: &App, request: &Request<Body>) -> Result<(), ApiError> {
    let access = app.limits.metrics;
    if access == MetricsAccess::Open || access == MetricsAccess::Local && is_local(request) {
        return Ok(());
    }
    match app.auth.shown(request.headers(), app.clock.now())? {
        Caller::Service => Ok(()),
        Caller::User(_) | Caller::Anyone => Err(ApiError::forbidden()),
    }
}

/// Whether the request comes from this machine, and from nowhere beyond it: a
/// proxy that says for whom it asks is on this machine, and whom it asks for is
/// not.
fn is_local(request: &Request<Body>) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let forwarded = ["forwarded", "x-forwarded-for", "via"];
    peer.is_some_and(|ConnectInfo(address)| address.ip().is_loopback())
        && !forwarded
            .iter()
            .any(|name| request.headers().contains_key(*name))
}
