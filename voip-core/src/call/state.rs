use crate::{Answerer, BridgeOutcome, CallStatus, Ended, Timestamp};

/// Where a call stands, with what is only known there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// On record; the provider is being asked, or has it and says nothing yet.
    Initiated {
        /// When to ask the provider, should it stay silent.
        check_at: Timestamp,
    },
    /// The provider waits for a slot.
    Queued {
        /// When to ask the provider, should it stay silent.
        check_at: Timestamp,
    },
    /// The far end rings: for an inbound call the user's devices.
    Ringing {
        /// Inbound: when ringing ends. Outbound: when to ask the provider.
        until: Timestamp,
    },
    /// Answered.
    InProgress {
        /// When.
        answered_at: Timestamp,
        /// By which device; inbound calls only.
        by: Option<Answerer>,
        /// How often the provider was told to connect the caller to the user's
        /// voice client. What is heard of an earlier time is old news.
        connects: u32,
        /// The connection to the voice client, once it is over.
        bridge: Option<BridgeEnd>,
        /// When to ask the provider, should it stay silent.
        check_at: Timestamp,
    },
    /// Over.
    Ended(Ended),
}

/// How and when the connection to a voice client ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BridgeEnd {
    /// How.
    pub outcome: BridgeOutcome,
    /// When we heard of it.
    pub at: Timestamp,
}

impl State {
    /// The status that clients see.
    pub fn status(&self) -> CallStatus {
        match self {
            Self::Initiated { .. } => CallStatus::Initiated,
            Self::Queued { .. } => CallStatus::Queued,
            Self::Ringing { .. } => CallStatus::Ringing,
            Self::InProgress { .. } => CallStatus::InProgress,
            Self::Ended(ended) => ended.status.into(),
        }
    }

    /// When [`Signal::DeadlineCame`](crate::Signal::DeadlineCame) is wanted.
    pub fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Initiated { check_at } | Self::Queued { check_at } => Some(*check_at),
            Self::Ringing { until } => Some(*until),
            Self::InProgress { check_at, .. } => Some(*check_at),
            Self::Ended(_) => None,
        }
    }
}
