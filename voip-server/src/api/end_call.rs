use axum::{Json, body::Body, extract::State};
use http::Request;
use serde::{Deserialize, Serialize};
use voip_core::ProviderCallId;

use super::{ApiError, hang_up_error, json};
use crate::{App, auth::LoggedIn};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    call_sid: String,
}

/// The answer to `POST /api/end-call`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EndedBody {
    success: bool,
    message: &'static str,
    call_sid: ProviderCallId,
}

/// `POST /api/end-call`: ends a call of the user who is logged in. One that is
/// over is fine.
///
/// # Errors
/// 404 for an unknown call, and for somebody else's.
pub(crate) async fn end_call(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    request: Request<Body>,
) -> Result<Json<EndedBody>, ApiError> {
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let leg: ProviderCallId = wanted
        .call_sid
        .parse()
        .map_err(|_| ApiError::unknown_call())?;
    let call = app
        .calls
        .by_leg(&leg)
        .await?
        .ok_or_else(ApiError::unknown_call)?;
    app.calls
        .hang_up(&call.id, Some(&user))
        .await
        .map_err(hang_up_error)?;
    Ok(Json(EndedBody {
        success: true,
        message: "the call is ended",
        call_sid: leg,
    }))
}
