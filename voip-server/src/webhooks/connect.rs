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
