use std::fmt;

use voip_core::{Account, ports::ArchivedUser};

/// Some of what an earlier system keeps.
#[derive(Debug)]
pub struct Page<T> {
    /// What was found, one for each row.
    pub rows: Vec<Found<T>>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// What was made of a row.
#[derive(Debug)]
pub struct Found<T> {
    /// The row in our form, or why it has none.
    pub what: Result<T, Flaw>,
    /// What was decided for it.
    pub remarks: Vec<Remark>,
}

/// Somebody whom an earlier system knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Person {
    /// Who is called, with their device.
    User(ArchivedUser),
    /// Who logs in.
    Account(Account),
}

/// Why a row has no form here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A user without a usable id.
    UserId,
    /// An account without a usable e-mail address.
    Email,
    /// An account whose password is no bcrypt hash.
    PasswordHash,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserId => "no usable user id",
            Self::Email => "no usable e-mail address",
            Self::PasswordHash => "the password is not a bcrypt hash",
        })
    }
}

/// What was decided for a row that says too little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Remark {
    /// The user's number cannot be read; they have none.
    Number,
    /// The device's token cannot be read; the user has no device.
    Token,
    /// The call was never seen to end; it is over all the same.
    NeverEnded,
    /// The status is a word that we do not know; the call has failed.
    Status,
    /// The moment of the call cannot be read; it is listed as of 1970.
    Moment,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "unreadable phone number: left out",
            Self::Token => "unreadable push token: left out",
            Self::NeverEnded => "no end on record: taken as over",
            Self::Status => "unknown status: taken as failed",
            Self::Moment => "unreadable time: taken as of 1970",
        })
    }
}
