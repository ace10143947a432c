//! Statements about the lines of call logs.

use rusqlite::{Connection, Row, named_params, params, types::ValueRef};
use voip_core::{
    Call, CallStatus, ProviderCallId, State, UserId,
    ports::{LogEntry, LogQuery},
};

use super::{call_row, finding::rows};

/// Lists a call in the log of everybody named in it.
pub(super) fn add(db: &Connection, call: &Call, row: i64) -> rusqlite::Result<()> {
    let owner = call.owner.as_ref().map(UserId::as_str);
    let mut insert = db.prepare_cached(
        "INSERT INTO log_lines (name, created_at, id, call, owned, direction, from_text, to_text) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for name in names(call) {
        insert.execute(params![
            name,
            call.created_at.as_micros(),
            call.id.as_uuid().as_bytes(),
            row,
            owner == Some(name),
            call_row::direction_number(call.direction),
            call.logged_from(),
            call.logged_to(),
        ])?;
    }
    if call.is_over() {
        end(db, call)
    } else {
        Ok(())
    }
}

/// Writes down the end of a call, in the log of its owner.
pub(super) fn end(db: &Connection, call: &Call) -> rusqlite::Result<()> {
    let (State::Ended(ended), Some(owner)) = (&call.state, &call.owner) else {
        return Ok(());
    };
    db.prepare_cached(
        "UPDATE log_lines SET status = ?, ended_at = ?, provider_id = ? \
         WHERE name = ? AND created_at = ? AND id = ?",
    )?
    .execute(params![
        call_row::status_number(call.status()),
        ended.at.as_micros(),
        call.provider_id.as_ref().map(ProviderCallId::as_str),
        owner.as_str(),
        call.created_at.as_micros(),
        call.id.as_uuid().as_bytes(),
    ])
    .map(drop)
}

/// One page of a log.
pub(super) fn page(db: &Connection, query: &LogQuery) -> rusqlite::Result<Vec<LogEntry>> {
    // A condition is looked at in every row, so only those that matter are
    // there; most pages are the first of a log, and whole.
    macro_rules! select {
        ($condition:literal) => {
            concat!(
                "SELECT id, created_at, direction, from_text, to_text, status, ended_at, \
                 provider_id, call FROM log_lines WHERE name = :name",
                $condition,
                " ORDER BY created_at DESC, id DESC LIMIT :limit"
            )
        };
    }
    let mut select = db.prepare_cached(match (query.after.is_some(), query.owned_only) {
        (false, false) => select!(""),
        (false, true) => select!(" AND owned"),
        (true, false) => select!(" AND (created_at, id) < (:created_at, :id)"),
        (true, true) => select!(" AND (created_at, id) < (:created_at, :id) AND owned"),
    })?;
    let (name, limit) = (&*query.name, rows(query.limit));
    let mut lines = match &query.after {
        None => select.query(named_params! { ":name": name, ":limit": limit })?,
        Some(after) => select.query(named_params! {
            ":name": name,
            ":limit": limit,
            ":created_at": after.created_at.as_micros(),
            ":id": after.id.as_uuid().as_bytes(),
        })?,
    };
    let mut entries = Vec::with_capacity(query.limit.min(1024));
    while let Some(line) = lines.next()? {
        entries.push(entry(db, line)?);
    }
    Ok(entries)
}

fn entry(db: &Connection, line: &Row<'_>) -> rusqlite::Result<LogEntry> {
    let mut entry = LogEntry {
        id: call_row::id(line, 0)?,
        created_at: call_row::time(line, 1)?,
        direction: call_row::direction(line, 2)?,
        from: line.get(3)?,
        to: line.get(4)?,
        status: CallStatus::Initiated,
        ended_at: None,
        provider_id: None,
    };
    if let ValueRef::Null = line.get_ref(5)? {
        let call: i64 = line.get(8)?;
        (entry.status, entry.ended_at, entry.provider_id) = db
            .prepare_cached("SELECT status, ended_at, provider_id FROM calls WHERE call = ?")?
            .query_row([call], |call| {
                Ok((
                    call_row::status(call, 0)?,
                    call_row::maybe_time(call, 1)?,
                    call.get(2)?,
                ))
            })?;
    } else {
        entry.status = call_row::status(line, 5)?;
        entry.ended_at = call_row::maybe_time(line, 6)?;
        entry.provider_id = line.get(7)?;
    }
    Ok(entry)
}

/// The names in whose logs a call is listed, each once.
fn names(call: &Call) -> impl Iterator<Item = &str> {
    let owner = call.owner.as_ref().map(UserId::as_str);
    let (from, to) = (call.logged_from(), call.logged_to());
    let from = Some(from).filter(|from| owner != Some(from));
    let to = Some(to).filter(|to| owner != Some(to) && from != Some(to));
    [owner, from, to].into_iter().flatten()
}
