//! Statements about the lines of call logs.

use rusqlite::{Connection, Row, named_params, params, types::ValueRef};
use voip_core::{
    Call, CallStatus, ProviderCallId, State, Timestamp, UserId,
    ports::{LogEntry, LogFilter, LogQuery},
};

use super::{call_row, finding::rows};

/// Lists a call in the log of everybody named in it.
pub(super) fn add(db: &Connection, call: &Call, row: i64) -> rusqlite::Result<()> {
    add_all(db, call_row::names(call).map(|name| (name, call, row)))
}

/// Lists calls, each under a name and with the number of its row. A line that is
/// there already stays as it is.
pub(super) fn add_all<'c>(
    db: &Connection,
    lines: impl IntoIterator<Item = (&'c str, &'c Call, i64)>,
) -> rusqlite::Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO log_lines (name, created_at, id, call, owned, direction, from_text, to_text, \
         number, status, ended_at, duration, provider_id) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?;
    for (name, call, row) in lines {
        let owned = call.owner.as_ref().map(UserId::as_str) == Some(name);
        let ended = match &call.state {
            State::Ended(ended) if owned => Some(ended),
            _ => None,
        };
        let leg = call.provider_id.as_ref().map(ProviderCallId::as_str);
        insert.execute(params![
            name,
            call.created_at.as_micros(),
            call.id.as_uuid().as_bytes(),
            row,
            owned,
            call_row::direction_number(call.direction),
            call.logged_from(),
            call.logged_to(),
            call.logged_number(),
            ended.map(|_| call_row::status_number(call.status())),
            ended.map(|ended| ended.at.as_micros()),
            ended.and_then(|ended| ended.duration.map(call_row::micros)),
            ended.and(leg),
        ])?;
    }
    Ok(())
}

/// Writes down the end of a call, in the log of its owner.
pub(super) fn end(db: &Connection, call: &Call) -> rusqlite::Result<()> {
    let (State::Ended(ended), Some(owner)) = (&call.state, &call.owner) else {
        return Ok(());
    };
    db.prepare_cached(
        "UPDATE log_lines SET status = ?, ended_at = ?, duration = ?, provider_id = ? \
         WHERE name = ? AND created_at = ? AND id = ?",
    )?
    .execute(params![
        call_row::status_number(call.status()),
        ended.at.as_micros(),
        ended.duration.map(call_row::micros),
        call.provider_id.as_ref().map(ProviderCallId::as_str),
        owner.as_str(),
        call.created_at.as_micros(),
        call.id.as_uuid().as_bytes(),
    ])
    .map(drop)
}

/// Lists a call in no log any more.
pub(super) fn remove(db: &Connection, call: &Call) -> rusqlite::Result<()> {
    let mut delete =
        db.prepare_cached("DELETE FROM log_lines WHERE name = ? AND created_at = ? AND id = ?")?;
    let (created_at, id) = (call.created_at.as_micros(), call.id.as_uuid().as_bytes());
    for name in call_row::names(call) {
        delete.execute(params![name, created_at, id])?;
    }
    Ok(())
}

/// The columns that [`entry`] expects, in its order.
macro_rules! line {
    () => {
        "id, created_at, direction, from_text, to_text, number, status, ended_at, duration, \
         provider_id, call"
    };
}

/// One page of a log, whole.
pub(super) fn page(db: &Connection, query: &LogQuery) -> rusqlite::Result<Vec<LogEntry>> {
    // A condition is looked at in every row, so only those that matter are
    // there; most pages are the first of a log, and whole.
    macro_rules! select {
        ($condition:literal) => {
            concat!(
                "SELECT ",
                line!(),
                " FROM log_lines WHERE name = :name",
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

/// One page of those lines of a log that are wanted.
pub(super) fn filtered(db: &Connection, query: &LogQuery) -> rusqlite::Result<Vec<LogEntry>> {
    let mut select = db.prepare_cached(concat!(
        "SELECT ",
        line!(),
        " FROM log_lines WHERE name = :name AND created_at >= :since \
         AND (created_at, id) < (:created_at, :id) AND (owned OR NOT :owned_only) \
         AND direction = ifnull(:direction, direction) \
         AND (:party IS NULL OR from_text = :party OR ifnull(number, to_text) = :party) \
         AND (:statuses >> ifnull(status, \
         (SELECT status FROM calls WHERE calls.call = log_lines.call))) & 1 \
         ORDER BY created_at DESC, id DESC LIMIT :limit"
    ))?;
    let LogFilter {
        statuses,
        direction,
        party,
        since,
        until,
    } = &query.filter;
    // The earlier of two places: no id comes before the empty one.
    let after = query.after.as_ref();
    let after = after.map(|after| {
        (
            after.created_at.as_micros(),
            &after.id.as_uuid().as_bytes()[..],
        )
    });
    let until = until.map(|until| (until.as_micros(), &[][..]));
    let (created_at, id) = after
        .into_iter()
        .chain(until)
        .min()
        .unwrap_or((i64::MAX, &[]));
    let bits = statuses
        .iter()
        .map(|status| 1_i64 << call_row::status_number(*status));
    let any = if statuses.is_empty() { !0 } else { 0 };
    let mut lines = select.query(named_params! {
        ":name": &*query.name,
        ":limit": rows(query.limit),
        ":owned_only": query.owned_only,
        ":created_at": created_at,
        ":id": id,
        ":since": since.map_or(i64::MIN, Timestamp::as_micros),
        ":direction": direction.map(call_row::direction_number),
        ":party": party.as_deref(),
        ":statuses": bits.fold(any, |all, one| all | one),
    })?;
    let mut entries = Vec::new();
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
        number: line.get(5)?,
        status: CallStatus::Initiated,
        ended_at: None,
        duration: None,
        provider_id: None,
    };
    if let ValueRef::Null = line.get_ref(6)? {
        let call: i64 = line.get(10)?;
        (
            entry.status,
            entry.ended_at,
            entry.duration,
            entry.provider_id,
        ) = db
            .prepare_cached(
                "SELECT status, ended_at, duration, provider_id FROM calls WHERE call = ?",
            )?
            .query_row([call], |call| {
                Ok((
                    call_row::status(call, 0)?,
                    call_row::maybe_time(call, 1)?,
                    call_row::duration(call, 2)?,
                    call.get(3)?,
                ))
            })?;
    } else {
        entry.status = call_row::status(line, 6)?;
        entry.ended_at = call_row::maybe_time(line, 7)?;
        entry.duration = call_row::duration(line, 8)?;
        entry.provider_id = line.get(9)?;
    }
    Ok(entry)
}
