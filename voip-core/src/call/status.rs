use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How far a call has come. A call never moves backwards in this order and
/// never leaves one of the last five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    /// We have it on record and are placing it.
    Initiated,
    /// The provider has it and waits for a slot.
    Queued,
    /// The far end rings.
    Ringing,
    /// Somebody answered.
    InProgress,
    /// It was answered and is over.
    Completed,
    /// The far end was busy, or declined.
    Busy,
    /// Nobody answered in time.
    NoAnswer,
    /// It could not be connected.
    Failed,
    /// The caller gave up before an answer.
    Canceled,
}

impl CallStatus {
    /// Every status, in order.
    pub const ALL: [Self; 9] = [
        Self::Initiated,
        Self::Queued,
        Self::Ringing,
        Self::InProgress,
        Self::Completed,
        Self::Busy,
        Self::NoAnswer,
        Self::Failed,
        Self::Canceled,
    ];

    /// The word on every wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Queued => "queued",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// The place in the order; all final ones share the last.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Initiated => 0,
            Self::Queued => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => 4,
        }
    }

    /// Whether nothing comes after.
    pub const fn is_final(self) -> bool {
        self.rank() == 4
    }
}

/// The word is no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a call status")]
pub struct UnknownStatus;

impl FromStr for CallStatus {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownStatus)
    }
}

impl fmt::Display for CallStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
