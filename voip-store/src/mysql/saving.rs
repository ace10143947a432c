//! Statements that put calls on record, many at a time.

use sqlx::{Connection as _, MySqlConnection};
use voip_core::{
    Call, CallId, ProviderCallId, UserId,
    ports::{IdempotencyKey, NewCall},
};

use super::{
    connection::{Query, repeated},
    effects, log_lines,
};
use crate::row::{self, StateColumns};

/// Adds calls, in a transaction that is begun already. Fails as taken where the
/// id, leg or key of any is somebody's.
pub(super) async fn insert(db: &mut MySqlConnection, news: &[&NewCall]) -> Result<(), sqlx::Error> {
    let mut query = repeated(
        "INSERT INTO calls (id, direction, from_party, to_party, owner, peer, created_at, \
         version, status, deadline_at, answered_at, answered_by, answered_on, bridge_outcome, \
         bridge_at, ended_at, duration, reason, told, provider_id, connects, trouble, far, \
         live_owner, live_peer) VALUES ",
        "(?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ", ",
        news.len(),
        "",
    );
    for new in news {
        query = row_of(query, &new.call)?;
    }
    query.execute(&mut *db).await?;
    let keys: Vec<(&IdempotencyKey, &CallId)> = news
        .iter()
        .filter_map(|new| Some((new.key.as_ref()?, &new.call.id)))
        .collect();
    if !keys.is_empty() {
        let insert = "INSERT INTO idempotency_keys (scope, word, id) VALUES ";
        let query = repeated(insert, "(?, ?, ?)", ", ", keys.len(), "");
        keys.iter()
            .fold(query, |query, (key, id)| {
                query
                    .bind(row::scope(key))
                    .bind(key.as_str())
                    .bind(row::id_bytes(id))
            })
            .execute(&mut *db)
            .await?;
    }
    let calls: Vec<&Call> = news.iter().map(|new| &new.call).collect();
    log_lines::add(db, &calls).await?;
    let asked: Vec<_> = news
        .iter()
        .flat_map(|new| {
            let effects = new.effects.iter();
            effects.map(|effect| (&new.call.id, *effect, new.effects_due))
        })
        .collect();
    effects::add(db, &asked).await
}

fn row_of(query: Query, call: &Call) -> Result<Query, sqlx::Error> {
    let state = StateColumns::of(&call.state);
    let owner = call.owner.as_ref().map(UserId::as_str);
    let peer = call.peer.as_ref().map(UserId::as_str);
    let live = !call.is_over();
    Ok(query
        .bind(row::id_bytes(&call.id))
        .bind(row::direction_number(call.direction))
        .bind(call.from.expose())
        .bind(call.to.expose())
        .bind(owner)
        .bind(peer)
        .bind(call.created_at.as_micros())
        .bind(row::status_number(call.status()))
        .bind(state.deadline_at)
        .bind(state.answered_at)
        .bind(state.answered_by)
        .bind(state.answered_on)
        .bind(state.bridge_outcome)
        .bind(state.bridge_at)
        .bind(state.ended_at)
        .bind(state.duration)
        .bind(state.reason)
        .bind(call.told)
        .bind(call.provider_id.as_ref().map(ProviderCallId::as_str))
        .bind(state.connects)
        .bind(state.trouble)
        .bind(far(call)?)
        .bind(owner.filter(|_| live))
        .bind(peer.filter(|_| live)))
}

pub(super) fn far(call: &Call) -> Result<Option<String>, sqlx::Error> {
    row::far_text(call).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// Deletes all calls and what hangs on them.
pub(super) async fn clear(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let mut transaction = db.begin().await?;
    // Where MariaDB reads the comment, for as long as it takes.
    sqlx::raw_sql(
        "SET @patience = 0 /*M!, @patience = @@max_statement_time, max_statement_time = 0 */; \
         DELETE FROM call_effects; DELETE FROM log_lines; DELETE FROM idempotency_keys; \
         DELETE FROM kept_reports",
    )
    .execute(&mut *transaction)
    .await?;
    let calls = sqlx::raw_sql("DELETE FROM calls")
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    sqlx::raw_sql("SET @done = 1 /*M!, max_statement_time = @patience */")
        .execute(db)
        .await?;
    Ok(calls.rows_affected())
}
