//! Statements that put calls on record and replace them.

use std::sync::Arc;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, ToSql, params, params_from_iter};
use voip_core::{
    Call, Effect, ProviderCallId, Timestamp, UserId,
    ports::{Held, IdempotencyKey, NewCall, Version},
};

use super::{
    call_row::{self, StateColumns, columns, direction_number, status_number},
    finding,
    listing::{self, Listing},
};

/// What became of adding a call.
pub(super) enum Added {
    /// It is new, and this is its row; no log has it yet.
    New(i64),
    /// It, or another with its leg or key, is there.
    Known(Box<Held>),
}

/// Adds a call, or finds the one that is there.
pub(super) fn insert(db: &Connection, new: &NewCall) -> rusqlite::Result<Added> {
    let NewCall {
        call,
        effects,
        effects_due,
        key,
    } = new;
    // Ids and legs are unique by their indexes, which the insert looks at anyway.
    if let Some(key) = key
        && let Some(held) = known(db, call, Some(key))?
    {
        return Ok(Added::Known(Box::new(held)));
    }
    let state = StateColumns::of(&call.state);
    let inserted = db
        .prepare_cached(concat!(
            "INSERT INTO calls (",
            columns!(),
            ") VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT DO NOTHING"
        ))?
        // By their places: looking for two dozen names would take longer than
        // binding them.
        .execute(params![
            call.id.as_uuid().as_bytes(),
            direction_number(call.direction),
            call.from.expose(),
            call.to.expose(),
            call.owner.as_ref().map(UserId::as_str),
            call.peer.as_ref().map(UserId::as_str),
            call.created_at.as_micros(),
            status_number(call.status()),
            state.deadline_at,
            state.answered_at,
            state.answered_by,
            state.answered_on,
            state.bridge_outcome,
            state.bridge_at,
            state.ended_at,
            state.duration,
            state.reason,
            call.told,
            call.provider_id.as_ref().map(ProviderCallId::as_str),
            state.connects,
            state.trouble,
            call_row::far_text(call)?,
        ])?;
    if inserted == 0 {
        return match known(db, call, None)? {
            Some(held) => Ok(Added::Known(Box::new(held))),
            None => Err(rusqlite::Error::StatementChangedRows(0)),
        };
    }
    let row = db.last_insert_rowid();
    add_effects(db, call, effects, *effects_due)?;
    if let Some(key) = key {
        db.prepare_cached("INSERT INTO idempotency_keys (scope, key, call) VALUES (?, ?, ?)")?
            .execute(params![scope(key), key.as_str(), row])?;
    }
    Ok(Added::New(row))
}

/// What became of a replacement that SQLite carried out.
pub(super) enum Saved {
    /// It is done; this is its version now.
    Done(Version),
    /// The call is not, or no longer, at that version, but as is told here.
    Conflict(Option<Box<Held>>),
    /// The leg belongs to another call; nothing was changed.
    LegTaken,
}

/// Replaces what a step may change. The id, the direction, the parties, the
/// users and the moment of creation never change, so they are not written, and
/// neither is any index over them.
pub(super) fn replace(
    db: &Connection,
    listing: &Listing,
    call: &Arc<Call>,
    version: Version,
    effects: &[Effect],
    effects_due: Timestamp,
) -> rusqlite::Result<Saved> {
    // No version beyond an i64 was ever handed out.
    let Ok(before) = i64::try_from(version.0) else {
        return now(db, call);
    };
    // An index over a column is rewritten whenever a statement sets the column,
    // to whatever value. So the first try sets only what hardly any index is
    // over, and finds the row only if that is enough.
    let (first, whole) = if call.is_over() {
        (Set::End, Set::EndAndLeg)
    } else {
        (Set::Talk, Set::EndAndLeg)
    };
    let mut changed = update(db, call, before, first)?;
    if changed == 0 {
        changed = match update(db, call, before, whole) {
            Err(error) if is_taken(&error) => return Ok(Saved::LegTaken),
            outcome => outcome?,
        };
    }
    if changed == 0 {
        return now(db, call);
    }
    if call.is_over() {
        listing.end(db, call)?;
    }
    add_effects(db, call, effects, effects_due)?;
    Ok(Saved::Done(Version(version.0 + 1)))
}

/// How the call is, which is not at the version that was wanted.
fn now(db: &Connection, call: &Call) -> rusqlite::Result<Saved> {
    let held = finding::call(db, &call.id)?;
    Ok(Saved::Conflict(held.map(Box::new)))
}

/// Which columns an update sets.
#[derive(Clone, Copy)]
enum Set {
    /// Those of a call that goes on as it is: leg and deadline stay.
    Talk,
    /// All but the leg.
    End,
    /// All.
    EndAndLeg,
}

/// Replaces the row at version `before`, and tells whether it was there: not
/// only at that version, but also with nothing to change that `set` leaves out.
fn update(db: &Connection, call: &Call, before: i64, set: Set) -> rusqlite::Result<usize> {
    // By numbers: looking for each name would take longer than binding it.
    macro_rules! talk {
        () => {
            "UPDATE calls SET version = ?1 + 1, status = ?2, told = ?3, answered_at = ?4, \
             answered_by = ?5, answered_on = ?6, bridge_outcome = ?7, bridge_at = ?8, \
             connects = ?9, far = ?10"
        };
    }
    macro_rules! end {
        () => {
            ", deadline_at = ?13, ended_at = ?14, duration = ?15, reason = ?16, trouble = ?17"
        };
    }
    macro_rules! at_version {
        () => {
            " WHERE id = ?11 AND version = ?1"
        };
    }
    let mut statement = db.prepare_cached(match set {
        Set::Talk => concat!(
            talk!(),
            at_version!(),
            " AND provider_id IS ?12 AND deadline_at IS ?13 AND ended_at IS NULL"
        ),
        Set::End => concat!(talk!(), end!(), at_version!(), " AND provider_id IS ?12"),
        Set::EndAndLeg => concat!(talk!(), end!(), ", provider_id = ?12", at_version!()),
    })?;
    let state = StateColumns::of(&call.state);
    let far = call_row::far_text(call)?;
    let talk: [&dyn ToSql; 13] = [
        &before,
        &status_number(call.status()),
        &call.told,
        &state.answered_at,
        &state.answered_by,
        &state.answered_on,
        &state.bridge_outcome,
        &state.bridge_at,
        &state.connects,
        &far,
        call.id.as_uuid().as_bytes(),
        &call.provider_id.as_ref().map(ProviderCallId::as_str),
        &state.deadline_at,
    ];
    let end: [&dyn ToSql; 4] = [
        &state.ended_at,
        &state.duration,
        &state.reason,
        &state.trouble,
    ];
    match set {
        Set::Talk => statement.execute(talk),
        Set::End | Set::EndAndLeg => {
            statement.execute(params_from_iter(talk.into_iter().chain(end)))
        }
    }
}

/// Deletes all calls and what hangs on them.
pub(super) fn clear(db: &Connection) -> rusqlite::Result<u64> {
    for table in [
        "call_effects",
        "log_lines",
        "idempotency_keys",
        "kept_reports",
    ] {
        db.execute(&format!("DELETE FROM {table}"), [])?;
    }
    listing::clear(db)?;
    db.execute("DELETE FROM calls", [])
        .map(|calls| calls as u64)
}

/// The call that keeps `call` from being added.
pub(super) fn known(
    db: &Connection,
    call: &Call,
    key: Option<&IdempotencyKey>,
) -> rusqlite::Result<Option<Held>> {
    if let Some(held) = finding::call(db, &call.id)? {
        return Ok(Some(held));
    }
    if let Some(leg) = &call.provider_id
        && let Some(held) = finding::call_by_leg(db, leg)?
    {
        return Ok(Some(held));
    }
    let Some(key) = key else { return Ok(None) };
    db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE call = (SELECT call FROM idempotency_keys WHERE scope = ? AND key = ?)"
    ))?
    .query_row(params![scope(key), key.as_str()], call_row::read)
    .optional()
}

fn scope(key: &IdempotencyKey) -> &str {
    key.scope.as_ref().map_or("", UserId::as_str)
}

/// An effect asked for again counts as new.
fn add_effects(
    db: &Connection,
    call: &Call,
    effects: &[Effect],
    due: Timestamp,
) -> rusqlite::Result<()> {
    for effect in effects {
        db.prepare_cached(
            "INSERT INTO call_effects (id, effect, due_at, attempts) VALUES (?, ?, ?, 0) \
             ON CONFLICT DO UPDATE SET due_at = excluded.due_at, attempts = 0",
        )?
        .execute(params![
            call.id.as_uuid().as_bytes(),
            effect.as_str(),
            due.as_micros()
        ])?;
    }
    Ok(())
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
