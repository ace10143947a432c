use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::{DialEnd, ports::Notice};

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// `POST /api/dial-action`: the dial of a user's voice client is over. Where
/// the far end was moved into a conference, the answer has the client follow;
/// otherwise it says how the call ended, and hangs up.
///
/// # Errors
/// 403 for a bad signature, 503 when it could not be saved.
#[utoipa::path(
    post,
    path = "/api/dial-action",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the provider is to do.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn dial_action(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let Notice::DialEnded {
        leg,
        child,
        status,
        duration,
        leg_over,
        ..
    } = notice(&app, request).await?
    else {
        return Err(misplaced());
    };
    let end = DialEnd {
        child,
        status,
        duration,
        leg_over,
    };
    let plan = app.calls.dial_ended(leg, end).await?;
    Ok(reply(&app, &plan))
}
