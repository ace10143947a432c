use axum::{Json, body::Body, extract::State};
use http::Request;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use voip_core::{CallId, HangUpError};

use super::{ApiError, json};
use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HangUp)]
struct Wanted {
    call_id: String,
}

/// An answer that says no more than that it worked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Done)]
pub(crate) struct Done {
    pub(super) success: bool,
    pub(super) message: &'static str,
}

/// `POST /hangup`: ends a call, gives it up, or declines it.
///
/// # Errors
/// 404 for an unknown call, and for somebody else's.
#[utoipa::path(
    post,
    path = "/hangup",
    tag = "calls",
    request_body = Wanted,
    responses(
        (status = 200, description = "The call is ended.", body = Done),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn hangup(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Json<Done>, ApiError> {
    let caller = app.auth.caller(request.headers(), app.clock.now())?;
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let id: CallId = wanted
        .call_id
        .parse()
        .map_err(|_| ApiError::unknown_call())?;
    app.calls
        .hang_up(&id, app.auth.confined(&caller))
        .await
        .map_err(hang_up_error)?;
    Ok(Json(Done {
        success: true,
        message: "the call is ended",
    }))
}

/// What a client is told when a call was not ended.
pub(crate) fn hang_up_error(error: HangUpError) -> ApiError {
    match error {
        HangUpError::Unknown => ApiError::unknown_call(),
        HangUpError::Storage(error) => error.into(),
    }
}
