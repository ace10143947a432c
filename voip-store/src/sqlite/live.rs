//! Statements about the calls that have not ended, by user.

use rusqlite::{Connection, params};
use voip_core::{Call, UserId, ports::MOST_LIVE_CALLS};

use super::{
    call_row::{self, columns},
    finding::rows,
};

/// Lists a call among the live ones of its users, unless it is over.
pub(super) fn add(db: &Connection, call: &Call, row: i64) -> rusqlite::Result<()> {
    if call.is_over() {
        return Ok(());
    }
    // Somebody may be both owner and peer of a call.
    let mut insert = db.prepare_cached(
        "INSERT OR IGNORE INTO live_calls (user, created_at, id, call) VALUES (?, ?, ?, ?)",
    )?;
    let (created_at, id) = (call.created_at.as_micros(), call.id.as_uuid().as_bytes());
    for user in [&call.owner, &call.peer].into_iter().flatten() {
        insert.execute(params![user.as_str(), created_at, id, row])?;
    }
    Ok(())
}

/// Lists a call no longer.
pub(super) fn remove(db: &Connection, call: &Call) -> rusqlite::Result<()> {
    let mut delete =
        db.prepare_cached("DELETE FROM live_calls WHERE user = ? AND created_at = ? AND id = ?")?;
    let (created_at, id) = (call.created_at.as_micros(), call.id.as_uuid().as_bytes());
    for user in [&call.owner, &call.peer].into_iter().flatten() {
        delete.execute(params![user.as_str(), created_at, id])?;
    }
    Ok(())
}

/// The calls of a user that have not ended.
pub(super) fn of(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Call>> {
    let held = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM calls WHERE call IN (SELECT call FROM live_calls WHERE user = ? \
             ORDER BY created_at DESC, id DESC LIMIT ?) ORDER BY created_at DESC, id DESC"
        ))?
        .query_map((user.as_str(), rows(MOST_LIVE_CALLS)), call_row::read)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(held.into_iter().map(|held| held.call).collect())
}
