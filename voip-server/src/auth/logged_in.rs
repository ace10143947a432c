use axum::extract::FromRequestParts;
use http::request::Parts;
use voip_core::UserId;

use crate::{App, api::ApiError};

/// The user who is logged in, proven by a bearer token: an extractor for what
/// only users may do, whatever the mode of access.
///
/// Without a valid token the answer is 401, with a service's token 403: a
/// service is nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedIn(pub UserId);

impl FromRequestParts<App> for LoggedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        app.auth
            .logged_in(&parts.headers, app.clock.now())
            .map(Self)
    }
}
