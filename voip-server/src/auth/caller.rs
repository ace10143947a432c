use http::{HeaderMap, header};
use voip_core::{Timestamp, UserId};

use super::{Subject, Tokens};
use crate::{api::ApiError, config::AuthMode};

/// Who calls the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody unnamed, where no token is needed.
    Anyone,
    /// A user, proven by a token.
    User(UserId),
    /// A service that may act for every user.
    Service,
}

/// Decides who a caller is.
#[derive(Debug)]
pub struct Auth {
    mode: AuthMode,
    tokens: Option<Tokens>,
}

impl Auth {
    /// Callers are known by `tokens`, and must be in [`AuthMode::Required`].
    pub fn new(mode: AuthMode, tokens: Option<Tokens>) -> Self {
        Self { mode, tokens }
    }

    /// Whether callers must prove who they are.
    pub fn mode(&self) -> AuthMode {
        self.mode
    }

    /// The user whose calls are all that the caller may see and end; nobody
    /// where everybody may do everything.
    pub fn confined<'a>(&self, caller: &'a Caller) -> Option<&'a UserId> {
        match self.mode {
            AuthMode::Open => None,
            AuthMode::Required => caller.user(),
        }
    }

    /// Who sends this request, by its `Authorization: Bearer` header.
    ///
    /// # Errors
    /// 401 for a token that is not valid, and for none where one is required.
    pub fn caller(&self, headers: &HeaderMap, now: Timestamp) -> Result<Caller, ApiError> {
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return self.caller_with_token(None, now);
        };
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme
                .eq_ignore_ascii_case("bearer")
                .then_some(token.trim())
        });
        match token {
            Some(token) => self.caller_with_token(Some(token), now),
            None => Err(ApiError::unauthorized()),
        }
    }

    /// Who holds this token.
    ///
    /// # Errors
    /// 401 for a token that is not valid, and for none where one is required.
    pub fn caller_with_token(
        &self,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<Caller, ApiError> {
        match (token, &self.tokens, self.mode) {
            (None, _, AuthMode::Open) => Ok(Caller::Anyone),
            (Some(token), Some(tokens), _) => match tokens.verify(token, now) {
                Ok(Subject::User(user)) => Ok(Caller::User(user)),
                Ok(Subject::Service) => Ok(Caller::Service),
                Err(_) => Err(ApiError::unauthorized()),
            },
            // Nobody can check it, and nobody needs it.
            (Some(_), None, AuthMode::Open) => Ok(Caller::Anyone),
            (None, _, AuthMode::Required) | (Some(_), None, AuthMode::Required) => {
                Err(ApiError::unauthorized())
            }
        }
    }
}

impl Caller {
    /// Makes sure that the caller may speak for `user`.
    ///
    /// # Errors
    /// 403 for another user.
    pub fn must_be(&self, user: &UserId) -> Result<(), ApiError> {
        match self {
            Self::User(caller) if caller != user => Err(ApiError::forbidden()),
            Self::Anyone | Self::Service | Self::User(_) => Ok(()),
        }
    }

    /// The user whose token was shown.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(user) => Some(user),
            Self::Anyone | Self::Service => None,
        }
    }
}
