//! The secret that proves requests, ours to the provider and its to us.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// An account's auth token. `Debug` hides it.
#[derive(Clone)]
pub struct AuthToken(SecretString);

/// The text cannot be a secret: it is empty or holds blanks.
///
/// An empty key would let anybody sign requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret must not be empty and must not hold blanks or control characters")]
pub struct InvalidSecret;

impl AuthToken {
    /// Takes a token.
    ///
    /// # Errors
    /// When it is empty, or holds blanks or control characters.
    pub fn new(token: impl Into<SecretString>) -> Result<Self, InvalidSecret> {
        let token = token.into();
        check(&token).map(|()| Self(token))
    }

    /// The token as text.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for AuthToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthToken(…)")
    }
}

/// Whether a secret can be one.
pub(crate) fn check(secret: &SecretString) -> Result<(), InvalidSecret> {
    let text = secret.expose_secret();
    match !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !c.is_control()) {
        true => Ok(()),
        false => Err(InvalidSecret),
    }
}
