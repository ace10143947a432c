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
#[utoipa::path(
    post,
    path = "/twilio-inbound",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the provider is to do.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
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
