use async_trait::async_trait;
use rusqlite::{Connection, params};
use voip_core::{
    Account, CallId, Effect, Result, Timestamp, UserId,
    ports::{Archive, ArchivedCall, ArchivedUser},
};

use super::{
    SqliteStore, accounts,
    call_row::{self, columns},
    finding::rows,
    users,
};

#[async_trait]
impl Archive for SqliteStore {
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>> {
        // What was settled and not yet written would be listed again.
        self.writer.write(|_| Ok(())).await?;
        self.readers.read(|db| calls(db, after, limit))
    }

    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>> {
        self.readers.read(|db| users(db, after, limit))
    }

    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>> {
        self.readers.read(|db| accounts(db, after, limit))
    }
}

/// The calls after `after`, with what is kept about them.
pub(super) fn calls(
    db: &Connection,
    after: Option<CallId>,
    limit: usize,
) -> rusqlite::Result<Vec<ArchivedCall>> {
    let after = after.map(|id| id.as_uuid().as_bytes().to_vec());
    // No id comes before the empty one.
    let after = after.unwrap_or_default();
    let mut calls = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            ", deleted_at FROM calls WHERE id > ? ORDER BY id LIMIT ?"
        ))?
        .query_map(params![after, rows(limit)], |row| {
            Ok(ArchivedCall {
                call: call_row::read(row)?.call,
                deleted_at: call_row::maybe_time(row, 23)?,
                effects: Vec::new(),
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let Some(last) = calls.last().map(|last| last.call.id) else {
        return Ok(calls);
    };
    for (id, effect, due) in effects(db, &after, last)? {
        // Both lists are in the order of ids.
        if let Ok(place) = calls.binary_search_by_key(&id, |archived| archived.call.id) {
            calls[place].effects.push((effect, due));
        }
    }
    Ok(calls)
}

fn effects(
    db: &Connection,
    after: &[u8],
    last: CallId,
) -> rusqlite::Result<Vec<(CallId, Effect, Timestamp)>> {
    db.prepare_cached(
        "SELECT id, effect, due_at FROM call_effects WHERE id > ? AND id <= ? \
         ORDER BY id, effect",
    )?
    .query_map(params![after, last.as_uuid().as_bytes()], |row| {
        let effect = call_row::parsed(1, row.get_ref(1)?.as_str()?)?;
        Ok((call_row::id(row, 0)?, effect, call_row::time(row, 2)?))
    })?
    .collect()
}

/// The users after `after`, with their devices.
pub(super) fn users(
    db: &Connection,
    after: Option<&UserId>,
    limit: usize,
) -> rusqlite::Result<Vec<ArchivedUser>> {
    let users = db
        .prepare_cached(
            "SELECT id, phone, created_at FROM app_users WHERE id > ? ORDER BY id LIMIT ?",
        )?
        .query_map(params![name(after), rows(limit)], users::user)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let archived = users.into_iter().map(|user| {
        let devices = users::devices(db, &user.id)?;
        Ok(ArchivedUser { user, devices })
    });
    archived.collect()
}

/// The accounts after that of `after`.
pub(super) fn accounts(
    db: &Connection,
    after: Option<&UserId>,
    limit: usize,
) -> rusqlite::Result<Vec<Account>> {
    db.prepare_cached(
        "SELECT user, email, name, password, created_at FROM accounts WHERE user > ? \
         ORDER BY user LIMIT ?",
    )?
    .query_map(params![name(after), rows(limit)], accounts::account)?
    .collect()
}

/// No user is called by the empty name, and none comes before it.
fn name(after: Option<&UserId>) -> &str {
    after.map_or("", UserId::as_str)
}
