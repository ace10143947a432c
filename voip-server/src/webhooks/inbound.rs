use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::{InboundCall, ports::Notice};

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// `POST /twilio-inbound`: somebody calls one of our numbers. The answer holds
/// the caller on the line while the user's devices ring.
///
/// # Errors
/// 403 for a bad signature, 503 when the call could not be saved.
pub(crate) async fn inbound(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let Notice::Voice(voice) = notice(&app, request).await? else {
        return Err(misplaced());
    };
    let call = InboundCall {
        leg: voice.leg,
        from: voice.from,
        to: voice.to,
    };
    let plan = app.calls.incoming(call).await?;
    Ok(reply(&app, &plan))
}
