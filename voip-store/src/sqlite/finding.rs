//! Statements that find calls.

use rusqlite::{Connection, OptionalExtension as _, Row, named_params};
use voip_core::{
    Call, CallId, ProviderCallId, Timestamp, UserId,
    ports::{Held, LogEntry, LogQuery},
};

use super::call_row::{self, columns};

/// The most live calls that are listed.
const LIVE_CALLS: usize = 100;

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

/// One page of a log.
pub(super) fn log(db: &Connection, query: &LogQuery) -> rusqlite::Result<Vec<LogEntry>> {
    // Before the first page comes the end of time.
    let (created_at, id) = match &query.after {
        Some(after) => (after.created_at.as_micros(), *after.id.as_uuid().as_bytes()),
        None => (i64::MAX, [u8::MAX; 16]),
    };
    let mut entries = Vec::with_capacity(query.limit.min(1024));
    let mut select = db.prepare_cached(
        "SELECT calls.id, provider_id, from_party, to_party, direction, status, \
         calls.created_at, ended_at, owner FROM call_names JOIN calls USING (call) \
         WHERE name = :name AND (call_names.created_at, call_names.id) < (:created_at, :id) \
         AND owned >= :owned \
         ORDER BY call_names.created_at DESC, call_names.id DESC LIMIT :limit",
    )?;
    let mut found = select.query(named_params! {
        ":name": &*query.name,
        ":created_at": created_at,
        ":id": id,
        ":owned": query.owned_only,
        ":limit": rows(query.limit),
    })?;
    while let Some(row) = found.next()? {
        entries.push(entry(row)?);
    }
    Ok(entries)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<LogEntry> {
    let direction = call_row::direction(row, 4)?;
    // For an inbound call the log names the user; see `Call::logged_to`.
    let to = match direction {
        voip_core::Direction::Inbound => match row.get_ref(8)?.as_str_or_null()? {
            Some(owner) => owner,
            None => row.get_ref(3)?.as_str()?,
        },
        voip_core::Direction::Outbound => row.get_ref(3)?.as_str()?,
    };
    Ok(LogEntry {
        id: call_row::id(row, 0)?,
        provider_id: row.get(1)?,
        from: row.get(2)?,
        to: Box::from(to),
        direction,
        status: call_row::status(row, 5)?,
        created_at: call_row::time(row, 6)?,
        ended_at: call_row::maybe_time(row, 7)?,
    })
}

/// The calls of a user that have not ended.
pub(super) fn live_calls(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Call>> {
    let held = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM calls WHERE call IN (SELECT call FROM live_calls WHERE user = ? \
             ORDER BY created_at DESC, id DESC LIMIT ?) ORDER BY created_at DESC, id DESC"
        ))?
        .query_map((user.as_str(), rows(LIVE_CALLS)), call_row::read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(held.into_iter().map(|held| held.call).collect())
}

/// A limit as SQLite counts.
pub(super) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
