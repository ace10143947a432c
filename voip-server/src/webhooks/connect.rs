use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::ports::Notice;

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// `POST /twilio/connect`: how to connect the leg of one of our calls to its
/// user.
///
/// # Errors
/// 403 for a bad signature, 404 for an unknown call.
#[utoipa::path(
    post,
    path = "/twilio/connect",
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
pub(crate) async fn connect(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let Notice::Voice(voice) = notice(&app, request).await? else {
        return Err(misplaced());
    };
    let call = voice.call.ok_or_else(ApiError::unknown_call)?;
    let plan = app
        .calls
        .connect(&call)
        .await?
        .ok_or_else(ApiError::unknown_call)?;
    Ok(reply(&app, &plan))
}
