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
