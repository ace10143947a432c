use std::str::FromStr;

use crate::{
    CallId, CallStatus, FarSide, Hold, Party, PhoneNumber, ProviderCallId, State, Timestamp,
    UserId, call::status::UnknownStatus,
};

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Our name for it.
    pub id: CallId,
    /// Which way it goes.
    pub direction: Direction,
    /// Who calls.
    pub from: Party,
    /// Who is called.
    pub to: Party,
    /// The user whose call it is: who started it, or who is called.
    pub owner: Option<UserId>,
    /// Another user concerned: one whose number is at the other end.
    pub peer: Option<UserId>,
    /// The provider's leg, once known.
    pub provider_id: Option<ProviderCallId>,
    /// The far side of a call that the user's voice client placed, whose leg
    /// `provider_id` then is; `None` for every other call.
    pub far: Option<FarSide>,
    /// When it came to be.
    pub created_at: Timestamp,
    /// Where it stands.
    pub state: State,
    /// How many events have been made of it; the next one's number.
    pub told: u32,
}

/// Which way a call goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the phone network to a user.
    Inbound,
    /// From us to the phone network.
    Outbound,
}

impl Direction {
    /// The word on every wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

impl FromStr for Direction {
    type Err = UnknownStatus;

    fn from_str(text: &str) -> Result<Self, UnknownStatus> {
        match text {
            "inbound" => Ok(Self::Inbound),
            "outbound" => Ok(Self::Outbound),
            _ => Err(UnknownStatus),
        }
    }
}

impl Call {
    /// The status that clients see.
    pub fn status(&self) -> CallStatus {
        self.state.status()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// Whether `user` is its owner or the other user concerned.
    pub fn concerns(&self, user: &UserId) -> bool {
        self.owner.as_ref() == Some(user) || self.peer.as_ref() == Some(user)
    }

    /// Whether its far end is on hold; `None` for a call that has no hold.
    pub fn hold(&self) -> Option<Hold> {
        match (&self.far, &self.state) {
            (Some(far), State::InProgress { .. }) => Some(far.hold()),
            (Some(_) | None, _) => None,
        }
    }

    /// Everybody who is told of its statuses.
    pub fn audience(&self) -> Vec<UserId> {
        self.owner.iter().chain(&self.peer).cloned().collect()
    }

    /// The number to call, where it is an outbound call to one.
    pub fn dialled_number(&self) -> Option<&PhoneNumber> {
        match self.direction {
            Direction::Outbound => self.to.phone(),
            Direction::Inbound => None,
        }
    }

    /// Who called, in the words of the call log.
    pub fn logged_from(&self) -> &str {
        self.from.expose()
    }

    /// Who was called, in the words of the call log: for an inbound call the
    /// user's id.
    pub fn logged_to(&self) -> &str {
        match (self.direction, &self.owner) {
            (Direction::Inbound, Some(owner)) => owner.as_str(),
            (Direction::Inbound, None) | (Direction::Outbound, _) => self.to.expose(),
        }
    }

    /// The number that was called, where [`logged_to`](Self::logged_to) names a
    /// user instead.
    pub fn logged_number(&self) -> Option<&str> {
        match (self.direction, &self.owner) {
            (Direction::Inbound, Some(_)) => Some(self.to.expose()),
            (Direction::Inbound, None) | (Direction::Outbound, _) => None,
        }
    }
}
