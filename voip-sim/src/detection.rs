//! Machine detection: finding out who or what answered a call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::twiml::Target;

/// Who or what answers, as a telephone's script says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    /// A person, who says a short hello.
    #[default]
    Human,
    /// A machine with a greeting of five seconds, then a beep.
    Machine,
    /// A machine whose greeting ends in silence.
    MachineWithoutBeep,
    /// A fax.
    Fax,
    /// Nobody says anything.
    Silence,
}

/// What a request asks to find out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetectionMode {
    /// Who answered, as soon as that is known.
    Enable,
    /// Where a machine answered, also when its greeting is over.
    MessageEnd,
}

/// That it is to be found out who answered, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detection {
    /// What is asked.
    pub mode: DetectionMode,
    /// When it is given up: `unknown`.
    pub timeout: Duration,
    /// Speech longer than this is a machine's.
    pub speech: Duration,
    /// Silence after speech that ends a greeting.
    pub speech_end: Duration,
    /// Silence from the start that ends the search: `unknown`.
    pub silence: Duration,
    /// Whether the call goes on meanwhile; else its document waits for the verdict.
    pub asynchronous: bool,
    /// Who is told the verdict, where the call goes on meanwhile.
    pub callback: Option<Target>,
}

/// How long a person says hello.
const HELLO: Duration = Duration::from_millis(800);

/// How long a machine's greeting is.
const GREETING: Duration = Duration::from_secs(5);

impl Detection {
    /// The vendor's defaults.
    pub(crate) fn new(mode: DetectionMode) -> Self {
        Self {
            mode,
            timeout: Duration::from_secs(30),
            speech: Duration::from_millis(2_400),
            speech_end: Duration::from_millis(1_200),
            silence: Duration::from_millis(5_000),
            asynchronous: false,
            callback: None,
        }
    }

    /// The verdict, and how long after the answer it is there.
    pub(crate) fn verdict(&self, who: AnsweredBy) -> (&'static str, Duration) {
        let (word, after) = match (who, self.mode) {
            (AnsweredBy::Human, _) => ("human", HELLO + self.speech_end),
            (AnsweredBy::Fax, _) => ("fax", Duration::from_secs(1)),
            (AnsweredBy::Silence, _) => ("unknown", self.silence),
            (AnsweredBy::Machine | AnsweredBy::MachineWithoutBeep, DetectionMode::Enable) => {
                ("machine_start", self.speech)
            }
            (AnsweredBy::Machine, DetectionMode::MessageEnd) => ("machine_end_beep", GREETING),
            (AnsweredBy::MachineWithoutBeep, DetectionMode::MessageEnd) => {
                ("machine_end_silence", GREETING + self.speech_end)
            }
        };
        match after > self.timeout {
            true => ("unknown", self.timeout),
            false => (word, after),
        }
    }
}

impl DetectionMode {
    /// Reads the word of a request or attribute.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        match word {
            "Enable" => Some(Self::Enable),
            "DetectMessageEnd" => Some(Self::MessageEnd),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_far_end_has_a_verdict_and_none_comes_after_the_timeout() {
        let enable = Detection::new(DetectionMode::Enable);
        assert_eq!(enable.verdict(AnsweredBy::Human).0, "human");
        assert_eq!(enable.verdict(AnsweredBy::Machine).0, "machine_start");
        assert_eq!(enable.verdict(AnsweredBy::Fax).0, "fax");
        assert_eq!(enable.verdict(AnsweredBy::Silence).0, "unknown");
        let mut end = Detection::new(DetectionMode::MessageEnd);
        assert_eq!(end.verdict(AnsweredBy::Machine).0, "machine_end_beep");
        let silence = AnsweredBy::MachineWithoutBeep;
        assert_eq!(end.verdict(silence).0, "machine_end_silence");
        end.timeout = Duration::from_secs(3);
        let given_up = ("unknown", Duration::from_secs(3));
        assert_eq!(end.verdict(AnsweredBy::Machine), given_up);
    }
}
