use std::{fmt, time::Duration};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use voip_core::{Timestamp, UserId};

use super::fresh_key;

/// Makes and checks bearer tokens: JSON Web Tokens (RFC 7519) signed with
/// HS256 and nothing else.
pub struct Tokens {
    sign: EncodingKey,
    /// The key that signs, then those that did before it.
    check: Vec<DecodingKey>,
    validation: Validation,
}

/// Whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One user.
    User(UserId),
    /// A service that may act for every user.
    Service,
}

/// The token is not one of ours, was altered, or is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the token is not valid here, or has expired")]
pub struct InvalidToken;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<UserId>,
    scope: Scope,
    /// When the password was shown, where this token took the place of another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Scope {
    User,
    Service,
}

/// How long a login can be renewed before the password is wanted again.
const LONGEST_LOGIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const ISSUER: &str = "voip-server";
const AUDIENCE: &str = "voip-api";

impl Tokens {
    /// Tokens signed with `secret`.
    pub fn new(secret: &SecretString) -> Self {
        let secret = secret.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // The library would read the wall clock; ours is the Clock port's.
        validation.validate_exp = false;
        Self {
            sign: EncodingKey::from_secret(secret),
            check: vec![DecodingKey::from_secret(secret)],
            validation,
        }
    }

    /// Tokens signed with a key that nobody knows and that ends with the process.
    pub fn with_fresh_key() -> Self {
        Self::new(&SecretString::from(fresh_key()))
    }

    /// The same, which also accepts what was signed with `previous`, while one
    /// key takes the place of another.
    #[must_use]
    pub fn accepting(mut self, previous: &SecretString) -> Self {
        let previous = previous.expose_secret().as_bytes();
        self.check.push(DecodingKey::from_secret(previous));
        self
    }

    /// A token for `subject`, good for `ttl` from `now`.
    ///
    /// # Errors
    /// When signing fails, which a usable key never does.
    pub fn mint(
        &self,
        subject: &Subject,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<String, InvalidToken> {
        let (sub, scope) = match subject {
            Subject::User(user) => (Some(user.clone()), Scope::User),
            Subject::Service => (None, Scope::Service),
        };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_secs(),
            exp: (now + ttl).as_secs(),
            sub,
            scope,
            auth_time: None,
        };
        self.signed(&claims)
    }

    fn signed(&self, claims: &Claims) -> Result<String, InvalidToken> {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.sign)
            .map_err(|_| InvalidToken)
    }

    /// A token in the place of a user's, good for `ttl` from `now`, but not for
    /// longer than 30 days after the password was shown (or `ttl`, where that
    /// is more): a stolen one ends some day.
    ///
    /// # Errors
    /// [`InvalidToken`] for one that is not valid, and for a service's.
    pub fn renew(
        &self,
        token: &str,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<(String, Timestamp), InvalidToken> {
        let mut claims = self.claims(token, now)?;
        if !matches!((claims.scope, &claims.sub), (Scope::User, Some(_))) {
            return Err(InvalidToken);
        }
        let since = claims.auth_time.unwrap_or(claims.iat);
        let last = Timestamp::from_secs(since) + LONGEST_LOGIN.max(ttl);
        let until = (now + ttl).min(last).max(Timestamp::from_secs(claims.exp));
        claims.auth_time = Some(since);
        claims.iat = now.as_secs();
        claims.exp = until.as_secs();
        Ok((self.signed(&claims)?, Timestamp::from_secs(claims.exp)))
    }

    fn claims(&self, token: &str, now: Timestamp) -> Result<Claims, InvalidToken> {
        let read = |key| jsonwebtoken::decode::<Claims>(token, key, &self.validation).ok();
        let claims = self.check.iter().find_map(read).ok_or(InvalidToken)?.claims;
        if claims.exp <= now.as_secs() {
            return Err(InvalidToken);
        }
        Ok(claims)
    }

    /// Whom `token` speaks for.
    ///
    /// # Errors
    /// [`InvalidToken`], whatever is wrong with it.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Subject, InvalidToken> {
        self.read(token, now).map(|(subject, _)| subject)
    }

    /// Whom `token` speaks for, and until when: from then on it is not valid.
    ///
    /// # Errors
    /// [`InvalidToken`], whatever is wrong with it.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<(Subject, Timestamp), InvalidToken> {
        let claims = self.claims(token, now)?;
        let subject = match (claims.scope, claims.sub) {
            (Scope::User, Some(user)) => Subject::User(user),
            (Scope::Service, None) => Subject::Service,
            (Scope::User, None) | (Scope::Service, Some(_)) => return Err(InvalidToken),
        };
        Ok((subject, Timestamp::from_secs(claims.exp)))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_700_000_000;

    fn tokens(secret: &str) -> Tokens {
        Tokens::new(&SecretString::from(secret.to_owned()))
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(NOW)
    }

    #[test]
    fn a_login_is_renewed_for_thirty_days_and_not_for_ever() {
        let tokens = tokens("0123456789abcdefghijklmnopqrstuv");
        let ann = Subject::User("ann".parse().unwrap());
        let day = Duration::from_secs(24 * 60 * 60);
        let (mut token, mut at) = (tokens.mint(&ann, day, now()).unwrap(), now());
        let mut until = now() + day;
        for _ in 0..70 {
            at = at + day / 2;
            if until <= at {
                assert_eq!(tokens.renew(&token, day, at), Err(InvalidToken));
                continue;
            }
            let renewed = tokens.renew(&token, day, at).unwrap();
            assert_eq!(tokens.read(&renewed.0, at), Ok((ann.clone(), renewed.1)));
            assert!(renewed.1 >= until, "renewing takes nothing away");
            (token, until) = renewed;
        }
        assert_eq!(until, now() + 30 * day);
        tokens.renew(&token, day, until).unwrap_err();
    }

    #[test]
    fn a_login_longer_than_that_lasts_as_long_as_it_said() {
        let tokens = tokens("0123456789abcdefghijklmnopqrstuv");
        let ann = Subject::User("ann".parse().unwrap());
        let long = Duration::from_secs(300 * 24 * 60 * 60);
        let token = tokens.mint(&ann, long, now()).unwrap();
        let later = now() + long / 2;
        assert_eq!(tokens.renew(&token, long, later).unwrap().1, now() + long);
        let short = tokens
            .renew(&token, Duration::from_secs(60), later)
            .unwrap();
        assert_eq!(short.1, now() + long, "it is never shortened");
    }

    #[test]
    fn a_service_does_not_log_in_and_renews_nothing() {
        let tokens = tokens("0123456789abcdefghijklmnopqrstuv");
        let token = tokens
            .mint(&Subject::Service, LONGEST_LOGIN, now())
            .unwrap();
        assert_eq!(
            tokens.renew(&token, LONGEST_LOGIN, now()),
            Err(InvalidToken)
        );
    }

    #[test]
    fn a_token_speaks_for_its_subject_until_it_expires() {
        let tokens = tokens("0123456789abcdefghijklmnopqrstuv");
        for subject in [Subject::Service, Subject::User("Manoj".parse().unwrap())] {
            let token = tokens
                .mint(&subject, Duration::from_secs(60), now())
                .unwrap();
            assert_eq!(tokens.verify(&token, now()), Ok(subject));
            let later = now() + Duration::from_secs(60);
            assert_eq!(tokens.verify(&token, later), Err(InvalidToken));
        }
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_is_refused() {
        let ours = tokens("0123456789abcdefghijklmnopqrstuv");
        let other = tokens("another-secret-another-secret-00");
        let token = other
            .mint(&Subject::Service, Duration::from_secs(60), now())
            .unwrap();
        assert_eq!(ours.verify(&token, now()), Err(InvalidToken));
        // {"alg":"none","typ":"JWT"} over the same claims.
        let claims = token.split('.').nth(1).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        assert_eq!(ours.verify(&unsigned, now()), Err(InvalidToken));
    }

    #[test]
    fn a_previous_key_is_still_accepted_and_signs_nothing() {
        let (old, new) = (
            "0123456789abcdefghijklmnopqrstuv",
            "another-secret-another-secret-00",
        );
        let ttl = Duration::from_secs(60);
        let before = tokens(old).mint(&Subject::Service, ttl, now()).unwrap();
        let rotated = tokens(new).accepting(&SecretString::from(old));
        assert_eq!(rotated.verify(&before, now()), Ok(Subject::Service));
        assert_eq!(rotated.verify(&before, now() + ttl), Err(InvalidToken));
        let after = rotated.mint(&Subject::Service, ttl, now()).unwrap();
        assert_eq!(tokens(new).verify(&after, now()), Ok(Subject::Service));
        assert_eq!(tokens(old).verify(&after, now()), Err(InvalidToken));
        assert_eq!(tokens(new).verify(&before, now()), Err(InvalidToken));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}|[A-Za-z0-9_.-]{0,200}") {
            let tokens = tokens("0123456789abcdefghijklmnopqrstuv");
            prop_assert_eq!(tokens.verify(&text, now()), Err(InvalidToken));
        }
    }
}
