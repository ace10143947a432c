//! PostgreSQL's error codes in our words. No message has a statement or a value
//! of a row in it, which is why PostgreSQL's own are not passed on.
//!
//! The codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>

use voip_core::ErrorKind;

use super::PostgresOptions;
use crate::grouped::{Class, Fault};

/// What an error while connecting means.
pub(super) fn opening(error: &sqlx::Error, options: &PostgresOptions) -> Fault {
    let place = options.place();
    let user = options.server.get_username();
    let misconfigured = |message| Fault::new(ErrorKind::Misconfigured, Class::NotDone, message);
    match error {
        sqlx::Error::Database(_) => match code(error).as_str() {
            code @ ("28P01" | "28000") => misconfigured(format!(
                "the database at {place} refuses the user {user} or the password: \
                 check DATABASE_URL"
            ))
            .with_code(code),
            code @ "3D000" => misconfigured(format!(
                "the database at {place} has no database of the name in DATABASE_URL: \
                 make it with CREATE DATABASE, or name another"
            ))
            .with_code(code),
            code @ "53300" => unavailable(format!(
                "the database at {place} takes no more connections: raise its max_connections"
            ))
            .with_code(code),
            _ => running(error),
        },
        sqlx::Error::Tls(_) => misconfigured(format!(
            "no TLS with the database at {place}: check sslmode and sslrootcert in DATABASE_URL"
        )),
        sqlx::Error::Configuration(_) => misconfigured(
            "the driver of the database cannot do what DATABASE_URL asks for: check it".to_owned(),
        ),
        _ => unavailable(format!(
            "the database at {place} cannot be reached: see that it runs and that \
             DATABASE_URL names the right host and port"
        )),
    }
}

/// What an error while reading or writing means.
pub(super) fn running(error: &sqlx::Error) -> Fault {
    if !matches!(error, sqlx::Error::Database(_)) {
        return without_code(error);
    }
    let code = code(error);
    let fault = match code.as_str() {
        "40001" | "40P01" | "55P03" => Fault::new(
            ErrorKind::Unavailable,
            Class::Again,
            "others hold the rows of the database locked",
        ),
        "57014" => Fault::new(
            ErrorKind::Timeout,
            Class::NotDone,
            "the database took too long",
        ),
        // It is shutting down or starting up, or became a standby.
        "57P01" | "57P02" | "57P03" | "25006" => {
            unavailable("the database is shutting down, starting up, or read-only").hanging_up()
        }
        "53100" => unavailable("the disk of the database is full: free some space there"),
        "53200" | "53300" | "53400" => unavailable("the database is out of memory or connections"),
        "42501" => Fault::new(
            ErrorKind::Misconfigured,
            Class::NotDone,
            "the database user may not do this: grant all rights on the schema",
        ),
        "42P01" | "42703" => Fault::new(
            ErrorKind::Misconfigured,
            Class::NotDone,
            "a table or column of ours is missing in the database: restart to bring it up to date",
        ),
        _ => Fault::new(
            ErrorKind::Internal,
            Class::Asked,
            "PostgreSQL refused a statement",
        ),
    };
    fault.with_code(code)
}

fn without_code(error: &sqlx::Error) -> Fault {
    match error {
        sqlx::Error::RowNotFound
        | sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. } => Fault::new(
            ErrorKind::Malformed,
            Class::Asked,
            "a row of the database cannot be read",
        ),
        sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => Fault::new(
            ErrorKind::Internal,
            Class::Asked,
            "a value cannot be written to the database",
        ),
        _ => Fault::new(
            ErrorKind::Unavailable,
            Class::Lost,
            "the connection to the database was lost",
        ),
    }
}

/// Whether a statement failed because a unique index has such a row already.
pub(super) fn is_taken(error: &sqlx::Error, index: &str) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.is_unique_violation() && error.constraint().is_some_and(|name| name == index)
    })
}

fn unavailable(message: impl Into<String>) -> Fault {
    Fault::new(ErrorKind::Unavailable, Class::NotDone, message)
}

fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(|error| error.code());
    code.map(String::from).unwrap_or_default()
}
