use voip_core::{
    Call, CallId, Device, Effect, PhoneNumber, ProviderCallId, Timestamp, User, UserId,
    ports::{Held, Inserted, NewCall, Replaced, Version},
};

/// A write that shares a transaction with others.
pub(crate) enum Write {
    /// Puts a call on record.
    Insert(Box<NewCall>),
    /// Replaces a call.
    Replace(Box<Replacing>),
    /// Takes along what waits to be settled.
    Settle,
}

/// A call that is to take the place of what is on record.
pub(crate) struct Replacing {
    pub(crate) call: Call,
    /// The version it was read at.
    pub(crate) version: Version,
    /// Whether it had no leg before.
    pub(crate) gets_leg: bool,
    pub(crate) effects: Vec<Effect>,
    pub(crate) effects_due: Timestamp,
}

impl Write {
    /// The call it is about, if it is about one.
    pub(crate) fn about(&self) -> Option<CallId> {
        match self {
            Self::Insert(new) => Some(new.call.id),
            Self::Replace(replacing) => Some(replacing.call.id),
            Self::Settle => None,
        }
    }
}

/// What became of a write.
#[allow(clippy::large_enum_variant)] // Made once a write and matched at once.
pub(crate) enum Done {
    Inserted(Inserted),
    Saved(Saved),
    Settled,
    /// The call was not added, and whoever kept it from being added is gone.
    Undone,
}

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    /// As the port says.
    As(Replaced),
    /// The leg belongs to another call; nothing was changed.
    LegTaken,
}

/// What is looked up, many at a time.
pub(crate) enum Find {
    /// The call with this id.
    Call(CallId),
    /// The call with this leg.
    Leg(ProviderCallId),
    /// The user with this number.
    Number(PhoneNumber),
    /// The devices of this user.
    Devices(UserId),
    /// Whether reports are kept for this leg.
    Reports(ProviderCallId),
}

/// What was found.
#[allow(clippy::large_enum_variant)] // Made once a look and matched at once.
pub(crate) enum Found {
    Call(Option<Held>),
    User(Option<User>),
    Devices(Vec<Device>),
    Reports(bool),
}
