//! Statements about effects and kept reports.

use sqlx::{PgConnection, Row as _, postgres::PgRow};
use voip_core::{
    ProviderCallId, Timestamp,
    ports::{ClaimedEffect, EffectLease, LegReport},
};

use super::PostgresDriver;
use crate::{
    grouped::{EffectTable, Settle},
    row::{self, Columns, REPORTS_KEPT, rows, without_nul},
};

impl EffectTable for PostgresDriver {
    async fn claim(
        db: &mut PgConnection,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>, sqlx::Error> {
        let claimed = sqlx::query(
            "WITH due AS MATERIALIZED (SELECT id, effect, due_at FROM call_effects \
             WHERE due_at <= $1 ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED) \
             UPDATE call_effects e SET due_at = $2, attempts = e.attempts + 1 FROM due \
             WHERE e.id = due.id AND e.effect = due.effect \
             RETURNING e.id, e.effect, e.attempts, due.due_at",
        )
        .bind(now.as_micros())
        .bind(lease_until.as_micros())
        .bind(rows(limit))
        .fetch_all(db)
        .await?;
        let mut claimed = claimed
            .iter()
            .map(claimed_effect)
            .collect::<Result<Vec<_>, _>>()?;
        claimed.sort_by_key(|(due, _)| *due);
        Ok(claimed.into_iter().map(|(_, claimed)| claimed).collect())
    }

    async fn renew(
        db: &mut PgConnection,
        leases: &[EffectLease],
        until: Timestamp,
    ) -> Result<(), sqlx::Error> {
        let ids: Vec<&[u8]> = leases
            .iter()
            .map(|lease| row::id_bytes(&lease.call))
            .collect();
        let effects: Vec<&str> = leases.iter().map(|lease| lease.effect.as_str()).collect();
        let due: Vec<i64> = leases.iter().map(|lease| lease.until.as_micros()).collect();
        sqlx::query(
            "UPDATE call_effects e SET due_at = $4 \
             FROM unnest($1::bytea[], $2::text[], $3::bigint[]) AS l (id, effect, due_at) \
             WHERE e.id = l.id AND e.effect = l.effect AND e.due_at = l.due_at",
        )
        .bind(ids)
        .bind(effects)
        .bind(due)
        .bind(until.as_micros())
        .execute(db)
        .await
        .map(drop)
    }

    async fn settle(db: &mut PgConnection, settles: &[Settle]) -> Result<(), sqlx::Error> {
        let ids: Vec<&[u8]> = settles
            .iter()
            .map(|settle| row::id_bytes(&settle.call))
            .collect();
        let effects: Vec<&str> = settles
            .iter()
            .map(|settle| settle.effect.as_str())
            .collect();
        let due: Vec<Option<i64>> = settles.iter().map(|settle| settle.due).collect();
        sqlx::query(
            "DELETE FROM call_effects e \
             USING unnest($1::bytea[], $2::text[], $3::bigint[]) AS s (id, effect, due_at) \
             WHERE e.id = s.id AND e.effect = s.effect \
             AND (s.due_at IS NULL OR e.due_at = s.due_at)",
        )
        .bind(ids)
        .bind(effects)
        .bind(due)
        .execute(db)
        .await
        .map(drop)
    }

    async fn keep_report(
        db: &mut PgConnection,
        report: &LegReport,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(
            "WITH old AS (DELETE FROM kept_reports WHERE kept_at < $1) \
             INSERT INTO kept_reports (leg, kept_at, status, at, duration, reason) \
             VALUES ($2, $3, $4, $5, $6, $7)",
        )
        .bind((now - REPORTS_KEPT).as_micros())
        .bind(report.leg.as_str())
        .bind(now.as_micros())
        .bind(row::status_number(report.status))
        .bind(report.at.map(Timestamp::as_micros))
        .bind(report.duration.map(row::micros))
        .bind(report.reason.as_deref().map(without_nul::text))
        .execute(db)
        .await
        .map(drop)
    }

    async fn reported(
        db: &mut PgConnection,
        legs: &[&ProviderCallId],
    ) -> Result<Vec<ProviderCallId>, sqlx::Error> {
        let legs: Vec<&str> = legs.iter().map(|leg| leg.as_str()).collect();
        let found = sqlx::query("SELECT leg FROM kept_reports WHERE leg = ANY($1)")
            .bind(legs)
            .fetch_all(db)
            .await?;
        found.iter().map(|row| row::parsed(row, 0)).collect()
    }

    async fn take_reports(
        db: &mut PgConnection,
        leg: &ProviderCallId,
    ) -> Result<Vec<LegReport>, sqlx::Error> {
        let taken = sqlx::query(
            "DELETE FROM kept_reports WHERE leg = $1 RETURNING report, status, at, duration, reason",
        )
        .bind(leg.as_str())
        .fetch_all(db)
        .await?;
        let mut reports = taken
            .iter()
            .map(|row| Ok((row.try_get::<i64, _>(0)?, row::report(row, leg)?)))
            .collect::<Result<Vec<_>, sqlx::Error>>()?;
        reports.sort_by_key(|(place, _)| *place);
        Ok(reports.into_iter().map(|(_, report)| report).collect())
    }
}

fn claimed_effect(row: &PgRow) -> Result<(i64, ClaimedEffect), sqlx::Error> {
    let attempts: i64 = row.try_get(2)?;
    let claimed = ClaimedEffect {
        call: row.id(0)?,
        effect: row::parsed(row, 1)?,
        attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
    };
    Ok((row.try_get(3)?, claimed))
}
