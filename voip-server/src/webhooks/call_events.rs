use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::{ProviderCallId, ports::Notice};

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// `POST /api/call-events?conferenceName=`: how to enter the conference of a
/// call. A leg of another call, of one that is over, or of one that we do not
/// know is hung up.
///
/// # Errors
/// 400 without a name, 403 for a bad signature, 503 when the call could not be
/// read.
#[utoipa::path(
    post,
    path = "/api/call-events",
    tag = "provider",
    params(("conferenceName" = Option<String>, Query, description = "The sid of the call.")),
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the provider is to do.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`, `invalid_conference_name`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn call_events(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let name = name(request.uri().query());
    let Notice::Voice(asks) = notice(&app, request).await? else {
        return Err(misplaced());
    };
    let name = name.ok_or_else(|| {
        ApiError::bad_request(
            "invalid_conference_name",
            "`conferenceName` must be a call's sid",
        )
    })?;
    let plan = app.calls.enter_room(&name, &asks.leg).await?;
    Ok(reply(&app, &plan))
}

fn name(query: Option<&str>) -> Option<ProviderCallId> {
    form_urlencoded::parse(query?.as_bytes())
        .find(|(field, _)| field == voip_twilio::CONFERENCE_FIELD)
        .and_then(|(_, name)| name.parse().ok())
}
