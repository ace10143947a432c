use std::{str::FromStr, sync::Arc, time::Duration};

use crate::{CallStatus, Error, ErrorKind, Timestamp};

/// How a call ended. Nothing of this changes later, but that the moment of the
/// answer may still become known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its last status.
    pub status: FinalStatus,
    /// When it ended.
    pub at: Timestamp,
    /// When it was answered, where it was and we have heard of it.
    pub answered_at: Option<Timestamp>,
    /// How long it was connected, where it was. Whole seconds.
    pub duration: Option<Duration>,
    /// Why, where that is not plain from the status.
    pub reason: Option<EndReason>,
    /// What kept it from being placed at all, where something did.
    pub trouble: Option<Trouble>,
}

/// What kept a call from being placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    /// The provider did not want it.
    Refused,
    /// The provider could not be reached.
    Unreachable,
    /// The provider did not answer in time.
    TimedOut,
}

impl Trouble {
    /// Every trouble.
    pub const ALL: [Self; 3] = [Self::Refused, Self::Unreachable, Self::TimedOut];

    /// Its name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
        }
    }
}

/// The word names no trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a trouble")]
pub struct UnknownTrouble;

impl FromStr for Trouble {
    type Err = UnknownTrouble;

    fn from_str(text: &str) -> Result<Self, UnknownTrouble> {
        Self::ALL
            .into_iter()
            .find(|trouble| trouble.as_str() == text)
            .ok_or(UnknownTrouble)
    }
}

impl From<&Error> for Trouble {
    fn from(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Timeout => Self::TimedOut,
            ErrorKind::Unavailable | ErrorKind::RateLimited | ErrorKind::Malformed => {
                Self::Unreachable
            }
            ErrorKind::Refused
            | ErrorKind::NotFound
            | ErrorKind::Unauthorized
            | ErrorKind::Unsupported
            | ErrorKind::Misconfigured
            | ErrorKind::Exhausted
            | ErrorKind::Internal => Self::Refused,
        }
    }
}

/// Why a call ended, as text that may be shown.
pub type EndReason = Arc<str>;

/// A status that nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FinalStatus {
    /// See [`CallStatus::Completed`].
    Completed,
    /// See [`CallStatus::Busy`].
    Busy,
    /// See [`CallStatus::NoAnswer`].
    NoAnswer,
    /// See [`CallStatus::Failed`].
    Failed,
    /// See [`CallStatus::Canceled`].
    Canceled,
}

impl FinalStatus {
    /// The final status `status` is, if it is one.
    pub const fn of(status: CallStatus) -> Option<Self> {
        match status {
            CallStatus::Initiated
            | CallStatus::Queued
            | CallStatus::Ringing
            | CallStatus::InProgress => None,
            CallStatus::Completed => Some(Self::Completed),
            CallStatus::Busy => Some(Self::Busy),
            CallStatus::NoAnswer => Some(Self::NoAnswer),
            CallStatus::Failed => Some(Self::Failed),
            CallStatus::Canceled => Some(Self::Canceled),
        }
    }
}

impl From<FinalStatus> for CallStatus {
    fn from(status: FinalStatus) -> Self {
        match status {
            FinalStatus::Completed => Self::Completed,
            FinalStatus::Busy => Self::Busy,
            FinalStatus::NoAnswer => Self::NoAnswer,
            FinalStatus::Failed => Self::Failed,
            FinalStatus::Canceled => Self::Canceled,
        }
    }
}
