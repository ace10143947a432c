//! The two ends of a call.

use std::{fmt, sync::Arc};

use crate::PhoneNumber;

/// One end of a call as the provider names it: a phone number, or something
/// else, such as a SIP address or a withheld caller.
///
/// `Debug` shows no number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Party {
    /// A phone number.
    Phone(PhoneNumber),
    /// Any other address, or a word for a caller who withholds the number.
    Other(Arc<str>),
}

impl Party {
    /// Reads what a provider or a row of storage says; every text is a party.
    pub fn read(text: &str) -> Self {
        match PhoneNumber::from_e164(text) {
            Ok(number) => Self::Phone(number),
            Err(_) => Self::Other(Arc::from(text)),
        }
    }

    /// The address as text.
    pub fn expose(&self) -> &str {
        match self {
            Self::Phone(number) => number.expose(),
            Self::Other(text) => text,
        }
    }

    /// The phone number, where it is one.
    pub fn phone(&self) -> Option<&PhoneNumber> {
        match self {
            Self::Phone(number) => Some(number),
            Self::Other(_) => None,
        }
    }
}

impl From<PhoneNumber> for Party {
    fn from(number: PhoneNumber) -> Self {
        Self::Phone(number)
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(number) => fmt::Debug::fmt(number, f),
            Self::Other(_) => f.write_str("Other(…)"),
        }
    }
}
