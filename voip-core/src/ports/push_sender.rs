//! The port to push services.

use std::fmt;

use async_trait::async_trait;

use crate::{CallId, Device, Result, Timestamp};

/// Sends one notification to one device.
///
/// # Contract
/// - `accepted_push_has_a_receipt`
/// - `unknown_token_is_gone_not_an_error`
/// - `a_ring_is_not_sent_after_its_deadline`
/// - `the_end_of_a_ring_is_not_sent_after_its_deadline`
/// - `a_platform_it_does_not_serve_is_skipped`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PushSender: fmt::Debug + Send + Sync + 'static {
    /// Sends `push` to `device`.
    ///
    /// # Errors
    /// - `RateLimited`, `Unavailable`: not sent, may be tried again.
    /// - `Timeout`: may have been sent; devices know a repeat by its call id.
    /// - `Unauthorized`, `Misconfigured`: our credentials or settings.
    /// - `Refused`: the service did not like the message itself.
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery>;
}

/// What a device is told. `Debug` does not show who calls.
#[derive(Clone, PartialEq, Eq)]
pub enum Push {
    /// Somebody is calling: ring until `until`, not stored, highest priority.
    IncomingCall {
        /// The call.
        call: CallId,
        /// Who calls, as text to show.
        caller: String,
        /// When ringing ends; pointless to send later.
        until: Timestamp,
    },
    /// Somebody called and nobody answered; also ends the ringing.
    MissedCall {
        /// The call.
        call: CallId,
        /// Who called, as text to show.
        caller: String,
    },
    /// The ringing is over and nothing was missed: stop, show nothing. Not
    /// stored for longer than the call would have rung, highest priority.
    RingOver {
        /// The call.
        call: CallId,
        /// What came of it.
        outcome: RingOutcome,
        /// When ringing would have ended by itself; pointless to send later.
        until: Timestamp,
    },
}

/// What came of a call that rang and was not missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RingOutcome {
    /// A device answered it: one of those that rang, so one that is told too.
    Answered,
    /// The user declined it.
    Declined,
}

impl RingOutcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::Answered, Self::Declined];

    /// The word on every wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Declined => "declined",
        }
    }
}

/// What became of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The service accepted it under this name.
    Accepted {
        /// The service's name for it.
        receipt: String,
    },
    /// The device is gone for good; forget its token.
    Gone,
    /// Nothing was sent: no service is set up for the device's platform, the
    /// message would have come too late, or the platform forbids it.
    Skipped,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncomingCall { call, until, .. } => {
                write!(f, "IncomingCall({call}, until {until})")
            }
            Self::MissedCall { call, .. } => write!(f, "MissedCall({call})"),
            Self::RingOver {
                call,
                outcome,
                until,
            } => write!(f, "RingOver({call}, {}, until {until})", outcome.as_str()),
        }
    }
}
