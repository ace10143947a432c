//! What the far end of a simulated call does: telephones and voice clients.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::detection::AnsweredBy;
use crate::voice::Voice;

/// How long a telephone or client rings before it does what it does, unless a script says more.
pub const DEFAULT_RING: Duration = Duration::from_secs(1);

/// What a far end does once it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Rings for the ring time, then answers.
    Answer,
    /// Is engaged (SIP 486). With a ring time of zero it never rings.
    Busy,
    /// Rings until the caller's patience is over; can still be answered by hand.
    NoAnswer,
    /// Rings for the ring time, then declines (SIP 603); the leg ends `busy`.
    Reject,
    /// Cannot be reached (SIP 404); never rings.
    Failed,
    /// Not a number in service: REST refuses it with 21217, a dialled leg fails.
    Invalid,
    /// Registered nowhere (SIP 480): the leg ends `no-answer` at once. Meant for voice clients.
    Offline,
}

/// The script of one telephone or one voice client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneScript {
    /// How long it rings before the outcome.
    pub ring: Duration,
    /// What it does then.
    pub outcome: Outcome,
    /// After an answer, how long until it hangs up by itself; `None` stays on the line.
    pub hang_up_after: Option<Duration>,
    /// Keys pressed after the answer: how long after it, and which.
    pub press: Option<(Duration, String)>,
    /// Says this, that long after the answer.
    pub speak: Option<(Duration, String)>,
    /// Who or what it is that answers, for machine detection.
    pub answered_by: AnsweredBy,
    /// What it lets be heard after the answer, where calls have sound.
    pub voice: Voice,
    /// How the network vouches for calls from and to it, such as `TN-Validation-Passed-A`.
    pub stir_status: Option<String>,
}

/// The script of a voice client; clients and telephones behave alike.
pub type ClientScript = PhoneScript;

impl PhoneScript {
    /// Rings for this long, answers, and stays until somebody ends the call.
    pub fn answers_after(ring: Duration) -> Self {
        Self {
            ring,
            outcome: Outcome::Answer,
            hang_up_after: None,
            press: None,
            speak: None,
            answered_by: AnsweredBy::Human,
            voice: Voice::default(),
            stir_status: None,
        }
    }

    /// Is engaged at once.
    pub fn busy() -> Self {
        Self::ends_with(Outcome::Busy)
    }

    /// Rings out.
    pub fn no_answer() -> Self {
        Self::ends_with(Outcome::NoAnswer)
    }

    /// Rings for this long, then declines.
    pub fn rejects_after(ring: Duration) -> Self {
        Self {
            ring,
            ..Self::ends_with(Outcome::Reject)
        }
    }

    /// Cannot be reached.
    pub fn failed() -> Self {
        Self::ends_with(Outcome::Failed)
    }

    /// Is registered nowhere.
    pub fn offline() -> Self {
        Self::ends_with(Outcome::Offline)
    }

    /// The same script, hanging up by itself this long after the answer.
    #[must_use]
    pub fn hanging_up_after(mut self, talk: Duration) -> Self {
        self.hang_up_after = Some(talk);
        self
    }

    /// The same script, pressing these keys this long after the answer.
    #[must_use]
    pub fn pressing(mut self, after: Duration, keys: &str) -> Self {
        self.press = Some((after, keys.to_owned()));
        self
    }

    /// The same, and it says this that long after the answer.
    #[must_use]
    pub fn speaking(mut self, after: Duration, text: &str) -> Self {
        self.speak = Some((after, text.to_owned()));
        self
    }

    /// The same, and this is who or what answers.
    #[must_use]
    pub fn answered_by(mut self, who: AnsweredBy) -> Self {
        self.answered_by = who;
        self
    }

    /// The same, and this is what it lets be heard.
    #[must_use]
    pub fn sounding(mut self, voice: Voice) -> Self {
        self.voice = voice;
        self
    }

    /// The same, and the network vouches like this for calls from and to it.
    #[must_use]
    pub fn attested(mut self, stir_status: &str) -> Self {
        self.stir_status = Some(stir_status.to_owned());
        self
    }

    /// How far the provider vouches for calls to it: the letter of a passed validation.
    pub(crate) fn attestation(&self) -> Option<&'static str> {
        let passed = self.stir_status.as_ref()?;
        let level = passed.strip_prefix("TN-Validation-Passed-")?;
        let level = level.split('-').next();
        ["A", "B", "C"]
            .into_iter()
            .find(|known| level == Some(*known))
    }

    pub(crate) fn ends_with(outcome: Outcome) -> Self {
        Self {
            ring: Duration::ZERO,
            outcome,
            hang_up_after: None,
            press: None,
            speak: None,
            answered_by: AnsweredBy::Human,
            voice: Voice::default(),
            stir_status: None,
        }
    }
}

impl Default for PhoneScript {
    fn default() -> Self {
        Self::answers_after(DEFAULT_RING)
    }
}
