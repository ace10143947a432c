use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use voip_core::{ErrorKind, UserId, VoiceIdentity};

use super::ApiError;
use crate::{App, auth::LoggedIn};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VoiceToken)]
struct VoiceToken<'a> {
    success: bool,
    token: &'a str,
    #[schema(value_type = String)]
    user_id: &'a UserId,
    identity: &'a str,
}

/// `GET /api/getToken`: a token with which the voice client of this very user
/// registers at the provider, calls and is called.
///
/// # Errors
/// 401 without a login, 409 for a user id that is too long for a voice
/// identity, 501 where no key for such tokens is set up.
#[utoipa::path(
    get,
    path = "/api/getToken",
    tag = "users",
    responses(
        (status = 200, description = "The token.", body = VoiceToken<'static>),
        (status = 403, description = "`not_a_user`"),
        (status = 409, description = "`no_voice_identity`"),
        (status = 501, description = "`voice_not_set_up`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn get_token(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
) -> Result<Response, ApiError> {
    let identity = VoiceIdentity::of(&user).ok_or_else(|| {
        let message = "this user id is too long for a voice client";
        ApiError::new(StatusCode::CONFLICT, "no_voice_identity", message)
    })?;
    let ttl = app.logins.voice_token_ttl;
    let token = app
        .telephony
        .mint_client_token(&identity, ttl, app.clock.now());
    let token = token.map_err(|error| match error.kind() {
        ErrorKind::Misconfigured => {
            tracing::error!(%error, "no voice client can register");
            let message = "voice clients are not set up here: TWILIO_API_KEY_SID and \
                           TWILIO_API_KEY_SECRET are missing";
            ApiError::new(StatusCode::NOT_IMPLEMENTED, "voice_not_set_up", message)
        }
        _ => error.into(),
    })?;
    let body = VoiceToken {
        success: true,
        token: token.expose(),
        user_id: &user,
        identity: identity.as_str(),
    };
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
