//! Statements about effects and kept reports.

use sqlx::{Connection as _, MySqlConnection, mysql::MySqlRow};
use voip_core::{
    CallId, Effect, ProviderCallId, Timestamp,
    ports::{ClaimedEffect, EffectLease, LegReport},
};

use super::{
    MySqlDriver,
    connection::{padded, repeated},
};
use crate::{
    grouped::{EffectTable, Settle},
    row::{self, Columns, REPORTS_KEPT, rows},
};

impl EffectTable for MySqlDriver {
    async fn claim(
        db: &mut MySqlConnection,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>, sqlx::Error> {
        // Sweeps ask all the time, and nearly always there is nothing.
        let any = sqlx::query("SELECT 1 FROM call_effects WHERE due_at <= ? LIMIT 1")
            .bind(now.as_micros())
            .fetch_optional(&mut *db)
            .await?;
        if any.is_none() {
            return Ok(Vec::new());
        }
        let mut transaction = db.begin().await?;
        let due = sqlx::query(
            "SELECT id, effect, attempts FROM call_effects WHERE due_at <= ? \
             ORDER BY due_at LIMIT ? FOR UPDATE SKIP LOCKED",
        )
        .bind(now.as_micros())
        .bind(rows(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let claimed = due
            .iter()
            .map(claimed_effect)
            .collect::<Result<Vec<_>, _>>()?;
        for claimed in &claimed {
            sqlx::query(
                "UPDATE call_effects SET due_at = ?, attempts = ? WHERE id = ? AND effect = ?",
            )
            .bind(lease_until.as_micros())
            .bind(claimed.attempt)
            .bind(row::id_bytes(&claimed.call))
            .bind(claimed.effect.as_str())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(claimed)
    }

    async fn renew(
        db: &mut MySqlConnection,
        leases: &[EffectLease],
        until: Timestamp,
    ) -> Result<(), sqlx::Error> {
        for leases in leases.chunks(AT_ONCE) {
            let query = repeated(
                "UPDATE call_effects SET due_at = ? WHERE ",
                "(id = ? AND effect = ? AND due_at = ?)",
                " OR ",
                leases.len().next_power_of_two(),
                "",
            );
            padded(leases)
                .fold(query.bind(until.as_micros()), |query, lease| {
                    query
                        .bind(row::id_bytes(&lease.call))
                        .bind(lease.effect.as_str())
                        .bind(lease.until.as_micros())
                })
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }

    async fn settle(db: &mut MySqlConnection, settles: &[Settle]) -> Result<(), sqlx::Error> {
        for settles in settles.chunks(AT_ONCE) {
            let query = repeated(
                "DELETE FROM call_effects WHERE ",
                "(id = ? AND effect = ? AND due_at = IFNULL(?, due_at))",
                " OR ",
                settles.len().next_power_of_two(),
                "",
            );
            padded(settles)
                .fold(query, |query, settle| {
                    query
                        .bind(row::id_bytes(&settle.call))
                        .bind(settle.effect.as_str())
                        .bind(settle.due)
                })
                .execute(&mut *db)
                .await?;
        }
        Ok(())
    }

    async fn keep_report(
        db: &mut MySqlConnection,
        report: &LegReport,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM kept_reports WHERE kept_at < ?")
            .bind((now - REPORTS_KEPT).as_micros())
            .execute(&mut *db)
            .await?;
        sqlx::query(
            "INSERT INTO kept_reports (leg, kept_at, status, at, duration, reason) \
             VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(report.leg.as_str())
        .bind(now.as_micros())
        .bind(row::status_number(report.status))
        .bind(report.at.map(Timestamp::as_micros))
        .bind(report.duration.map(row::micros))
        .bind(report.reason.as_deref())
        .execute(db)
        .await
        .map(drop)
    }

    async fn reported(
        db: &mut MySqlConnection,
        legs: &[&ProviderCallId],
    ) -> Result<Vec<ProviderCallId>, sqlx::Error> {
        let select = "SELECT leg FROM kept_reports WHERE leg IN (";
        let query = repeated(select, "?", ", ", legs.len().next_power_of_two(), ")");
        let found = padded(legs)
            .fold(query, |query, leg| query.bind(leg.as_str()))
            .fetch_all(db)
            .await?;
        found.iter().map(|row| row::parsed(row, 0)).collect()
    }

    async fn take_reports(
        db: &mut MySqlConnection,
        leg: &ProviderCallId,
    ) -> Result<Vec<LegReport>, sqlx::Error> {
        let mut transaction = db.begin().await?;
        let taken = sqlx::query(
            "SELECT report, status, at, duration, reason FROM kept_reports WHERE leg = ? \
             ORDER BY report FOR UPDATE",
        )
        .bind(leg.as_str())
        .fetch_all(&mut *transaction)
        .await?;
        let reports = taken.iter().map(|row| row::report(row, leg)).collect();
        sqlx::query("DELETE FROM kept_reports WHERE leg = ?")
            .bind(leg.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        reports
    }
}

fn claimed_effect(row: &MySqlRow) -> Result<ClaimedEffect, sqlx::Error> {
    let attempts = row.int(2)?.unwrap_or(0).saturating_add(1);
    Ok(ClaimedEffect {
        call: row.id(0)?,
        effect: row::parsed(row, 1)?,
        attempt: u32::try_from(attempts).unwrap_or(u32::MAX),
    })
}

/// Asks for effects. One asked for again counts as new.
pub(super) async fn add(
    db: &mut MySqlConnection,
    effects: &[(&CallId, Effect, Timestamp)],
) -> Result<(), sqlx::Error> {
    if effects.is_empty() {
        return Ok(());
    }
    let query = repeated(
        "INSERT INTO call_effects (id, effect, due_at, attempts) VALUES ",
        "(?, ?, ?, 0)",
        ", ",
        effects.len().next_power_of_two(),
        " ON DUPLICATE KEY UPDATE due_at = VALUES(due_at), attempts = 0",
    );
    padded(effects)
        .fold(query, |query, (call, effect, due)| {
            query
                .bind(row::id_bytes(call))
                .bind(effect.as_str())
                .bind(due.as_micros())
        })
        .execute(db)
        .await
        .map(drop)
}

/// The most effects that one statement deletes or renews.
const AT_ONCE: usize = 128;
