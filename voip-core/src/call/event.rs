use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CallId, CallStatus, Hold, UserId};

/// What clients are told about a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The call.
    pub call: CallId,
    /// Its place among the events of this call, from 0 without gaps. Whoever
    /// delivers events brings them into this order.
    pub seq: u32,
    /// Who is to hear of it.
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
    Status(CallStatus),
    /// The far end was put on hold or taken back, or is about to be.
    Hold {
        /// How it stands.
        hold: Hold,
        /// Whether that is because a change was not confirmed in time, or was
        /// refused.
        failed: bool,
    },
}

impl fmt::Debug for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncomingCall { .. } => f.write_str("IncomingCall"),
            Self::CallInitiated { .. } => f.write_str("CallInitiated"),
            Self::CallFailed { .. } => f.write_str("CallFailed"),
            Self::Status(status) => write!(f, "Status({status})"),
            Self::Hold { hold, failed } => {
                write!(f, "Hold({}{})", hold.as_str(), if *failed { ", failed" } else { "" })
            }
        }
    }
}
