use std::time::Duration;

use axum::{Json, body::Body, extract::State};
use http::{HeaderMap, Request, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use voip_core::{
    CallId, PhoneNumber, SpendRefusal, StartCall, StartError, Trouble, ports::IdempotencyKey,
};

use super::{ApiError, json};
use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StartCall)]
struct Wanted {
    to: String,
    from: Option<String>,
    call_id: Option<String>,
}

/// The answer to `POST /start-call`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Started)]
pub(crate) struct StartedBody {
    success: bool,
    #[schema(value_type = Uuid)]
    call_id: CallId,
    sid: String,
}

/// `POST /start-call`: calls a number.
///
/// # Errors
/// 400 for bad numbers, 403 for those that are not called from here, 422 for a
/// key used before for something else, 429 for too many calls, 502 where the
/// provider refused, 503 and 504 where it could not be reached.
#[utoipa::path(
    post,
    path = "/start-call",
    tag = "calls",
    params(("idempotency-key" = Option<String>, Header, description = "Repeats of one key place one call.", min_length = 1, max_length = 255)),
    request_body = Wanted,
    responses(
        (status = 200, description = "The provider has taken the call.", body = StartedBody),
        (status = 400, description = "`invalid_number`, `missing_from`, `invalid_call_id`, `invalid_idempotency_key`, `invalid_json`, `invalid_body`"),
        (status = 403, description = "`country_not_allowed`, `premium_number`, `satellite_number`"),
        (status = 422, description = "`idempotency_key_reused`"),
        (status = 429, description = "`too_many_calls`, `too_many_live_calls`"),
        (status = 502, description = "`provider_refused`"),
        (status = 503, description = "`provider_unavailable`, `unavailable`, `timeout`"),
        (status = 504, description = "`provider_timeout`"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn start_call(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Json<StartedBody>, ApiError> {
    let caller = app.auth.caller(request.headers(), app.clock.now())?;
    let owner = caller.user().cloned();
    let key = idempotency_key(request.headers())?
        .map(|key| IdempotencyKey::new(owner.clone(), &key))
        .transpose()
        .map_err(|error| ApiError::bad_request("invalid_idempotency_key", error.to_string()))?;
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let id = wanted.call_id.map(|id| id.parse::<CallId>()).transpose();
    let started = app
        .calls
        .start(StartCall {
            to: number("to", &wanted.to)?,
            from: wanted
                .from
                .as_deref()
                .map(|from| number("from", from))
                .transpose()?,
            owner,
            id: id.map_err(|error| ApiError::bad_request("invalid_call_id", error.to_string()))?,
            key,
        })
        .await
        .map_err(start_error)?;
    Ok(Json(StartedBody {
        success: true,
        call_id: started.call,
        sid: started.leg.as_str().to_owned(),
    }))
}

/// What a client is told when a call was not started.
pub(crate) fn start_error(error: StartError) -> ApiError {
    match error {
        StartError::NoFrom => ApiError::bad_request("missing_from", error.to_string()),
        StartError::Reused => ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            error.to_string(),
        ),
        StartError::Guarded(why) => guarded(why),
        StartError::NotPlaced {
            call,
            reason,
            trouble,
        } => {
            let (status, code) = match trouble {
                Trouble::TimedOut => (StatusCode::GATEWAY_TIMEOUT, "provider_timeout"),
                Trouble::Unreachable => (StatusCode::SERVICE_UNAVAILABLE, "provider_unavailable"),
                Trouble::Refused => (StatusCode::BAD_GATEWAY, "provider_refused"),
            };
            ApiError::new(status, code, reason.to_string()).about(call)
        }
        StartError::Storage(error) => error.into(),
    }
}

/// How soon it is worth a try again where calls have to end first.
const CALLS_END: Duration = Duration::from_secs(10);

fn guarded(why: SpendRefusal) -> ApiError {
    let (status, code, pause) = match why {
        SpendRefusal::Country => (StatusCode::FORBIDDEN, "country_not_allowed", None),
        SpendRefusal::Premium => (StatusCode::FORBIDDEN, "premium_number", None),
        SpendRefusal::Satellite => (StatusCode::FORBIDDEN, "satellite_number", None),
        SpendRefusal::TooOften { retry_after } => {
            let code = "too_many_calls";
            // A client that comes back within the second that is cut off is refused.
            let pause = retry_after + Duration::from_millis(999);
            (StatusCode::TOO_MANY_REQUESTS, code, Some(pause))
        }
        SpendRefusal::TooMany => {
            let code = "too_many_live_calls";
            (StatusCode::TOO_MANY_REQUESTS, code, Some(CALLS_END))
        }
    };
    let mut error = ApiError::new(status, code, why.to_string());
    error.retry_after = pause;
    error
}

fn number(field: &str, text: &str) -> Result<PhoneNumber, ApiError> {
    text.parse()
        .map_err(|error| ApiError::bad_request("invalid_number", format!("`{field}` is {error}")))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let invalid = || {
        let message = "an idempotency key is 1 to 255 visible ASCII characters";
        ApiError::bad_request("invalid_idempotency_key", message)
    };
    let text = value.to_str().map_err(|_| invalid())?;
    // The draft standard quotes the key; most clients do not.
    Ok(Some(text.trim().trim_matches('"').to_owned()))
}
