//! The token with which we prove to APNs who we are.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret;
use serde::Serialize;
use voip_core::{Error, ErrorKind, Result, Timestamp, ports::Clock};

use super::ApnsConfig;

/// Mints the provider token and keeps it for 45 minutes. Apple takes one for
/// an hour, and wants no more than one every 20 minutes.
pub(super) struct ProviderTokens {
    team_id: String,
    header: Header,
    key: EncodingKey,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<(HeaderValue, Timestamp)>,
    /// When Apple last called one expired that we thought fresh.
    replaced_at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

const KEPT: Duration = Duration::from_secs(45 * 60);
const AT_MOST_EVERY: Duration = Duration::from_secs(20 * 60);

impl ProviderTokens {
    /// Tokens of the configured team and key.
    ///
    /// # Errors
    /// `Misconfigured` where the key is no P-256 key.
    pub(super) fn new(config: &ApnsConfig, clock: Arc<dyn Clock>) -> Result<Self> {
        let pem = config.key_pem.expose_secret().trim();
        let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|_| unusable_key())?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = None;
        header.kid = Some(config.key_id.clone());
        let team_id = config.team_id.clone();
        let tokens = Self {
            team_id,
            header,
            key,
            clock,
            state: Mutex::default(),
        };
        // Proves at the start that the key can sign.
        tokens.mint(tokens.clock.now())?;
        Ok(tokens)
    }

    /// The token, as it stands in the `authorization` header. Signing takes
    /// microseconds and is done under the lock, so only one caller signs.
    pub(super) fn token(&self) -> Result<HeaderValue> {
        let now = self.clock.now();
        let mut state = self.state();
        match &state.held {
            Some((token, minted_at)) if now.since(*minted_at) < KEPT => Ok(token.clone()),
            _ => self.replace(&mut state, now),
        }
    }

    /// Another token than `used`, which Apple called expired. Nothing where
    /// that happened a moment ago already: then our clock is off, another
    /// token would be no better, and Apple counts them.
    pub(super) fn instead_of(&self, used: &HeaderValue) -> Result<Option<HeaderValue>> {
        let now = self.clock.now();
        let mut state = self.state();
        if let Some((newer, _)) = state.held.as_ref().filter(|(held, _)| held != used) {
            return Ok(Some(newer.clone()));
        }
        if state
            .replaced_at
            .is_some_and(|last| now.since(last) < AT_MOST_EVERY)
        {
            return Ok(None);
        }
        state.replaced_at = Some(now);
        self.replace(&mut state, now).map(Some)
    }

    fn replace(&self, state: &mut State, now: Timestamp) -> Result<HeaderValue> {
        let token = self.mint(now)?;
        state.held = Some((token.clone(), now));
        Ok(token)
    }

    fn mint(&self, now: Timestamp) -> Result<HeaderValue> {
        let claims = Claims {
            iss: &self.team_id,
            iat: now.as_secs(),
        };
        let token =
            jsonwebtoken::encode(&self.header, &claims, &self.key).map_err(|_| unusable_key())?;
        let mut value =
            HeaderValue::try_from(format!("bearer {token}")).map_err(|_| unusable_key())?;
        value.set_sensitive(true);
        Ok(value)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for ProviderTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderTokens").finish_non_exhaustive()
    }
}

fn unusable_key() -> Error {
    Error::new(
        ErrorKind::Misconfigured,
        "APNs: the signing key is not a P-256 key in PKCS#8 PEM",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use voip_testkit::ManualClock;

    #[test]
    fn the_header_that_bears_a_token_is_marked_as_a_secret() {
        let config = ApnsConfig {
            team_id: "TEAM123456".to_owned(),
            key_id: "KEY1234567".to_owned(),
            key_pem: include_str!("../../tests/push/keys/test-only-p256.p8").into(),
            bundle_id: "com.example.phone".to_owned(),
            sandbox: true,
            base_url: None,
        };
        let tokens = ProviderTokens::new(&config, Arc::new(ManualClock::default())).unwrap();
        assert!(tokens.token().unwrap().is_sensitive());
    }
}
