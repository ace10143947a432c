use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;
use voip_core::PhoneNumber;

use super::{Faults, Source};

/// Who carries the calls.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // There is one, while the server starts.
pub enum ProviderConfig {
    /// The built-in simulator.
    Simulator(SimulatorSettings),
    /// The real Twilio, or something that speaks like it.
    Twilio(TwilioSettings),
}

/// The built-in simulator.
#[derive(Debug)]
pub struct SimulatorSettings {
    /// Its port; 0 for any free one.
    pub port: u16,
    /// What signs its webhooks; random where not given.
    pub auth_token: Option<SecretString>,
}

/// A Twilio account.
#[derive(Debug)]
pub struct TwilioSettings {
    /// The account.
    pub account_sid: String,
    /// Its token.
    pub auth_token: SecretString,
    /// A second token that webhooks may be signed with.
    pub secondary_auth_token: Option<SecretString>,
    /// The key that signs Voice access tokens: its SID and secret.
    pub api_key: Option<(String, SecretString)>,
    /// The app that voice clients call through.
    pub twiml_app_sid: Option<String>,
    /// Where the REST API is, unless it is Twilio's.
    pub api_base_url: Option<Url>,
    /// The operator's own copy of the Voice SDK for the page.
    pub voice_sdk: Option<PathBuf>,
    /// The signalling of a simulator elsewhere, for the page.
    pub signal_url: Option<Url>,
}

impl TwilioSettings {
    /// What keeps the voice clients of users from registering or calling, where
    /// something does.
    pub(crate) fn voice_clients_lack(&self) -> Option<&'static str> {
        match (&self.api_key, &self.twiml_app_sid) {
            (None, _) => Some(
                "no voice clients: set TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET, and TWILIO_TWIML_APP_SID",
            ),
            (Some(_), None) => {
                Some("voice clients can be called and cannot call: set TWILIO_TWIML_APP_SID")
            }
            (Some(_), Some(_)) => None,
        }
    }
}

/// The number that calls come from in the simulator: the one that Twilio's own
/// test credentials accept.
const SIMULATED_FROM: &str = "+15005550006";

impl ProviderConfig {
    pub(super) fn read(source: &Source, faults: &mut Faults) -> Self {
        let secret = |name| source.text(name).map(SecretString::from);
        match (
            source.text("TWILIO_ACCOUNT_SID"),
            secret("TWILIO_AUTH_TOKEN"),
        ) {
            (None, None) => {
                return Self::Simulator(SimulatorSettings {
                    port: source.port("SIM_PORT", 8082, faults),
                    auth_token: secret("SIM_AUTH_TOKEN"),
                });
            }
            (Some(account_sid), Some(auth_token)) => {
                if !is_sid(&account_sid, "AC") {
                    faults.add("TWILIO_ACCOUNT_SID", "must be AC and 32 hex digits");
                }
                return Self::Twilio(TwilioSettings {
                    account_sid,
                    auth_token,
                    secondary_auth_token: secret("TWILIO_AUTH_TOKEN_SECONDARY"),
                    api_key: api_key(source, faults),
                    twiml_app_sid: twiml_app(source, faults),
                    api_base_url: url("TWILIO_API_BASE_URL", source, faults),
                    voice_sdk: source.text("VOICE_SDK_FILE").map(PathBuf::from),
                    signal_url: signal_url(source, faults),
                });
            }
            (Some(_), None) => {
                faults.add("TWILIO_AUTH_TOKEN", "is required with TWILIO_ACCOUNT_SID");
            }
            (None, Some(_)) => {
                faults.add("TWILIO_ACCOUNT_SID", "is required with TWILIO_AUTH_TOKEN");
            }
        }
        Self::Simulator(SimulatorSettings {
            port: 0,
            auth_token: None,
        })
    }
}

/// The number outbound calls come from where nothing is configured: one in the
/// simulator, none at Twilio.
pub(super) fn default_from(source: &Source) -> Option<PhoneNumber> {
    match source.text("TWILIO_ACCOUNT_SID") {
        Some(_) => None,
        None => PhoneNumber::from_e164(SIMULATED_FROM).ok(),
    }
}

fn api_key(source: &Source, faults: &mut Faults) -> Option<(String, SecretString)> {
    let secret = source.text("TWILIO_API_KEY_SECRET").map(SecretString::from);
    match (source.text("TWILIO_API_KEY_SID"), secret) {
        (Some(sid), Some(secret)) => {
            if !is_sid(&sid, "SK") {
                faults.add("TWILIO_API_KEY_SID", "must be SK and 32 hex digits");
            }
            Some((sid, secret))
        }
        (Some(_), None) => {
            faults.add(
                "TWILIO_API_KEY_SECRET",
                "is required with TWILIO_API_KEY_SID",
            );
            None
        }
        (None, Some(_)) => {
            faults.add(
                "TWILIO_API_KEY_SID",
                "is required with TWILIO_API_KEY_SECRET",
            );
            None
        }
        (None, None) => None,
    }
}

fn twiml_app(source: &Source, faults: &mut Faults) -> Option<String> {
    let sid = source.text("TWILIO_TWIML_APP_SID")?;
    if !is_sid(&sid, "AP") {
        faults.add("TWILIO_TWIML_APP_SID", "must be AP and 32 hex digits");
    }
    Some(sid)
}

pub(super) fn url(name: &'static str, source: &Source, faults: &mut Faults) -> Option<Url> {
    let text = source.text(name)?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
        _ => {
            faults.add(name, "must be an http or https address");
            None
        }
    }
}

fn signal_url(source: &Source, faults: &mut Faults) -> Option<Url> {
    let text = source.text("SIM_SIGNAL_URL")?;
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "ws" | "wss") && url.has_host() => Some(url),
        _ => {
            faults.add("SIM_SIGNAL_URL", "must be a ws or wss address");
            None
        }
    }
}

fn is_sid(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix)
        .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_voice_clients_from_calling_is_named() {
        let mut twilio = TwilioSettings {
            account_sid: String::new(),
            auth_token: SecretString::default(),
            secondary_auth_token: None,
            api_key: None,
            twiml_app_sid: None,
            api_base_url: None,
            voice_sdk: None,
            signal_url: None,
        };
        let lacks = twilio.voice_clients_lack();
        assert!(lacks.is_some_and(|lacks| lacks.contains("TWILIO_API_KEY_SID")));
        twilio.api_key = Some((String::new(), SecretString::default()));
        let lacks = twilio.voice_clients_lack();
        assert!(lacks.is_some_and(|lacks| lacks.contains("cannot call")));
        twilio.twiml_app_sid = Some(String::new());
        assert_eq!(twilio.voice_clients_lack(), None);
    }
}
