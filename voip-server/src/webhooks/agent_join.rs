use axum::{body::Body, extract::State, response::Response};
use http::Request;
use voip_core::{
    PhoneNumber, UserId,
    ports::{Notice, VoiceRequest},
};

use super::signed::{misplaced, notice, reply};
use crate::{App, api::ApiError};

/// Where a page puts the number it wants called; `To`, as in the provider's
/// examples, does as well.
const NUMBER_FIELD: &str = "phoneNumber";

/// `POST /api/agent-join`: the voice client of a user calls a number. The
/// answer has the provider dial it.
///
/// Who calls is what the provider says, and never what the client sends.
///
/// # Errors
/// 400 for a leg that is no voice client's, 403 for a bad signature, 503 when
/// the call could not be saved.
#[utoipa::path(
    post,
    path = "/api/agent-join",
    tag = "provider",
    request_body(content = std::collections::HashMap<String, String>, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What the provider is to do.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_webhook`, `misplaced_webhook`, `not_a_voice_client`"),
        (status = 403, description = "`invalid_signature`"),
    ),
    security(("signature" = [])),
)]
pub(crate) async fn agent_join(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let Notice::Voice(voice) = notice(&app, request).await? else {
        return Err(misplaced());
    };
    let user = caller(&voice).ok_or_else(not_a_client)?;
    let to = number(&voice);
    let plan = app.calls.client_dials(voice.leg, user, to).await?;
    Ok(reply(&app, &plan))
}

fn caller(voice: &VoiceRequest) -> Option<UserId> {
    voice.client.as_ref()?.user()
}

fn number(voice: &VoiceRequest) -> Option<PhoneNumber> {
    match voice.fields.get(NUMBER_FIELD) {
        Some(text) => text.parse().ok(),
        None => match voice.to.phone() {
            Some(number) => Some(number.clone()),
            None => voice.to.expose().parse().ok(),
        },
    }
}

fn not_a_client() -> ApiError {
    let message = "this is for calls of our users' voice clients: give a phone number's incoming \
                   calls the address of /twilio-inbound";
    ApiError::bad_request("not_a_voice_client", message)
}
