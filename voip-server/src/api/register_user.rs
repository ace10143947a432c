use axum::{Json, body::Body, extract::State};
use http::{Request, StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use voip_core::{Device, PhoneNumber, Platform, PushToken, RegisterError, UserId};

use super::{ApiError, hangup::Done, json};
use crate::App;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RegisterUser)]
struct Wanted {
    user_id: String,
    phone_number: String,
    fcm_token: String,
    /// Which service the token is of; FCM unless it says otherwise.
    platform: Option<String>,
}

/// `POST /api/register-user`: a user with a number and a device, new or known.
///
/// # Errors
/// 400 for fields that cannot be used, 409 for a number of another user.
#[utoipa::path(
    post,
    path = "/api/register-user",
    tag = "users",
    request_body = Wanted,
    responses(
        (status = 200, description = "The user is registered.", body = Done),
        (status = 400, description = "`invalid_user_id`, `invalid_number`, `invalid_push_token`, `invalid_platform`, `invalid_json`, `invalid_body`"),
        (status = 403, description = "`forbidden`"),
        (status = 409, description = "`number_taken`"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn register_user(
    State(app): State<App>,
    request: Request<Body>,
) -> Result<Json<Done>, ApiError> {
    let caller = app.auth.caller(request.headers(), app.clock.now())?;
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let invalid =
        |code, error: &dyn std::error::Error| ApiError::bad_request(code, error.to_string());
    let user: UserId = wanted
        .user_id
        .parse()
        .map_err(|error| invalid("invalid_user_id", &error))?;
    caller.must_be(&user)?;
    let phone: PhoneNumber = wanted
        .phone_number
        .parse()
        .map_err(|error| invalid("invalid_number", &error))?;
    let token: PushToken = wanted
        .fcm_token
        .parse()
        .map_err(|error| invalid("invalid_push_token", &error))?;
    let platform = match wanted.platform.as_deref() {
        None => Platform::Fcm,
        Some(word) => word
            .parse()
            .map_err(|error| invalid("invalid_platform", &error))?,
    };
    let device = |last_seen| Device {
        token,
        platform,
        last_seen,
    };
    match app.users.register(user, phone, device).await {
        Ok(()) => Ok(Json(Done {
            success: true,
            message: "the user is registered",
        })),
        Err(error @ RegisterError::NumberTaken) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "number_taken",
            error.to_string(),
        )),
        Err(RegisterError::Storage(error)) => Err(error.into()),
    }
}
