use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;
use voip_core::{AnswerError, Answerer, CallId, Refusal, UserId};

use super::{ApiError, body, form_or_json};
use crate::{App, webhooks};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConnectCall)]
struct Wanted {
    call_id: String,
    user_id: String,
    /// Tells two devices of a user apart; the same device may ask again.
    device_id: Option<String>,
}

/// `POST /connect-call`: a user answers an incoming call. The answer is the
/// TwiML that dials the user's voice client; the waiting caller is connected
/// whether or not anybody reads it.
///
/// # Errors
/// 401 and 403 for somebody else's user, 404 for an unknown call, 409 where another device has answered, 410 where
/// the call is over.
#[utoipa::path(
    post,
    path = "/connect-call",
    tag = "calls",
    request_body(content((Wanted = "application/json"), (Wanted = "application/x-www-form-urlencoded"))),
    responses(
        (status = 200, description = "The TwiML that connects the caller to the user.", content_type = "text/xml", body = String),
        (status = 400, description = "`invalid_user_id`, `invalid_device_id`, `invalid_json`, `invalid_body`"),
        (status = 403, description = "`forbidden`"),
        (status = 404, description = "`unknown_call`: no such call, or not yours."),
        (status = 409, description = "`answered_elsewhere`, `not_incoming`"),
        (status = 410, description = "`call_over`"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn connect_call(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let body = body::bytes(body, app.limits.body_bytes).await?;
    let caller = app.auth.caller(&parts.headers, app.clock.now())?;
    let content_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let wanted: Wanted = form_or_json(content_type, &body)?;
    let user: UserId = wanted
        .user_id
        .parse()
        .map_err(|error| ApiError::bad_request("invalid_user_id", format!("{error}")))?;
    caller.must_be(&user)?;
    let id: CallId = wanted
        .call_id
        .parse()
        .map_err(|_| ApiError::unknown_call())?;
    let device = match wanted.device_id {
        Some(device) if !device.is_empty() && device.len() <= 128 => format!("http:{device}"),
        Some(_) => {
            let message = "`deviceId` is 1 to 128 bytes of text";
            return Err(ApiError::bad_request("invalid_device_id", message));
        }
        // Nothing tells a repeat from a second device, and only one may win.
        None => format!("http:{}", Uuid::new_v4()),
    };
    let by = Answerer {
        user,
        device: Arc::from(device),
    };
    let plan = app
        .calls
        .answer(&id, by)
        .await
        .map_err(|error| answer_error(error, id))?;
    Ok(webhooks::reply(&app, &plan).into_response())
}

/// What a client is told when a call was not answered.
pub(crate) fn answer_error(error: AnswerError, id: CallId) -> ApiError {
    match error {
        AnswerError::Unknown => ApiError::unknown_call().about(id),
        AnswerError::Refused(refusal) => {
            let code = match refusal {
                Refusal::AnsweredElsewhere => "answered_elsewhere",
                Refusal::Over => "call_over",
                Refusal::NotIncoming => "not_incoming",
                Refusal::NotAnswered | Refusal::NoHold | Refusal::HoldUnderWay => "no_hold",
            };
            let status = match refusal {
                Refusal::AnsweredElsewhere
                | Refusal::NotIncoming
                | Refusal::NotAnswered
                | Refusal::NoHold
                | Refusal::HoldUnderWay => StatusCode::CONFLICT,
                Refusal::Over => StatusCode::GONE,
            };
            ApiError::new(status, code, refusal.to_string()).about(id)
        }
        AnswerError::Storage(error) => error.into(),
    }
}
