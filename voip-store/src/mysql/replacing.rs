//! Statements that replace calls, many at a time.

use std::collections::HashSet;

use serde_json::{Map, Value, json};
use sqlx::MySqlConnection;
use voip_core::{CallId, ProviderCallId};

use super::{
    connection::{padded, repeated},
    effects,
    saving::far,
};
use crate::{
    grouped::Replacing,
    row::{self, Columns as _, StateColumns},
};

/// Replaces what a step may change of those calls that are at the version named,
/// and tells their ids. Several take a transaction that is begun already and in
/// which nothing was done; the calls are in the order of their ids.
pub(super) async fn replace(
    db: &mut MySqlConnection,
    replacing: &[&Replacing],
) -> Result<HashSet<CallId>, sqlx::Error> {
    if let [next] = replacing {
        return replace_one(db, next).await;
    }
    // Nearly always it is all of them.
    if update(db, replacing).await? == replacing.len() {
        return replaced(db, replacing).await;
    }
    // It was some, and nobody knows which. A new transaction begins in place of
    // the old one, so that for the driver it is still the same.
    sqlx::raw_sql("ROLLBACK AND CHAIN")
        .execute(&mut *db)
        .await?;
    let next = lock(db, replacing).await?;
    if next.is_empty() {
        return Ok(HashSet::new());
    }
    if update(db, &next).await? != next.len() {
        let message = "rows that are locked at their version were not updated";
        return Err(sqlx::Error::Protocol(message.to_owned()));
    }
    replaced(db, &next).await
}

/// Takes hold of the calls, and tells which are at the version named.
async fn lock<'a>(
    db: &mut MySqlConnection,
    replacing: &[&'a Replacing],
) -> Result<Vec<&'a Replacing>, sqlx::Error> {
    let select = "SELECT id, version FROM calls WHERE id IN (";
    let times = replacing.len().next_power_of_two();
    let query = repeated(select, "?", ", ", times, ") ORDER BY id FOR UPDATE");
    let held = padded(replacing)
        .fold(query, |query, next| {
            query.bind(row::id_bytes(&next.call.id))
        })
        .fetch_all(db)
        .await?;
    let mut at_version = HashSet::with_capacity(held.len());
    for row in &held {
        at_version.insert((row.id(0)?, row.int(1)?));
    }
    let next = replacing.iter().copied();
    Ok(next
        .filter(|next| at_version.contains(&(next.call.id, before(next))))
        .collect())
}

/// Updates the calls that are at the version named, and tells how many are.
async fn update(db: &mut MySqlConnection, replacing: &[&Replacing]) -> Result<usize, sqlx::Error> {
    let rows = replacing
        .iter()
        .map(|next| changes(next))
        .collect::<Result<Vec<_>, _>>()?;
    let updated = sqlx::query(
        "UPDATE JSON_TABLE(?, '$[*]' COLUMNS (id CHAR(32) PATH '$.id', \
         version BIGINT PATH '$.version', status BIGINT PATH '$.status', \
         told BIGINT PATH '$.told', deadline_at BIGINT PATH '$.deadline_at', \
         answered_at BIGINT PATH '$.answered_at', \
         answered_by VARCHAR(128) CHARACTER SET utf8mb4 PATH '$.answered_by', \
         answered_on MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.answered_on', \
         bridge_outcome BIGINT PATH '$.bridge_outcome', bridge_at BIGINT PATH '$.bridge_at', \
         ended_at BIGINT PATH '$.ended_at', duration BIGINT PATH '$.duration', \
         reason MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.reason', \
         connects BIGINT PATH '$.connects', trouble VARCHAR(64) PATH '$.trouble', \
         far MEDIUMTEXT CHARACTER SET utf8mb4 PATH '$.far', \
         provider_id VARCHAR(64) PATH '$.provider_id')) next \
         STRAIGHT_JOIN calls c ON c.id = CAST(UNHEX(next.id) AS BINARY(16)) \
         AND c.version = next.version \
         SET c.version = next.version + 1, c.status = next.status, c.told = next.told, \
         c.deadline_at = next.deadline_at, c.answered_at = next.answered_at, \
         c.answered_by = next.answered_by, c.answered_on = next.answered_on, \
         c.bridge_outcome = next.bridge_outcome, c.bridge_at = next.bridge_at, \
         c.ended_at = next.ended_at, c.duration = next.duration, c.reason = next.reason, \
         c.connects = next.connects, c.trouble = next.trouble, c.far = next.far, \
         c.provider_id = next.provider_id, \
         c.live_owner = IF(next.ended_at IS NULL, c.live_owner, NULL), \
         c.live_peer = IF(next.ended_at IS NULL, c.live_peer, NULL)",
    )
    .bind(Value::Array(rows).to_string())
    .execute(&mut *db)
    .await?;
    Ok(updated.rows_affected() as usize)
}

/// Asks for the effects of calls that were replaced; tells their ids.
async fn replaced(
    db: &mut MySqlConnection,
    replacing: &[&Replacing],
) -> Result<HashSet<CallId>, sqlx::Error> {
    let asked: Vec<_> = replacing
        .iter()
        .flat_map(|next| {
            let effects = next.effects.iter();
            effects.map(|effect| (&next.call.id, *effect, next.effects_due))
        })
        .collect();
    effects::add(db, &asked).await?;
    Ok(replacing.iter().map(|next| next.call.id).collect())
}

async fn replace_one(
    db: &mut MySqlConnection,
    next: &Replacing,
) -> Result<HashSet<CallId>, sqlx::Error> {
    let call = &next.call;
    let state = StateColumns::of(&call.state);
    let changed = sqlx::query(
        "UPDATE calls SET version = version + 1, status = ?, told = ?, deadline_at = ?, \
         answered_at = ?, answered_by = ?, answered_on = ?, bridge_outcome = ?, bridge_at = ?, \
         ended_at = ?, duration = ?, reason = ?, connects = ?, trouble = ?, far = ?, \
         provider_id = ?, live_owner = IF(?, NULL, live_owner), \
         live_peer = IF(?, NULL, live_peer) WHERE id = ? AND version = ?",
    )
    .bind(row::status_number(call.status()))
    .bind(call.told)
    .bind(state.deadline_at)
    .bind(state.answered_at)
    .bind(state.answered_by)
    .bind(state.answered_on)
    .bind(state.bridge_outcome)
    .bind(state.bridge_at)
    .bind(state.ended_at)
    .bind(state.duration)
    .bind(state.reason)
    .bind(state.connects)
    .bind(state.trouble)
    .bind(far(call)?)
    .bind(call.provider_id.as_ref().map(ProviderCallId::as_str))
    .bind(call.is_over())
    .bind(call.is_over())
    .bind(row::id_bytes(&call.id))
    .bind(before(next))
    .execute(&mut *db)
    .await?;
    if changed.rows_affected() == 0 {
        return Ok(HashSet::new());
    }
    let asked: Vec<_> = next
        .effects
        .iter()
        .map(|effect| (&call.id, *effect, next.effects_due))
        .collect();
    effects::add(db, &asked).await?;
    Ok(HashSet::from([call.id]))
}

/// The version that a call is to be at; one beyond an i64 was never handed out.
fn before(next: &Replacing) -> Option<i64> {
    i64::try_from(next.version.0).ok()
}

/// What changes of a call, as JSON. What is not there becomes null.
fn changes(next: &Replacing) -> Result<Value, sqlx::Error> {
    let call = &next.call;
    let state = StateColumns::of(&call.state);
    let mut changes = Map::new();
    let mut set = |column: &str, value: Option<Value>| {
        if let Some(value) = value {
            changes.insert(column.to_owned(), value);
        }
    };
    let number = |number: Option<i64>| number.map(Value::from);
    let text = |text: Option<&str>| text.map(Value::from);
    set("id", Some(json!(call.id.as_uuid().as_simple().to_string())));
    // The one it is to be at; without one it is at none.
    set("version", number(before(next)));
    set("status", Some(row::status_number(call.status()).into()));
    set("told", Some(call.told.into()));
    set("deadline_at", number(state.deadline_at));
    set("answered_at", number(state.answered_at));
    set("answered_by", text(state.answered_by));
    set("answered_on", text(state.answered_on));
    set("bridge_outcome", number(state.bridge_outcome));
    set("bridge_at", number(state.bridge_at));
    set("ended_at", number(state.ended_at));
    set("duration", number(state.duration));
    set("reason", text(state.reason));
    set("connects", number(state.connects.map(i64::from)));
    set("trouble", text(state.trouble));
    set("far", far(call)?.map(Value::from));
    let leg = call.provider_id.as_ref();
    set("provider_id", text(leg.map(ProviderCallId::as_str)));
    Ok(Value::Object(changes))
}
