//! What the vendor leaves open, and what is done here: one way each unless chosen otherwise.

use serde::{Deserialize, Serialize};

use crate::inspect::Status;

/// The ways in which the vendor may behave where its documentation is silent. The default is what
/// the manual describes; an application that gets along with every other way relies on none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Choices {
    /// `DialCallStatus` of an action after the child was redirected away.
    pub moved_child: MovedChild,
    /// How a ringing leg ends when another one of its dial answered, or its caller has gone.
    pub stopped_child: StoppedChild,
    /// Events that nobody asked for take a `SequenceNumber` too.
    pub untold_events_count: bool,
    /// `conference-start` is told before the `participant-join` that brought it about.
    pub start_before_join: bool,
    /// A retry has an `I-Twilio-Idempotency-Token` of its own.
    pub token_per_attempt: bool,
    /// A 429 says in `Retry-After` how many seconds to wait.
    pub retry_after_seconds: Option<u32>,
    /// The answer to `Status=completed` still shows the status from before.
    pub end_shows_later: bool,
    /// Deleting a call or recording that is not over is refused with HTTP 400 instead of 409.
    pub early_delete_is_400: bool,
}

/// What a dial's action is told when the child went its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MovedChild {
    /// The child has not ended.
    #[default]
    Answered,
    /// The dial has.
    Completed,
}

impl MovedChild {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Completed => "completed",
        }
    }
}

/// How a ringing leg ends that is not wanted any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoppedChild {
    /// It was given up.
    #[default]
    Canceled,
    /// Nobody had answered it.
    NoAnswer,
}

impl StoppedChild {
    pub(crate) fn status(self) -> Status {
        match self {
            Self::Canceled => Status::Canceled,
            Self::NoAnswer => Status::NoAnswer,
        }
    }
}
