use async_trait::async_trait;
use sqlx::{MySqlConnection, mysql::MySqlRow};
use voip_core::{
    Account, CallId, Effect, Result, Timestamp, UserId,
    ports::{Archive, ArchivedCall, ArchivedUser},
};

use super::{MySqlStore, accounts, finding::id_bytes, users};
use crate::{
    grouped::Write,
    row::{self, Columns as _, columns, rows},
};

#[async_trait]
impl Archive for MySqlStore {
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>> {
        // What was settled and not yet written would be listed again.
        if !self.settling.is_empty() {
            let settled = self.writes.submit(Write::Settle).await;
            settled.map_err(|fault| fault.in_write())?;
        }
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let calls = clock.run(calls(lease.db(), after, limit)).await;
        lease.read(calls)
    }

    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let users = clock.run(users(lease.db(), after, limit)).await;
        lease.read(users)
    }

    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let accounts = clock.run(accounts(lease.db(), after, limit)).await;
        lease.read(accounts)
    }
}

/// The calls after `after`, with what is kept about them.
async fn calls(
    db: &mut MySqlConnection,
    after: Option<CallId>,
    limit: usize,
) -> Result<Vec<ArchivedCall>, sqlx::Error> {
    // No id comes before the empty one.
    let after = after.as_ref().map(id_bytes).unwrap_or_default();
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        ", deleted_at FROM calls WHERE id > ? ORDER BY id LIMIT ?"
    ))
    .bind(after)
    .bind(rows(limit))
    .fetch_all(&mut *db)
    .await?;
    let mut calls = found
        .iter()
        .map(archived)
        .collect::<Result<Vec<_>, sqlx::Error>>()?;
    let Some(last) = calls.last().map(|last| last.call.id) else {
        return Ok(calls);
    };
    for (id, effect, due) in effects(db, after, last).await? {
        // Both lists are in the order of ids.
        if let Ok(place) = calls.binary_search_by_key(&id, |archived| archived.call.id) {
            calls[place].effects.push((effect, due));
        }
    }
    Ok(calls)
}

fn archived(row: &MySqlRow) -> Result<ArchivedCall, sqlx::Error> {
    Ok(ArchivedCall {
        call: row::read(row)?.call,
        deleted_at: row::maybe_time(row, 23)?,
        effects: Vec::new(),
    })
}

async fn effects(
    db: &mut MySqlConnection,
    after: &[u8],
    last: CallId,
) -> Result<Vec<(CallId, Effect, Timestamp)>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT id, effect, due_at FROM call_effects WHERE id > ? AND id <= ? \
         ORDER BY id, effect",
    )
    .bind(after)
    .bind(id_bytes(&last))
    .fetch_all(db)
    .await?;
    let effect = |row: &MySqlRow| Ok((row.id(0)?, row::parsed(row, 1)?, row::time(row, 2)?));
    found.iter().map(effect).collect()
}

/// The users after `after`, with their devices.
async fn users(
    db: &mut MySqlConnection,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<ArchivedUser>, sqlx::Error> {
    let found =
        sqlx::query("SELECT id, phone, created_at FROM app_users WHERE id > ? ORDER BY id LIMIT ?")
            .bind(name(after))
            .bind(rows(limit))
            .fetch_all(&mut *db)
            .await?;
    let mut archived = Vec::with_capacity(found.len());
    for row in &found {
        let user = users::user(row)?;
        let devices = users::devices(db, &user.id).await?;
        archived.push(ArchivedUser { user, devices });
    }
    Ok(archived)
}

/// The accounts after that of `after`.
async fn accounts(
    db: &mut MySqlConnection,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<Account>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT user_id, email, name, password, created_at FROM accounts WHERE user_id > ? \
         ORDER BY user_id LIMIT ?",
    )
    .bind(name(after))
    .bind(rows(limit))
    .fetch_all(db)
    .await?;
    found.iter().map(accounts::account).collect()
}

/// No user is called by the empty name, and none comes before it.
fn name(after: Option<&UserId>) -> &str {
    after.map_or("", UserId::as_str)
}
