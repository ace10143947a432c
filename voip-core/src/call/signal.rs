use std::{sync::Arc, time::Duration};

use crate::{
    CallStatus, ProviderCallId, Timestamp, Trouble, UserId,
    ports::{LegReport, RoomReport},
};

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
    /// The provider reports on the leg it made for the user's voice client.
    FarReported(LegReport),
    /// The dial of the user's voice client is over.
    DialEnded(DialEnd),
    /// The user wants the far end on hold.
    HoldAsked,
    /// The user wants the far end back from hold.
    ResumeAsked,
    /// The provider has put the far leg on hold (`true`) or taken it back.
    HoldSet(bool),
    /// The provider does not change the hold, and that is certain.
    HoldRefused,
    /// The provider tells of the call's conference.
    RoomNews(RoomNews),
    /// The call's conference was looked at; `None` where there is none.
    RoomSeen(Option<RoomReport>),
    /// The call's deadline may have come.
    DeadlineCame,
}

/// How the dial of a user's voice client ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialEnd {
    /// The leg that it made.
    pub child: Option<ProviderCallId>,
    /// How that leg fared.
    pub status: CallStatus,
    /// How long that leg was connected; not where it was moved elsewhere.
    pub duration: Option<Duration>,
    /// Whether the user's leg is over as well.
    pub leg_over: bool,
}

/// Something that happened in a conference of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomNews {
    /// The conference.
    pub conference: ProviderCallId,
    /// What happened.
    pub what: RoomChange,
    /// When, in the provider's whole seconds.
    pub at: Option<Timestamp>,
}

/// What can happen in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChange {
    /// A leg came in.
    Joined(ProviderCallId),
    /// A leg left.
    Left(ProviderCallId),
    /// A leg was put on hold (`true`) or taken back.
    Held(ProviderCallId, bool),
    /// It is over.
    Closed,
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
            Self::Reported(report) | Self::FarReported(report) => report.at,
            Self::Placed(_)
            | Self::NotPlaced { .. }
            | Self::Answered(_)
            | Self::HungUp
            | Self::Connecting
            | Self::BridgeEnded { .. }
            | Self::LegGone
            | Self::DialEnded(_)
            | Self::HoldAsked
            | Self::ResumeAsked
            | Self::HoldSet(_)
            | Self::HoldRefused
            | Self::RoomNews(_)
            | Self::RoomSeen(_)
            | Self::DeadlineCame => None,
        }
    }
}
