use serde::{Deserialize, Serialize};

use crate::{ProviderCallId, Timestamp};

/// The far side of a call that the user's own voice client placed. The
/// provider connects the client's leg, which names the call, with a leg of its
/// own making; this is that leg and how the two are connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FarSide {
    /// The leg; the provider's first word about it names it.
    pub leg: Option<ProviderCallId>,
    /// When the user's leg was found to be over and this one was not.
    pub alone_since: Option<Timestamp>,
    /// How the two legs are connected.
    pub link: Link,
}

/// How the two legs of a call are connected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// By the dial that made the far one. Nobody was put on hold yet.
    Dial,
    /// The far leg is on its way into a conference, where it can be put on
    /// hold; the user's follows as soon as its dial is over.
    Moving {
        /// Since when.
        since: Timestamp,
        /// Whether the user's leg is there already.
        near_in: bool,
    },
    /// The far leg was sent into a conference and nobody knows whether it got
    /// there.
    Lost {
        /// Since when that is so.
        since: Timestamp,
        /// Whether the user's leg is there.
        near_in: bool,
    },
    /// By a conference.
    Room(Room),
}

/// A conference with the two legs of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// The provider's name for it.
    pub conference: ProviderCallId,
    /// Whether the user's leg has come in.
    pub near_in: bool,
    /// Whether the far leg is on hold.
    pub stage: Stage,
}

/// Whether a leg in a conference is on hold, and since when that changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is not.
    Talking,
    /// The provider is asked to put it on hold.
    Holding {
        /// Since when.
        since: Timestamp,
    },
    /// It is; the provider has confirmed it.
    Held,
    /// The provider is asked to take it back.
    Resuming {
        /// Since when.
        since: Timestamp,
    },
}

/// Whether the far end of a call is on hold, as clients see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// It is not.
    Talking,
    /// It is about to be.
    Holding,
    /// It is; the provider has confirmed it.
    Held,
    /// It is about to be taken back.
    Resuming,
}

impl Hold {
    /// The word on every wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Talking => "talking",
            Self::Holding => "holding",
            Self::Held => "held",
            Self::Resuming => "resuming",
        }
    }
}

impl FarSide {
    /// A far side of which nothing is known yet.
    pub(super) const fn unknown() -> Self {
        Self {
            leg: None,
            alone_since: None,
            link: Link::Dial,
        }
    }

    /// Whether it is on hold.
    pub fn hold(&self) -> Hold {
        match &self.link {
            Link::Dial | Link::Lost { .. } => Hold::Talking,
            Link::Moving { .. } => Hold::Holding,
            Link::Room(room) => match room.stage {
                Stage::Talking => Hold::Talking,
                Stage::Holding { .. } => Hold::Holding,
                Stage::Held => Hold::Held,
                Stage::Resuming { .. } => Hold::Resuming,
            },
        }
    }

    /// Since when a change of hold is under way, if one is.
    pub(super) fn changing_since(&self) -> Option<Timestamp> {
        match &self.link {
            Link::Dial | Link::Lost { .. } => None,
            Link::Moving { since, .. } => Some(*since),
            Link::Room(room) => match room.stage {
                Stage::Holding { since } | Stage::Resuming { since } => Some(since),
                Stage::Talking | Stage::Held => None,
            },
        }
    }

    /// Whether the end of one leg still ends the other by the provider's doing.
    pub fn is_dialled(&self) -> bool {
        matches!(self.link, Link::Dial)
    }

    /// Whether one of the legs may be on its own, so that it has to be looked
    /// after.
    pub(super) fn is_apart(&self) -> bool {
        self.alone_since.is_some()
            || match &self.link {
                Link::Dial => false,
                Link::Moving { .. } | Link::Lost { .. } => true,
                Link::Room(room) => !room.near_in,
            }
    }
}
