//! Statements that find calls.

use sqlx::{PgConnection, Row as _};
use voip_core::{
    Call, CallId, ProviderCallId, Timestamp,
    ports::{Held, IdempotencyKey},
};

use crate::row::{self, Columns as _, columns, rows};

/// The calls with these ids, in no order.
pub(super) async fn calls(db: &mut PgConnection, ids: &[CallId]) -> Result<Vec<Held>, sqlx::Error> {
    let ids: Vec<&[u8]> = ids.iter().map(id_bytes).collect();
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE id = ANY($1)"
    ))
    .bind(ids)
    .fetch_all(db)
    .await?;
    found.iter().map(row::read).collect()
}

/// The calls with these legs, in no order.
pub(super) async fn calls_by_leg(
    db: &mut PgConnection,
    legs: &[&ProviderCallId],
) -> Result<Vec<Held>, sqlx::Error> {
    let legs: Vec<&str> = legs.iter().map(|leg| leg.as_str()).collect();
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE provider_id = ANY($1)"
    ))
    .bind(legs)
    .fetch_all(db)
    .await?;
    found.iter().map(row::read).collect()
}

/// The call that keeps `call` from being added: that with its id, else that with
/// its leg, else that with its key.
pub(super) async fn known(
    db: &mut PgConnection,
    call: &Call,
    key: Option<&IdempotencyKey>,
) -> Result<Option<Held>, sqlx::Error> {
    let leg = call.provider_id.as_ref();
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE id = $1 OR provider_id = $2 \
         OR id = (SELECT id FROM idempotency_keys WHERE scope = $3 AND key = $4)"
    ))
    .bind(id_bytes(&call.id))
    .bind(leg.map(ProviderCallId::as_str))
    .bind(key.map(scope))
    .bind(key.map(IdempotencyKey::as_str))
    .fetch_all(db)
    .await?;
    let found = found
        .iter()
        .map(row::read)
        .collect::<Result<Vec<Held>, _>>()?;
    Ok(found.into_iter().min_by_key(|held| {
        if held.call.id == call.id {
            0
        } else if leg.is_some() && held.call.provider_id.as_ref() == leg {
            1
        } else {
            2
        }
    }))
}

/// The calls whose deadline has come.
pub(super) async fn due_calls(
    db: &mut PgConnection,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<CallId>, sqlx::Error> {
    let found =
        sqlx::query("SELECT id FROM calls WHERE deadline_at <= $1 ORDER BY deadline_at LIMIT $2")
            .bind(now.as_micros())
            .bind(rows(limit))
            .fetch_all(db)
            .await?;
    found.iter().map(|row| row.id(0)).collect()
}

/// Whether the server answers and has our tables.
pub(super) async fn ping(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    let found = sqlx::query("SELECT format FROM voip_schema")
        .fetch_one(db)
        .await?;
    found.try_get::<i64, _>(0).map(drop)
}

/// An id as its column holds it.
pub(super) fn id_bytes(id: &CallId) -> &[u8] {
    id.as_uuid().as_bytes()
}

/// Whose a key is; nobody's name is empty.
pub(super) fn scope(key: &IdempotencyKey) -> &str {
    key.scope.as_ref().map_or("", |user| user.as_str())
}
