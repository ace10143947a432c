//! How the simulated provider is set up.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::choices::Choices;
use crate::faults::Faults;
use crate::secret::AuthToken;
use crate::twiml::Method;

/// Everything the engine needs to know beforehand.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The one account, `AC` and 32 hex digits.
    pub account_sid: String,
    /// Its primary auth token: authenticates REST requests and signs webhooks.
    pub auth_token: AuthToken,
    /// Further credentials for REST requests.
    pub api_keys: Vec<ApiKey>,
    /// All randomness follows from it: identifiers, tokens, faults.
    pub seed: u64,
    /// What the account's numbers do with inbound calls.
    pub number: NumberConfig,
    /// The TwiML App that voice clients call through; without one they cannot call.
    pub application: Option<Application>,
    /// The numbers the account owns. `None` accepts every well-formed caller number, which is
    /// what an embedded simulator wants; with a list any other is refused (21210), and shown by no
    /// `Dial` (13214) unless it is one of the call's own.
    pub owned_numbers: Option<Vec<String>>,
    /// How long the network's own steps take.
    pub timing: Timing,
    /// What goes wrong on purpose.
    pub faults: Faults,
    /// What is done where the vendor is silent.
    pub choices: Choices,
    /// Documents one call may fetch before it counts as a loop (14106).
    pub max_documents: u32,
    /// Live legs above which placing a call answers 429.
    pub max_live_calls: usize,
    /// Calls that may be placed over REST in one second; above that the answer is 429 with code
    /// 20429, and nothing is placed. `None` does not limit them.
    pub calls_per_second: Option<NonZeroU32>,
    /// What becomes of calls above that rate.
    pub surplus: Surplus,
    /// What stands before the path in the addresses that are given out, such as that of a
    /// recording. The shell puts its own here.
    pub public_base: String,
    /// Entries that the journal keeps; none with 0.
    pub journal: usize,
    /// Finished legs, conferences that are over, and webhooks, that are kept for reading; the oldest are forgotten first.
    pub keep: usize,
}

impl EngineConfig {
    /// Defaults for this account.
    pub fn new(account_sid: impl Into<String>, auth_token: impl Into<AuthToken>) -> Self {
        Self {
            account_sid: account_sid.into(),
            auth_token: auth_token.into(),
            api_keys: Vec::new(),
            seed: 0,
            number: NumberConfig::default(),
            application: None,
            owned_numbers: None,
            timing: Timing::default(),
            faults: Faults::default(),
            choices: Choices::default(),
            max_documents: 500,
            max_live_calls: 10_000,
            calls_per_second: None,
            surplus: Surplus::default(),
            public_base: "https://api.twilio.com".to_owned(),
            journal: 20_000,
            keep: 5_000,
        }
    }
}

/// What becomes of calls above the calls per second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surplus {
    /// They are refused: 429, code 20429.
    #[default]
    Refuse,
    /// They are taken and wait for their turn, which `queue_time` says. The vendor does so up to
    /// a point it does not tell.
    Queue,
}

/// An API key, which may stand in for SID and token in REST requests.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// `SK` and 32 hex digits.
    pub sid: String,
    /// Its secret.
    pub secret: AuthToken,
}

/// What a number does with inbound calls.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct NumberConfig {
    /// Asked what to do with a call; without one a call ends with 11100.
    pub voice_url: Option<String>,
    /// How it is asked.
    pub voice_method: Method,
    /// Asked when the first answer cannot be used.
    pub fallback_url: Option<String>,
    /// How that is asked.
    pub fallback_method: Method,
    /// Told about the end of a call.
    pub status_url: Option<String>,
    /// How it is told.
    pub status_method: Method,
}

/// A TwiML App: what happens when a voice client places a call.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Application {
    /// `AP` and 32 hex digits.
    pub sid: String,
    /// Its addresses, like those of a number.
    pub voice: NumberConfig,
}

/// How long the network's own steps take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// From the acceptance of a REST call to its dialling.
    pub queue: Duration,
    /// From dialling to ringing.
    pub connect: Duration,
    /// From a REST redirect to its effect.
    pub redirect: Duration,
    /// Speaking one character; what is spoken takes at least `say_at_least`.
    pub say_per_character: Duration,
    /// The shortest spoken text.
    pub say_at_least: Duration,
    /// Playing one file; the simulator does not fetch audio.
    pub play: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            queue: Duration::from_millis(100),
            connect: Duration::from_millis(200),
            redirect: Duration::from_millis(200),
            say_per_character: Duration::from_millis(60),
            say_at_least: Duration::from_millis(500),
            play: Duration::from_secs(3),
        }
    }
}
