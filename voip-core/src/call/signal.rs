use std::sync::Arc;

use crate::{ProviderCallId, Timestamp, Trouble, UserId, ports::LegReport};

/// What happened to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The provider took our dial and calls it this.
    Placed(ProviderCallId),
    /// The provider certainly did not place the call.
    NotPlaced {
        /// What kind of trouble it was.
        trouble: Trouble,
        /// Why, as text that may be shown.
        reason: Arc<str>,
    },
    /// The provider reports on the call's leg.
    Reported(LegReport),
    /// A device answers.
    Answered(Answerer),
    /// The user hangs up, gives up or declines.
    HungUp,
    /// The provider is told, once more, to connect the caller to the user's
    /// voice client.
    Connecting,
    /// The caller and the user's voice client are no longer connected.
    BridgeEnded {
        /// How that came.
        outcome: BridgeOutcome,
        /// Which connection it was: the count of [`Signal::Connecting`] then.
        turn: u32,
    },
    /// The provider says that the leg is over, not how.
    LegGone,
    /// The call's deadline may have come.
    DeadlineCame,
}

/// Which device of which user answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answerer {
    /// The user.
    pub user: UserId,
    /// The device, by any name that tells two devices apart; a repeat by the
    /// same device is no second answer.
    pub device: Arc<str>,
}

/// How connecting a caller to a voice client ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BridgeOutcome {
    /// They were connected.
    Connected,
    /// The voice client never answered.
    Unanswered,
}

impl Signal {
    /// The moment the outside world gives for it, if it gives one.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Reported(report) => report.at,
            Self::Placed(_)
            | Self::NotPlaced { .. }
            | Self::Answered(_)
            | Self::HungUp
            | Self::Connecting
            | Self::BridgeEnded { .. }
            | Self::LegGone
            | Self::DeadlineCame => None,
        }
    }
}
