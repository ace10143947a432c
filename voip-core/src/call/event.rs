use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CallId, CallStatus, ProviderCallId, UserId};

/// What clients are told about a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The call.
    pub call: CallId,
    /// The provider's leg, once known: who knows its name may hear of it too.
    pub leg: Option<ProviderCallId>,
    /// Its place among the events of this call, from 0 without gaps. Whoever
    /// delivers events brings them into this order.
    pub seq: u32,
    /// Who is to hear of it. Nobody, where only the leg's name tells whose
    /// business it is.
    pub audience: Vec<UserId>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. `Debug` shows no number.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Somebody calls the user.
    IncomingCall {
        /// Who, as text to show.
        from: String,
        /// The number that was called.
        to: String,
    },
    /// A call of the user is being placed.
    CallInitiated {
        /// Whom it calls.
        to: String,
    },
    /// A call of the user could not be placed.
    CallFailed {
        /// Why.
        reason: String,
    },
    /// The call reached this status.
    Status {
        /// The status.
        status: CallStatus,
        /// How long it was connected, in whole seconds, where it is over and
        /// was.
        duration: Option<u64>,
    },
}

impl EventKind {
    /// The call reached `status`, and no duration is known.
    pub const fn reached(status: CallStatus) -> Self {
        Self::Status {
            status,
            duration: None,
        }
    }
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncomingCall { .. } => f.write_str("IncomingCall"),
            Self::CallInitiated { .. } => f.write_str("CallInitiated"),
            Self::CallFailed { .. } => f.write_str("CallFailed"),
            Self::Status { status, .. } => write!(f, "Status({status})"),
        }
    }
}
