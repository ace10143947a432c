//! The settings of this adapter.

use std::{fmt, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::{
    AccountSid, ApiKeySid, AppSid, AuthToken, CallbackUrls, InvalidSecret, PushCredentialSid,
    auth_token,
};

/// The settings of this adapter. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct TwilioConfig {
    /// Our account.
    pub account: AccountSid,
    /// The token that signs: our requests, and the provider's.
    pub auth_token: AuthToken,
    /// Tokens that are also accepted on the provider's requests, while one is
    /// being replaced by another.
    pub other_auth_tokens: Vec<AuthToken>,
    /// The key that signs the tokens of voice clients; without it there are
    /// none.
    pub api_key: Option<ApiKey>,
    /// What voice clients call when they call out; without it they cannot.
    pub app: Option<AppSid>,
    /// How the provider wakes mobile voice clients.
    pub push_credential: Option<PushCredentialSid>,
    /// The home region of the account, where it is not the default one; goes
    /// into the tokens of voice clients.
    pub region: Option<String>,
    /// Where the API is. Default `https://api.twilio.com`; see
    /// [`api_at`](Self::api_at).
    pub api_base_url: Url,
    /// Where the provider calls us.
    pub callbacks: CallbackUrls,
    /// The document for outbound calls, in place of ours.
    pub outbound_twiml_url: Option<Url>,
    /// How long a connection to the API may take. Default 3 s.
    pub connect_timeout: Duration,
    /// How long one request to the API may take in all. Default 8 s.
    pub request_timeout: Duration,
}

impl TwilioConfig {
    /// The settings that cannot be guessed, and defaults for the rest.
    pub fn new(account: AccountSid, auth_token: AuthToken, callbacks: CallbackUrls) -> Self {
        Self {
            account,
            auth_token,
            other_auth_tokens: Vec::new(),
            api_key: None,
            app: None,
            push_credential: None,
            region: None,
            api_base_url: default_api(),
            callbacks,
            outbound_twiml_url: None,
            connect_timeout: Duration::from_secs(3),
            request_timeout: Duration::from_secs(8),
        }
    }

    /// The address of the API at an edge and in a region, such as `dublin` and
    /// `ie1`; `None` where the two make no host name.
    pub fn api_at(edge: Option<&str>, region: Option<&str>) -> Option<Url> {
        let host = match (edge, region) {
            (None, None) => return Some(default_api()),
            (None, Some(region)) => format!("api.{region}.twilio.com"),
            // An edge without a region means the default region.
            (Some(edge), region) => format!("api.{edge}.{}.twilio.com", region.unwrap_or("us1")),
        };
        let label = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let valid = [edge, region]
            .into_iter()
            .flatten()
            .all(|text| !text.is_empty() && label(text));
        valid
            .then(|| Url::parse(&format!("https://{host}")).ok())
            .flatten()
    }
}

fn default_api() -> Url {
    Url::parse("https://api.twilio.com").expect("a constant that is a URL")
}

/// The key that signs the tokens of voice clients. `Debug` hides its secret.
#[derive(Clone)]
pub struct ApiKey {
    /// Its name.
    pub sid: ApiKeySid,
    /// Its secret.
    pub(crate) secret: SecretString,
}

impl ApiKey {
    /// A key.
    ///
    /// # Errors
    /// When the secret is empty, or holds blanks or control characters.
    pub fn new(sid: ApiKeySid, secret: impl Into<SecretString>) -> Result<Self, InvalidSecret> {
        let secret = secret.into();
        auth_token::check(&secret).map(|()| Self { sid, secret })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("sid", &self.sid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_and_region_make_the_host() {
        let host = |edge, region| {
            TwilioConfig::api_at(edge, region).map(|url| url.host_str().unwrap().to_owned())
        };
        assert_eq!(host(None, None).as_deref(), Some("api.twilio.com"));
        assert_eq!(
            host(Some("sydney"), None).as_deref(),
            Some("api.sydney.us1.twilio.com")
        );
        assert_eq!(
            host(None, Some("au1")).as_deref(),
            Some("api.au1.twilio.com")
        );
        assert_eq!(
            host(Some("dublin"), Some("ie1")).as_deref(),
            Some("api.dublin.ie1.twilio.com")
        );
        assert_eq!(host(Some("evil.test/"), None), None);
        assert_eq!(host(None, Some("")), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        let callbacks = CallbackUrls::new("https://a.test".parse().unwrap()).unwrap();
        let account = "AC000000000000000000000000000000a1".parse().unwrap();
        let mut config = TwilioConfig::new(account, AuthToken::new("sesame-1").unwrap(), callbacks);
        config
            .other_auth_tokens
            .push(AuthToken::new("sesame-2").unwrap());
        let key = "SK000000000000000000000000000000e1".parse().unwrap();
        config.api_key = Some(ApiKey::new(key, "sesame-3").unwrap());
        assert!(!format!("{config:?}").contains("sesame"));
    }

    #[test]
    fn an_empty_secret_is_refused() {
        let key: ApiKeySid = "SK000000000000000000000000000000e1".parse().unwrap();
        for text in ["", " ", "a b", "a\n"] {
            assert!(AuthToken::new(text).is_err(), "{text:?}");
            assert!(ApiKey::new(key.clone(), text).is_err(), "{text:?}");
        }
    }
}
