//! The error codes of MySQL and MariaDB in our words. No message has a statement
//! or a value of a row in it, which is why the server's own are not passed on.
//!
//! The codes: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>
//! and <https://mariadb.com/kb/en/mariadb-error-code-reference/>

use sqlx::mysql::MySqlDatabaseError;
use voip_core::ErrorKind;

use super::MySqlOptions;
use crate::grouped::{Class, Fault};

/// What an error while connecting means.
pub(super) fn opening(error: &sqlx::Error, options: &MySqlOptions) -> Fault {
    let place = options.place();
    let user = options.server.get_username();
    let misconfigured = |message| Fault::new(ErrorKind::Misconfigured, Class::NotDone, message);
    match (error, number(error)) {
        (_, Some(number @ (1044 | 1045 | 1130 | 1698 | 3118 | 3955))) => misconfigured(format!(
            "the database at {place} refuses the user {user} or the password: \
             check DATABASE_URL, or DB_USER and DB_PASSWORD"
        ))
        .with_code(number.to_string()),
        (_, Some(1049)) => misconfigured(format!(
            "the database at {place} has no database of the name in DATABASE_URL or DB_NAME: \
             make it with CREATE DATABASE, or name another"
        ))
        .with_code("1049"),
        (_, Some(number @ (1040 | 1203 | 1226))) => unavailable(format!(
            "the database at {place} takes no more connections: raise its max_connections"
        ))
        .with_code(number.to_string()),
        (_, Some(_)) => running(error),
        (sqlx::Error::Tls(_), None) => misconfigured(format!(
            "no TLS with the database at {place}: check ssl-mode and ssl-ca in DATABASE_URL"
        )),
        (sqlx::Error::Configuration(_), None) => misconfigured(
            "the driver of the database cannot do what DATABASE_URL asks for: check it".to_owned(),
        ),
        (_, None) => unavailable(format!(
            "the database at {place} cannot be reached: see that it runs and that \
             DATABASE_URL or DB_HOST and DB_PORT name the right place"
        )),
    }
}

/// What an error while reading or writing means.
pub(super) fn running(error: &sqlx::Error) -> Fault {
    let Some(number) = number(error) else {
        return without_code(error);
    };
    let fault = match number {
        // A lock wait that was given up, a deadlock, a row changed meanwhile.
        1205 | 1213 | 1020 => Fault::new(
            ErrorKind::Unavailable,
            Class::Again,
            "others hold the rows of the database locked",
        ),
        1317 | 1969 | 3024 => Fault::new(
            ErrorKind::Timeout,
            Class::NotDone,
            "the database took too long",
        ),
        // It is shutting down, has ended the session, or became read-only.
        1053 | 1079 | 1927 | 4031 | 1290 | 1792 | 1836 => {
            unavailable("the database is shutting down, starting up, or read-only").hanging_up()
        }
        1021 | 1114 => unavailable("the disk of the database is full: free some space there"),
        1037 | 1038 | 1041 | 1135 => unavailable("the database is out of memory"),
        1142 | 1143 | 1227 | 1370 => Fault::new(
            ErrorKind::Misconfigured,
            Class::NotDone,
            "the database user may not do this: grant all rights on the database",
        ),
        1146 | 1054 => Fault::new(
            ErrorKind::Misconfigured,
            Class::NotDone,
            "a table or column of ours is missing in the database: restart to bring it up to date",
        ),
        _ => Fault::new(
            ErrorKind::Internal,
            Class::Asked,
            "the database refused a statement",
        ),
    };
    fault.with_code(number.to_string())
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
pub(super) fn is_taken(error: &sqlx::Error) -> bool {
    number(error) == Some(1062)
}

/// Whether it was this index.
pub(super) fn is_taken_in(error: &sqlx::Error, index: &str) -> bool {
    let name = |message: &str| {
        let message = message.trim_end_matches('\'');
        message.ends_with(index)
    };
    is_taken(error)
        && error
            .as_database_error()
            .is_some_and(|error| name(error.message()))
}

/// Whether another transaction was in the way, which is through now.
pub(super) fn is_in_the_way(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1062 | 1205 | 1213 | 1020))
}

fn unavailable(message: impl Into<String>) -> Fault {
    Fault::new(ErrorKind::Unavailable, Class::NotDone, message)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    let error = error.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}
