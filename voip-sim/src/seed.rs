//! What a simulated world starts from: telephones, clients, numbers, an application and faults, as
//! one JSON document.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use serde::Deserialize;

use crate::address::is_e164;
use crate::choices::Choices;
use crate::detection::AnsweredBy;
use crate::engine::{Application, Engine, NumberConfig, Surplus};
use crate::faults::{Faults, RestFault, RestTarget, WebhookFault, WebhookTarget};
use crate::phone::{Outcome, PhoneScript};
use crate::sid::is_sid;
use crate::twiml::Method;
use crate::voice::Voice;

/// What a simulated world starts from. Everything may be left out.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    /// What the account's numbers do with inbound calls.
    pub number: Option<NumberSeed>,
    /// What single numbers do, where that differs.
    pub numbers: BTreeMap<String, NumberSeed>,
    /// The TwiML App that voice clients call through.
    pub application: Option<ApplicationSeed>,
    /// How telephones behave, by number or SIP address.
    pub phones: BTreeMap<String, PhoneSeed>,
    /// How voice clients behave, by identity.
    pub clients: BTreeMap<String, PhoneSeed>,
    /// How webhooks and REST requests are mistreated.
    pub faults: Option<Faults>,
    /// What the next matching REST requests meet.
    pub rest_faults: Vec<NextFault>,
    /// What the next matching webhooks meet.
    pub webhook_faults: Vec<NextWebhookFault>,
    /// What is done where the vendor is silent.
    pub choices: Option<Choices>,
    /// Calls placed over REST in one second; left out, the limit stays as it is.
    pub calls_per_second: Option<NonZeroU32>,
    /// What becomes of those above.
    pub surplus: Option<Surplus>,
}

/// A telephone's script; everything but the outcome may be left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneSeed {
    /// What it does when it rings.
    pub outcome: Outcome,
    /// How long it rings before that; one second, or none where nothing rings.
    pub ring_seconds: Option<f64>,
    /// Hangs up that long after the answer.
    pub hang_up_after_seconds: Option<f64>,
    /// Presses keys.
    pub press: Option<PressSeed>,
    /// Says something.
    pub speak: Option<SpeakSeed>,
    /// Who or what answers, for machine detection.
    #[serde(default)]
    pub answered_by: AnsweredBy,
    /// What it lets be heard.
    #[serde(default)]
    pub voice: Voice,
    /// How the network vouches for its number when it calls.
    #[serde(default)]
    pub stir_status: Option<String>,
}

/// Keys to press.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PressSeed {
    /// That long after the answer.
    pub after_seconds: f64,
    /// Which.
    pub keys: String,
}

/// Something to say.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpeakSeed {
    /// That long after the answer.
    pub after_seconds: f64,
    /// What.
    pub text: String,
}

/// What a number does with inbound calls; what is left out is unset.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NumberSeed {
    /// Asked what to do with a call.
    pub voice_url: Option<String>,
    /// `GET` or `POST`.
    pub voice_method: Option<String>,
    /// Asked when the first answer cannot be used.
    pub fallback_url: Option<String>,
    /// `GET` or `POST`.
    pub fallback_method: Option<String>,
    /// Told about the end of a call.
    pub status_url: Option<String>,
    /// `GET` or `POST`.
    pub status_method: Option<String>,
}

/// A TwiML App.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSeed {
    /// `AP` and 32 hex digits.
    pub sid: String,
    /// Its addresses.
    pub voice: NumberSeed,
}

/// A fault for the next matching REST requests.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextFault {
    /// Which requests.
    pub on: RestTarget,
    /// What they meet.
    pub fault: RestFault,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u16,
    /// Only requests whose path has this SID.
    pub about: Option<String>,
}

/// A fault for the next matching webhooks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextWebhookFault {
    /// Which webhooks.
    pub on: WebhookTarget,
    /// What they meet.
    pub fault: WebhookFault,
    /// How many of them.
    #[serde(default = "once")]
    pub times: u16,
    /// Only webhooks about this leg or this conference, by SID.
    pub about: Option<String>,
}

fn once() -> u16 {
    1
}

/// Why a seed is no good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// Not JSON, or with members that are unknown or of another kind.
    #[error("{0}")]
    BadJson(String),
    /// A number is not in E.164 form.
    #[error("a number is not in E.164 form")]
    BadNumber,
    /// A method is neither of the two.
    #[error("GET or POST, please")]
    BadMethod,
    /// A SID is not in the vendor's form.
    #[error("AP and 32 hex digits, please")]
    BadSid,
    /// A rate is out of range.
    #[error("rates from 0 to 1, please")]
    BadRate,
    /// A span of time is out of range.
    #[error("from 0 to 86400 seconds, please")]
    BadDuration,
}

impl SeedError {
    /// A stable word for machines.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadJson(_) => "bad_json",
            Self::BadNumber => "bad_number",
            Self::BadMethod => "bad_method",
            Self::BadSid => "bad_sid",
            Self::BadRate => "bad_rate",
            Self::BadDuration => "bad_duration",
        }
    }
}

impl Seed {
    /// Reads a seed.
    ///
    /// # Errors
    /// [`SeedError::BadJson`]; everything else shows when it is [planted](Engine::plant).
    pub fn parse(json: &[u8]) -> Result<Self, SeedError> {
        serde_json::from_slice(json).map_err(|error| SeedError::BadJson(error.to_string()))
    }
}

impl PhoneSeed {
    /// The script itself.
    ///
    /// # Errors
    /// [`SeedError::BadDuration`].
    pub fn script(self) -> Result<PhoneScript, SeedError> {
        let rings = matches!(self.outcome, Outcome::Answer | Outcome::Reject);
        let default_ring = if rings { 1.0 } else { 0.0 };
        let press = self.press.map(|press| (press.after_seconds, press.keys));
        let speak = self.speak.map(|speak| (speak.after_seconds, speak.text));
        let timed = |what: Option<(f64, String)>| {
            what.map(|(after, what)| Ok((seconds(after)?, what)))
                .transpose()
        };
        Ok(PhoneScript {
            ring: seconds(self.ring_seconds.unwrap_or(default_ring))?,
            outcome: self.outcome,
            hang_up_after: self.hang_up_after_seconds.map(seconds).transpose()?,
            press: timed(press)?,
            speak: timed(speak)?,
            answered_by: self.answered_by,
            voice: self.voice,
            stir_status: self.stir_status,
        })
    }
}

fn seconds(value: f64) -> Result<Duration, SeedError> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|span| *span <= Duration::from_secs(86_400))
        .ok_or(SeedError::BadDuration)
}

impl NumberSeed {
    /// The configuration itself.
    ///
    /// # Errors
    /// [`SeedError::BadMethod`].
    pub fn config(self) -> Result<NumberConfig, SeedError> {
        let method = |word: Option<String>| match word {
            None => Ok(Method::Post),
            Some(word) => Method::parse(&word).ok_or(SeedError::BadMethod),
        };
        Ok(NumberConfig {
            voice_url: self.voice_url,
            voice_method: method(self.voice_method)?,
            fallback_url: self.fallback_url,
            fallback_method: method(self.fallback_method)?,
            status_url: self.status_url,
            status_method: method(self.status_method)?,
        })
    }
}

impl ApplicationSeed {
    /// The application itself.
    ///
    /// # Errors
    /// [`SeedError::BadSid`], [`SeedError::BadMethod`].
    pub fn application(self) -> Result<Application, SeedError> {
        if !is_sid("AP", &self.sid) {
            return Err(SeedError::BadSid);
        }
        Ok(Application {
            sid: self.sid,
            voice: self.voice.config()?,
        })
    }
}

impl Engine {
    /// Sets up what a seed says, and leaves everything else as it is. A seed that is no good
    /// changes nothing.
    ///
    /// # Errors
    /// [`SeedError`].
    pub fn plant(&mut self, seed: Seed) -> Result<(), SeedError> {
        let number = seed.number.map(NumberSeed::config).transpose()?;
        let mut numbers = Vec::new();
        for (to, number) in seed.numbers {
            if !is_e164(&to) {
                return Err(SeedError::BadNumber);
            }
            numbers.push((to, number.config()?));
        }
        let application = seed.application.map(ApplicationSeed::application);
        let application = application.transpose()?;
        let mut phones = Vec::new();
        for (phone, script) in seed.phones {
            if !is_e164(&phone) && !phone.starts_with("sip:") {
                return Err(SeedError::BadNumber);
            }
            phones.push((phone, script.script()?));
        }
        let mut clients = Vec::new();
        for (client, script) in seed.clients {
            clients.push((client, script.script()?));
        }
        if let Some(faults) = &seed.faults {
            faults.check()?;
        }
        let mut rest_faults = seed.rest_faults.iter();
        rest_faults.try_for_each(|next| next.fault.check())?;
        let mut webhook_faults = seed.webhook_faults.iter();
        webhook_faults.try_for_each(|next| next.fault.check())?;

        if let Some(number) = number {
            self.set_number(number);
        }
        for (to, number) in numbers {
            self.set_number_of(to, number);
        }
        if let Some(application) = application {
            self.set_application(Some(application));
        }
        for (phone, script) in phones {
            self.set_phone(phone, script);
        }
        for (client, script) in clients {
            self.set_client(client, script);
        }
        if let Some(faults) = seed.faults {
            self.set_faults(faults);
        }
        if let Some(choices) = seed.choices {
            self.set_choices(choices);
        }
        for next in seed.rest_faults {
            self.next_rest_fault(next);
        }
        for next in seed.webhook_faults {
            self.next_webhook_fault(next);
        }
        if let Some(limit) = seed.calls_per_second {
            self.set_calls_per_second(Some(limit));
        }
        if let Some(surplus) = seed.surplus {
            self.set_surplus(surplus);
        }
        Ok(())
    }

    /// Lets the next matching REST requests meet a fault.
    pub fn next_rest_fault(&mut self, next: NextFault) {
        let times = next.times.into();
        match next.about {
            None => self.fail_next_rest(next.on, next.fault, times),
            Some(sid) => self.fail_next_rest_about(sid, next.on, next.fault, times),
        }
    }
    /// Lets the next matching webhooks meet a fault.
    pub fn next_webhook_fault(&mut self, next: NextWebhookFault) {
        let times = next.times.into();
        match next.about {
            None => self.fail_next_webhook(next.on, next.fault, times),
            Some(sid) => self.fail_next_webhook_about(sid, next.on, next.fault, times),
        }
    }
}
