//! Statements that take calls out of the logs and put them back.

use rusqlite::{Connection, OptionalExtension as _, params};
use voip_core::{Call, CallId, Timestamp, UserId, ports::LogChange};

use super::{finding, listing::Listing, log_lines};

/// Takes a call of `owner` out of every log.
pub(super) fn delete(
    db: &Connection,
    listing: &Listing,
    owner: &UserId,
    id: &CallId,
    at: Timestamp,
) -> rusqlite::Result<LogChange> {
    let Some((_, deleted)) = owned(db, owner, id)? else {
        return Ok(LogChange::NoSuchCall);
    };
    if deleted {
        return Ok(LogChange::Already);
    }
    mark(db, id, Some(at))?;
    listing.remove(db, &call(db, id)?)?;
    Ok(LogChange::Made)
}

/// Puts a call of `owner` back into the logs.
pub(super) fn restore(db: &Connection, owner: &UserId, id: &CallId) -> rusqlite::Result<LogChange> {
    let Some((row, deleted)) = owned(db, owner, id)? else {
        return Ok(LogChange::NoSuchCall);
    };
    if !deleted {
        return Ok(LogChange::Already);
    }
    mark(db, id, None)?;
    log_lines::add(db, &call(db, id)?, row)?;
    Ok(LogChange::Made)
}

/// The row of a call of `owner`, and whether the call is deleted.
fn owned(db: &Connection, owner: &UserId, id: &CallId) -> rusqlite::Result<Option<(i64, bool)>> {
    db.prepare_cached("SELECT call, deleted_at IS NOT NULL FROM calls WHERE id = ? AND owner = ?")?
        .query_row(params![id.as_uuid().as_bytes(), owner.as_str()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
}

fn mark(db: &Connection, id: &CallId, at: Option<Timestamp>) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE calls SET deleted_at = ? WHERE id = ?")?
        .execute(params![
            at.map(Timestamp::as_micros),
            id.as_uuid().as_bytes()
        ])
        .map(drop)
}

fn call(db: &Connection, id: &CallId) -> rusqlite::Result<Call> {
    let held = finding::call(db, id)?;
    held.map(|held| held.call)
        .ok_or(rusqlite::Error::QueryReturnedNoRows)
}
