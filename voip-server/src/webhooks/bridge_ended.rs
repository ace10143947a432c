use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::{BridgeOutcome, CallStatus, ports::Notice};

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// `POST /twilio/bridge-ended`: the connection to a voice client is over.
///
/// # Errors
/// 403 for a bad signature, 404 for an unknown call.
#[utoipa::path(
    post,
    path = "/twilio/bridge-ended",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the provider is to do.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
        (status = 404, description = "`unknown_call`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn bridge_ended(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let Notice::DialEnded {
        call,
        turn,
        status,
        bridged,
        ..
    } = notice(&app, request).await?
    else {
        return Err(misplaced());
    };
    let call = call.ok_or_else(ApiError::unknown_call)?;
    let connected =
        bridged.unwrap_or(true) && matches!(status, CallStatus::Completed | CallStatus::InProgress);
    let outcome = match connected {
        true => BridgeOutcome::Connected,
        false => BridgeOutcome::Unanswered,
    };
    let plan = app
        .calls
        .bridge_ended(&call, turn.unwrap_or(0), outcome)
        .await?
        .ok_or_else(ApiError::unknown_call)?;
    Ok(reply(&app, &plan))
}
