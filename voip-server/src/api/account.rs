//! What an account is to clients.

use axum::extract::FromRequestParts;
use http::{StatusCode, request::Parts};
use serde::Serialize;
use utoipa::ToSchema;
use voip_core::{Account, AccountName, TooOften, UserId};

use super::ApiError;
use crate::{App, auth};

/// A user with an account, as clients see them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Profile)]
pub(super) struct Profile {
    #[schema(value_type = String)]
    user_id: UserId,
    name: Option<String>,
    email: String,
}

impl From<Account> for Profile {
    fn from(account: Account) -> Self {
        Self {
            name: account
                .name
                .as_ref()
                .map(AccountName::expose)
                .map(str::to_owned),
            email: account.email.expose().to_owned(),
            user_id: account.user,
        }
    }
}

/// Where a request comes from, where that is known.
pub(crate) struct Origin(pub(super) Option<voip_core::Origin>);

impl FromRequestParts<App> for Origin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let proxies = app.logins.trusted_proxies;
        let origin = auth::origin(&parts.headers, &parts.extensions, proxies);
        Ok(Self(origin))
    }
}

/// 429: too many tries.
pub(super) fn too_often(error: TooOften) -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_tries",
        error.to_string(),
    )
    // A client that comes back within the second that is cut off is refused.
    .retry_after(error.retry_after + std::time::Duration::from_millis(999))
}
