use http::StatusCode;
use voip_core::ProviderCallId;

use super::ApiError;
use crate::auth::LoggedIn;

/// The leg that a client names in the field `field`.
///
/// # Errors
/// 400 where it names none, 404 for what is no name of a leg.
pub(super) fn named_leg(field: &str, text: &str) -> Result<ProviderCallId, ApiError> {
    if text.trim().is_empty() {
        return Err(missing(format!("`{field}` is empty")));
    }
    text.parse().map_err(|_| ApiError::unknown_call())
}

/// The answer to a path that ends where a call should be named.
///
/// # Errors
/// 401 without a login, else 400.
pub(crate) async fn no_call_named(LoggedIn(_): LoggedIn) -> ApiError {
    missing("the path names no call")
}

fn missing(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "missing_call_sid", message)
}
