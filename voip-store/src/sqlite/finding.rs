//! Statements that find calls.

use rusqlite::{Connection, OptionalExtension as _};
use voip_core::{CallId, ProviderCallId, Timestamp, ports::Held};

use super::call_row::{self, columns};

pub(super) use crate::row::rows;

/// The call with this id.
pub(super) fn call(db: &Connection, id: &CallId) -> rusqlite::Result<Option<Held>> {
    db.prepare_cached(concat!("SELECT ", columns!(), " FROM calls WHERE id = ?"))?
        .query_row([id.as_uuid().as_bytes()], call_row::read)
        .optional()
}

/// The call with this leg.
pub(super) fn call_by_leg(db: &Connection, leg: &ProviderCallId) -> rusqlite::Result<Option<Held>> {
    db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE provider_id = ?"
    ))?
    .query_row([leg.as_str()], call_row::read)
    .optional()
}

/// The calls whose deadline has come.
pub(super) fn due_calls(
    db: &Connection,
    now: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<CallId>> {
    db.prepare_cached("SELECT id FROM calls WHERE deadline_at <= ? ORDER BY deadline_at LIMIT ?")?
        .query_map((now.as_micros(), rows(limit)), |row| call_row::id(row, 0))?
        .collect()
}
