use axum::{Json, body::Body, extract::State};
use http::{Request, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use voip_core::{AccountName, Email, Password, SignUpError, WeakPassword};

use super::{
    ApiError,
    account::{Origin, Profile, too_often},
    json,
};
use crate::App;

#[derive(Deserialize, ToSchema)]
#[schema(as = SignUp)]
struct Wanted {
    name: Option<String>,
    email: String,
    password: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SignedUp)]
pub(crate) struct SignedUp {
    success: bool,
    message: &'static str,
    user: Profile,
}

/// `POST /api/signup`: an account, with a user of its own.
///
/// # Errors
/// 400 for fields that cannot be used, 403 where nobody may sign up, 409 for an e-mail that has an account,
/// 429 after too many sign-ups from one address, 503 while too many wait.
#[utoipa::path(
    post,
    path = "/api/signup",
    tag = "users",
    request_body = Wanted,
    responses(
        (status = 201, description = "There is an account now.", body = SignedUp),
        (status = 400, description = "`invalid_email`, `invalid_name`, `password_too_short`, `password_too_long`, `password_too_common`, `invalid_json`, `invalid_body`"),
        (status = 403, description = "`signup_closed`"),
        (status = 409, description = "`email_taken`"),
        (status = 429, description = "`too_many_tries`"),
    ),
)]
pub(crate) async fn signup(
    State(app): State<App>,
    Origin(origin): Origin,
    request: Request<Body>,
) -> Result<(StatusCode, Json<SignedUp>), ApiError> {
    if !app.logins.sign_ups {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "signup_closed",
            "accounts are made by the operator here",
        ));
    }
    let wanted: Wanted = json(request, app.limits.body_bytes).await?;
    let email: Email = wanted
        .email
        .parse()
        .map_err(|error| invalid("invalid_email", &error))?;
    let name = wanted.name.as_deref().map(str::trim);
    let name: Option<AccountName> = name
        .filter(|name| !name.is_empty())
        .map(str::parse)
        .transpose()
        .map_err(|error| invalid("invalid_name", &error))?;
    let password = Password::chosen(&wanted.password, &email).map_err(|error| {
        let code = match error {
            WeakPassword::TooShort => "password_too_short",
            WeakPassword::TooLong => "password_too_long",
            WeakPassword::Guessable => "password_too_common",
        };
        invalid(code, &error)
    })?;
    let signed_up = app
        .accounts
        .sign_up(email, name, &password, origin.as_ref());
    match signed_up.await {
        Ok(account) => {
            let body = SignedUp {
                success: true,
                message: "the account was made; log in",
                user: account.into(),
            };
            Ok((StatusCode::CREATED, Json(body)))
        }
        Err(error @ SignUpError::EmailTaken) => Err(ApiError::new(
            StatusCode::CONFLICT,
            "email_taken",
            error.to_string(),
        )),
        Err(SignUpError::TooOften(error)) => Err(too_often(error)),
        Err(SignUpError::Failed(error)) => Err(error.into()),
    }
}

fn invalid(code: &'static str, error: &dyn std::error::Error) -> ApiError {
    ApiError::bad_request(code, error.to_string())
}
