use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use utoipa::ToSchema;
use voip_core::{AccountName, Timestamp, UserId};

use super::ApiError;
use crate::App;

/// Who is logged in, and for how long.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    success: bool,
    user: SessionUser,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// The server's time, so that a client with another one can count.
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

/// The user; with a token that is no login's there is no account to tell of.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionUser {
    #[schema(value_type = String)]
    user_id: UserId,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    email: Option<String>,
}

/// `GET /api/session`: who is logged in, by a token or by the cookie of the
/// page, and until when.
///
/// # Errors
/// 401 without a login, 403 for a service.
#[utoipa::path(
    get,
    path = "/api/session",
    tag = "users",
    responses(
        (status = 200, description = "Who is logged in.", body = SessionBody),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn session(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (user, until) = app.auth.login(&headers, app.clock.now())?;
    told(&app, user, until).await
}

/// `POST /api/session`: renews the login, as the page does while it is used:
/// the answer sets a cookie with a token that lasts longer, but for 30 days
/// after the password was shown at most.
///
/// # Errors
/// 401 without a login, 403 for a service.
#[utoipa::path(
    post,
    path = "/api/session",
    operation_id = "renew_session",
    tag = "users",
    responses(
        (status = 200, description = "It is renewed.", body = SessionBody, headers(("set-cookie" = String))),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn renew_session(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let (user, _) = app.auth.login(&headers, now)?;
    let (token, until) = app.auth.renew(&headers, app.logins.ttl, now)?;
    let mut response = told(&app, user, until).await?;
    if let Some(cookie) = app.dialer.cookie.keeping(&token, until.since(now)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

async fn told(app: &App, user: UserId, until: Timestamp) -> Result<Response, ApiError> {
    let account = app.accounts.of(&user).await?;
    let name = account.as_ref().and_then(|account| account.name.as_ref());
    let body = SessionBody {
        success: true,
        user: SessionUser {
            name: name.map(AccountName::expose).map(str::to_owned),
            email: account
                .as_ref()
                .map(|account| account.email.expose().to_owned()),
            user_id: user,
        },
        expires_at: until,
        now: app.clock.now(),
    };
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
