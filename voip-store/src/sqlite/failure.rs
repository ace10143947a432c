//! SQLite's result codes in our words. No message has a statement or a value
//! of a row in it, which is why SQLite's own are not passed on.

use rusqlite::ErrorCode;
use voip_core::{Error, ErrorKind};

/// What an error while opening the file means.
pub(super) fn opening(error: &rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::new(
            ErrorKind::Misconfigured,
            "the file named as database is something else; it was left as it is",
        )
        .with_source(source(error)),
        _ => running(error),
    }
}

/// What an error while reading or writing means.
pub(super) fn running(error: &rusqlite::Error) -> Error {
    let (kind, message) = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Unavailable,
            "the disk with the database file is full: free some space there",
        ),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
            ErrorKind::Unavailable,
            "another process holds the database file locked: let it finish, or end it",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => (
            ErrorKind::Unavailable,
            "the database file is damaged: stop, keep a copy of it, and bring back a backup",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => (
            ErrorKind::Unavailable,
            "the database file may not be written: see to the rights of the file and its folder",
        ),
        Some(ErrorCode::CannotOpen) => (
            ErrorKind::Unavailable,
            "the database file cannot be opened: see that its folder exists and may be written",
        ),
        Some(ErrorCode::SystemIoFailure) => (
            ErrorKind::Unavailable,
            "the disk with the database file reports an error: see to it, and to the backups",
        ),
        Some(ErrorCode::OutOfMemory) => (ErrorKind::Exhausted, "SQLite is out of memory"),
        Some(_) => (ErrorKind::Internal, "SQLite refused a statement"),
        None => (ErrorKind::Malformed, "a row of the database cannot be read"),
    };
    Error::new(kind, message).with_source(source(error))
}

/// The store was closed, or is being closed.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Unavailable, "the database is closed")
}

/// The write was lost by the thread that writes: our bug.
pub(super) fn given_up() -> Error {
    Error::new(ErrorKind::Internal, "a database write was given up").ambiguous()
}

/// The result code alone: the whole error may quote the statement.
fn source(error: &rusqlite::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error.sqlite_error() {
        Some(code) => Box::new(*code),
        None => "a value of an unexpected kind".into(),
    }
}
