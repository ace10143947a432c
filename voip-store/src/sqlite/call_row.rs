//! Rows as SQLite gives them.

use rusqlite::{Row, types::Type};
use voip_core::{Call, CallId, CallStatus, Direction, Timestamp, ports::Held};

use crate::row::{self, Columns};

pub(super) use crate::row::{
    StateColumns, columns, direction_number, micros, names, status_number,
};

impl Columns for Row<'_> {
    type Error = rusqlite::Error;

    fn int(&self, column: usize) -> rusqlite::Result<Option<i64>> {
        self.get(column)
    }

    fn text(&self, column: usize) -> rusqlite::Result<Option<&str>> {
        Ok(self.get_ref(column)?.as_str_or_null()?)
    }

    fn id(&self, column: usize) -> rusqlite::Result<CallId> {
        let bytes: [u8; 16] = self.get(column)?;
        Ok(CallId::from_uuid(uuid::Uuid::from_bytes(bytes)))
    }

    fn odd(column: usize) -> rusqlite::Error {
        odd(column, Type::Null)
    }
}

/// Reads a call from a row of [`columns`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Held> {
    row::read(row)
}

/// The far side as text.
pub(super) fn far_text(call: &Call) -> rusqlite::Result<Option<String>> {
    row::far_text(call).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn direction(row: &Row<'_>, column: usize) -> rusqlite::Result<Direction> {
    row::direction(row.get(column)?).ok_or_else(|| odd(column, Type::Integer))
}

pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<CallStatus> {
    row::status(row.get(column)?).ok_or_else(|| odd(column, Type::Integer))
}

pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<CallId> {
    Columns::id(row, column)
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row::time(row, column)
}

pub(super) fn maybe_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    row::maybe_time(row, column)
}

pub(super) fn duration(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<std::time::Duration>> {
    row::duration(row, column)
}

/// Reads a value whose type checks its text.
pub(super) fn parsed<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<T> {
    text.parse().map_err(|_| odd(column, Type::Text))
}

/// A value that this program has not written.
pub(super) fn odd(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::new(), kind)
}
