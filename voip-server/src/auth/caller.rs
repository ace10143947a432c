use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
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
    /// In [`AuthMode::Open`] nobody needs a token, but whoever shows one says
    /// who they are: one that is not valid is refused there too, or a client
    /// whose login has ended would go on as somebody unnamed and not notice.
    pub fn new(mode: AuthMode, tokens: Option<Tokens>) -> Self {
        Self { mode, tokens }
    }

    /// A token for `subject`, good for `ttl` from `now`; nothing without a key.
    pub fn mint(&self, subject: &Subject, ttl: Duration, now: Timestamp) -> Option<String> {
        self.tokens.as_ref()?.mint(subject, ttl, now).ok()
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
        match headers.get(header::AUTHORIZATION) {
            None => self.caller_with_token(None, now),
            Some(value) => {
                let token = bearer(value).ok_or_else(ApiError::unauthorized)?;
                self.caller_with_token(Some(token), now)
            }
        }
    }

    /// The user whose token this request shows: what only users may do needs
    /// one, whatever the mode.
    ///
    /// # Errors
    /// 401 for no token and for one that is not valid, 403 for a service's.
    pub fn logged_in(&self, headers: &HeaderMap, now: Timestamp) -> Result<UserId, ApiError> {
        self.login(headers, now).map(|(user, _)| user)
    }

    /// The same, and until when the token is good.
    ///
    /// # Errors
    /// Those of [`logged_in`](Self::logged_in).
    pub fn login(
        &self,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(UserId, Timestamp), ApiError> {
        let token = headers.get(header::AUTHORIZATION).and_then(bearer);
        let (Some(token), Some(tokens)) = (token, &self.tokens) else {
            return Err(ApiError::unauthorized());
        };
        match tokens.read(token, now) {
            Ok((Subject::User(user), until)) => Ok((user, until)),
            Ok((Subject::Service, _)) => Err(ApiError::not_a_user()),
            Err(_) => Err(ApiError::unauthorized()),
        }
    }

    /// A token in the place of the one that this request shows, and until when
    /// it is good; see [`Tokens::renew`].
    ///
    /// # Errors
    /// Those of [`logged_in`](Self::logged_in).
    pub fn renew(
        &self,
        headers: &HeaderMap,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<(String, Timestamp), ApiError> {
        self.login(headers, now)?;
        let token = headers.get(header::AUTHORIZATION).and_then(bearer);
        let renewed = match (token, &self.tokens) {
            (Some(token), Some(tokens)) => tokens.renew(token, ttl, now).ok(),
            (_, _) => None,
        };
        renewed.ok_or_else(ApiError::unauthorized)
    }

    /// Who shows a token, for what needs one whatever the mode.
    ///
    /// # Errors
    /// 401 for no token and for one that is not valid.
    pub fn shown(&self, headers: &HeaderMap, now: Timestamp) -> Result<Caller, ApiError> {
        match headers.get(header::AUTHORIZATION).and_then(bearer) {
            Some(token) if self.tokens.is_some() => self.caller_with_token(Some(token), now),
            Some(_) | None => Err(ApiError::unauthorized()),
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
        self.holder(token, now).map(|(caller, _)| caller)
    }

    /// Who holds this token, and until when it is good; for ever where nobody
    /// is named by it.
    ///
    /// # Errors
    /// Those of [`caller_with_token`](Self::caller_with_token).
    pub fn holder(
        &self,
        token: Option<&str>,
        now: Timestamp,
    ) -> Result<(Caller, Option<Timestamp>), ApiError> {
        match (token, &self.tokens, self.mode) {
            (None, _, AuthMode::Open) => Ok((Caller::Anyone, None)),
            (Some(token), Some(tokens), _) => match tokens.read(token, now) {
                Ok((Subject::User(user), until)) => Ok((Caller::User(user), Some(until))),
                Ok((Subject::Service, until)) => Ok((Caller::Service, Some(until))),
                Err(_) => Err(ApiError::unauthorized()),
            },
            // Nobody can check it, and nobody needs it.
            (Some(_), None, AuthMode::Open) => Ok((Caller::Anyone, None)),
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

/// The token in an `Authorization` header, if it is of that kind.
pub(crate) fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn now() -> Timestamp {
        Timestamp::from_secs(1_700_000_000)
    }

    fn tokens() -> Tokens {
        Tokens::new(&SecretString::from("0123456789abcdefghijklmnopqrstuv"))
    }

    fn showing(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, value.parse().unwrap())])
    }

    fn token(subject: &Subject) -> HeaderMap {
        let token = tokens().mint(subject, HOUR, now()).unwrap();
        showing(&format!("Bearer {token}"))
    }

    #[test]
    fn only_a_users_token_logs_in_whatever_the_mode() {
        let ann: UserId = "ann".parse().unwrap();
        for mode in [AuthMode::Open, AuthMode::Required] {
            let auth = Auth::new(mode, Some(tokens()));
            let user = token(&Subject::User(ann.clone()));
            assert_eq!(auth.logged_in(&user, now()), Ok(ann.clone()));
            let refused = |headers: &HeaderMap, at| auth.logged_in(headers, at).unwrap_err().status;
            assert_eq!(refused(&user, now() + HOUR), 401);
            assert_eq!(refused(&HeaderMap::new(), now()), 401);
            assert_eq!(refused(&showing("Bearer nonsense"), now()), 401);
            assert_eq!(refused(&showing("nonsense"), now()), 401);
            assert_eq!(refused(&token(&Subject::Service), now()), 403);
            let keyless = Auth::new(mode, None);
            assert_eq!(keyless.logged_in(&user, now()).unwrap_err().status, 401);
        }
    }

    #[test]
    fn an_open_server_knows_its_users_and_refuses_what_is_no_token_of_its_own() {
        let auth = Auth::new(AuthMode::Open, Some(tokens()));
        let ann: UserId = "ann".parse().unwrap();
        let user = token(&Subject::User(ann.clone()));
        assert_eq!(auth.caller(&user, now()), Ok(Caller::User(ann)));
        let stale = showing("Bearer left over from elsewhere");
        assert_eq!(auth.caller(&stale, now()).unwrap_err().status, 401);
        assert_eq!(auth.caller(&user, now() + HOUR).unwrap_err().status, 401);
        assert_eq!(auth.caller(&HeaderMap::new(), now()), Ok(Caller::Anyone));
        assert_eq!(auth.logged_in(&stale, now()).unwrap_err().status, 401);
    }
}
