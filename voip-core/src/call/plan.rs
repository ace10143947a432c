use std::{sync::Arc, time::Duration};

use crate::{CallId, PhoneNumber, ProviderCallId, UserId, VoiceIdentity};

/// What the provider should do with a leg, step after step; at the end it
/// hangs up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub actions: Vec<Action>,
}

/// One step of a [`Plan`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Speak a text.
    Say(Arc<str>),
    /// Stay silent; whole seconds, at least one.
    Pause(Duration),
    /// Refuse a call that has not been answered.
    Reject,
    /// Ask again what to do.
    Ask(Callback),
    /// Connect to a user's voice client.
    ConnectClient {
        /// The client.
        identity: VoiceIdentity,
        /// The number to show; the caller's own where not given.
        caller_id: Option<PhoneNumber>,
        /// How long the client may ring.
        ring_time: Duration,
        /// Told to the client, so that it knows which call this is.
        call: CallId,
        /// What to ask once the connection is over.
        then: Callback,
    },
    /// Connect a voice client to a phone number.
    ConnectNumber {
        /// The number.
        to: PhoneNumber,
        /// The number to show.
        caller_id: PhoneNumber,
        /// How long it may ring.
        ring_time: Duration,
        /// Who is told how the leg that this makes fares.
        news: Callback,
        /// What to ask once the connection is over.
        then: Callback,
    },
    /// Enter a conference, which starts with whoever enters and ends with
    /// whoever leaves.
    JoinRoom {
        /// Its name.
        name: ProviderCallId,
        /// Who is told what happens in it.
        news: Callback,
    },
    /// Hang up.
    HangUp,
}

/// Something of ours that the provider calls; the adapter knows the address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Callback {
    /// What to do with the leg of this call.
    Ask(CallId),
    /// Connect the leg of this call to its user now.
    Connect(CallId),
    /// How this call's leg fares.
    Status(CallId),
    /// The connection made for this call is over.
    BridgeEnded {
        /// The call.
        call: CallId,
        /// Which connection it was, counted from 1.
        turn: u32,
    },
    /// How the leg fares that was made for the voice client of this user.
    FarStatus(UserId),
    /// The dial of a voice client is over.
    DialEnded,
    /// How to enter the conference of this name.
    Room(ProviderCallId),
    /// What happens in a conference.
    RoomNews,
}

impl Plan {
    /// A plan of these steps.
    pub fn new(actions: impl IntoIterator<Item = Action>) -> Self {
        Self {
            actions: actions.into_iter().collect(),
        }
    }

    /// Hangs up at once.
    pub fn hang_up() -> Self {
        Self::new([Action::HangUp])
    }

    /// Speaks `text` and hangs up.
    pub fn say_and_hang_up(text: &Arc<str>) -> Self {
        Self::new([Action::Say(Arc::clone(text)), Action::HangUp])
    }
}
