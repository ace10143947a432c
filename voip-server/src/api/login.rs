use axum::{
    Json,
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use voip_core::{Email, Error, ErrorKind, LogInError, Password};

use super::{
    ApiError,
    account::{Origin, Profile, too_often},
    json,
};
use crate::{App, auth::Subject};

#[derive(Deserialize, ToSchema)]
#[schema(as = LogIn)]
struct Credentials {
    email: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LoggedIn)]
pub(crate) struct LoggedInBody {
    success: bool,
    message: &'static str,
    token: String,
    user: Profile,
}

/// `POST /api/login`: a token for whoever knows the password, in the answer for
/// programs and in a cookie for the page.
///
/// # Errors
/// 400 for fields that cannot be used, 401 for an unknown e-mail and for a
/// wrong password alike, 429 after too many tries, 503 while too many wait.
#[utoipa::path(
    post,
    path = "/api/login",
    tag = "users",
    request_body = Credentials,
    responses(
        (status = 200, description = "Logged in.", body = LoggedInBody, headers(("set-cookie" = String))),
        (status = 400, description = "`invalid_email`, `invalid_json`, `invalid_body`"),
        (status = 401, description = "`wrong_credentials`"),
        (status = 429, description = "`too_many_tries`"),
    ),
)]
pub(crate) async fn login(
    State(app): State<App>,
    Origin(origin): Origin,
    request: Request<Body>,
) -> Result<Response, ApiError> {
    let credentials: Credentials = json(request, app.limits.body_bytes).await?;
    let email: Email = credentials.email.parse().map_err(|error| {
        let error: voip_core::InvalidEmail = error;
        ApiError::bad_request("invalid_email", error.to_string())
    })?;
    let password = Password::typed(&credentials.password);
    let logged_in = app.accounts.log_in(&email, &password, origin.as_ref());
    let account = match logged_in.await {
        Ok(account) => account,
        Err(error @ LogInError::Wrong) => {
            let message = error.to_string();
            let code = "wrong_credentials";
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, code, message));
        }
        Err(LogInError::TooOften(error)) => return Err(too_often(error)),
        Err(LogInError::Failed(error)) => return Err(error.into()),
    };
    let subject = Subject::User(account.user.clone());
    let token = app.auth.mint(&subject, app.logins.ttl, app.clock.now());
    let token = token
        .ok_or_else(|| Error::new(ErrorKind::Internal, "there is no key to sign logins with"))?;
    let cookie = app.dialer.cookie.keeping(&token, app.logins.ttl);
    let body = LoggedInBody {
        success: true,
        message: "you are logged in",
        token,
        user: account.into(),
    };
    let mut response = Json(body).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
