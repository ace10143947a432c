//! Statements that find calls.

use sqlx::{PgConnection, Row as _};
use voip_core::{
    Call, CallId, ProviderCallId, Timestamp, UserId,
    ports::{Held, IdempotencyKey},
};

use super::{PostgresDriver, live};
use crate::{
    grouped::Finding,
    row::{self, Columns as _, columns, rows},
};

impl Finding for PostgresDriver {
    async fn calls(db: &mut PgConnection, ids: &[CallId]) -> Result<Vec<Held>, sqlx::Error> {
        let ids: Vec<&[u8]> = ids.iter().map(row::id_bytes).collect();
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

    async fn calls_by_leg(
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

    async fn known(
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
        .bind(row::id_bytes(&call.id))
        .bind(leg.map(ProviderCallId::as_str))
        .bind(key.map(row::scope))
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

    async fn due_calls(
        db: &mut PgConnection,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<CallId>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT id FROM calls WHERE deadline_at <= $1 ORDER BY deadline_at LIMIT $2",
        )
        .bind(now.as_micros())
        .bind(rows(limit))
        .fetch_all(db)
        .await?;
        found.iter().map(|row| row.id(0)).collect()
    }

    async fn live_calls(db: &mut PgConnection, user: &UserId) -> Result<Vec<Call>, sqlx::Error> {
        live::of(db, user).await
    }

    async fn ping(db: &mut PgConnection) -> Result<(), sqlx::Error> {
        let found = sqlx::query("SELECT format FROM voip_schema")
            .fetch_one(db)
            .await?;
        found.try_get::<i64, _>(0).map(drop)
    }
}
