use voip_core::{
    Call, CallId, Effect, ProviderCallId, Timestamp,
    ports::{Inserted, NewCall, Replaced, Version},
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

/// What a call is looked up by, many at a time.
pub(crate) enum Find {
    Id(CallId),
    Leg(ProviderCallId),
}
