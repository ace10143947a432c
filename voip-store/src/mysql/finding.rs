//! Statements that find calls.

use sqlx::{MySqlConnection, Row as _};
use voip_core::{
    Call, CallId, ProviderCallId, Timestamp, UserId,
    ports::{Held, IdempotencyKey},
};

use super::{
    MySqlDriver,
    connection::{Query, padded, repeated},
    live,
};
use crate::{
    grouped::Finding,
    row::{self, Columns as _, columns, rows},
};

impl Finding for MySqlDriver {
    async fn calls(db: &mut MySqlConnection, ids: &[CallId]) -> Result<Vec<Held>, sqlx::Error> {
        select("id", ids.len().next_power_of_two(), |query| {
            padded(ids).fold(query, |query, id| query.bind(row::id_bytes(id)))
        })
        .fetch_all(db)
        .await?
        .iter()
        .map(row::read)
        .collect()
    }

    async fn calls_by_leg(
        db: &mut MySqlConnection,
        legs: &[&ProviderCallId],
    ) -> Result<Vec<Held>, sqlx::Error> {
        select("provider_id", legs.len().next_power_of_two(), |query| {
            padded(legs).fold(query, |query, leg| query.bind(leg.as_str()))
        })
        .fetch_all(db)
        .await?
        .iter()
        .map(row::read)
        .collect()
    }

    async fn known(
        db: &mut MySqlConnection,
        call: &Call,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Held>, sqlx::Error> {
        if let Some(held) = Self::calls(db, &[call.id]).await?.pop() {
            return Ok(Some(held));
        }
        if let Some(leg) = &call.provider_id
            && let Some(held) = Self::calls_by_leg(db, &[leg]).await?.pop()
        {
            return Ok(Some(held));
        }
        let Some(key) = key else { return Ok(None) };
        let found = sqlx::query(concat!(
            "SELECT ",
            columns!("c."),
            " FROM idempotency_keys k JOIN calls c ON c.id = k.id WHERE k.scope = ? AND k.word = ?"
        ))
        .bind(row::scope(key))
        .bind(key.as_str())
        .fetch_optional(db)
        .await?;
        found.as_ref().map(row::read).transpose()
    }

    async fn due_calls(
        db: &mut MySqlConnection,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<CallId>, sqlx::Error> {
        let found =
            sqlx::query("SELECT id FROM calls WHERE deadline_at <= ? ORDER BY deadline_at LIMIT ?")
                .bind(now.as_micros())
                .bind(rows(limit))
                .fetch_all(db)
                .await?;
        found.iter().map(|row| row.id(0)).collect()
    }

    async fn live_calls(db: &mut MySqlConnection, user: &UserId) -> Result<Vec<Call>, sqlx::Error> {
        live::of(db, user).await
    }

    async fn ping(db: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let found = sqlx::query("SELECT format FROM voip_schema")
            .fetch_one(db)
            .await?;
        found.try_get::<i64, _>(0).map(drop)
    }
}

/// The calls where `column` is one of so many values.
fn select(column: &str, values: usize, bind: impl FnOnce(Query) -> Query) -> Query {
    let before = format!(
        concat!("SELECT ", columns!(), " FROM calls WHERE {} IN ("),
        column
    );
    bind(repeated(&before, "?", ", ", values, ")"))
}
