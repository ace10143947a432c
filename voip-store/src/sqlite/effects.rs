//! Statements about effects and kept reports.

use rusqlite::{Connection, OptionalExtension as _, Row, params};
use voip_core::{
    CallId, Effect, ProviderCallId, Timestamp,
    ports::{ClaimedEffect, EffectLease, LegReport},
};

use super::{call_row, finding::rows};
use crate::row::REPORTS_KEPT;

/// Whether an effect is due.
pub(super) fn any_due(db: &Connection, now: Timestamp) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT 1 FROM call_effects WHERE due_at <= ? LIMIT 1")?
        .exists([now.as_micros()])
}

/// Takes effects that are due.
pub(super) fn claim(
    db: &Connection,
    now: Timestamp,
    lease_until: Timestamp,
    limit: usize,
) -> rusqlite::Result<Vec<ClaimedEffect>> {
    let due = db
        .prepare_cached(
            "SELECT id, effect, attempts FROM call_effects \
             WHERE due_at <= ? ORDER BY due_at LIMIT ?",
        )?
        .query_map((now.as_micros(), rows(limit)), claimed)?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    let mut update = db.prepare_cached(
        "UPDATE call_effects SET due_at = ?, attempts = ? WHERE id = ? AND effect = ?",
    )?;
    for claimed in &due {
        update.execute(params![
            lease_until.as_micros(),
            claimed.attempt,
            claimed.call.as_uuid().as_bytes(),
            claimed.effect.as_str()
        ])?;
    }
    Ok(due)
}

fn claimed(row: &Row<'_>) -> rusqlite::Result<ClaimedEffect> {
    let effect = call_row::parsed(1, row.get_ref(1)?.as_str()?)?;
    let attempts: u32 = row.get(2)?;
    Ok(ClaimedEffect {
        call: call_row::id(row, 0)?,
        effect,
        attempt: attempts.saturating_add(1),
    })
}

/// Moves the end of leases that are as they are told.
pub(super) fn renew(
    db: &Connection,
    leases: &[EffectLease],
    until: Timestamp,
) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached(
        "UPDATE call_effects SET due_at = ? WHERE id = ? AND effect = ? AND due_at = ?",
    )?;
    for lease in leases {
        update.execute(params![
            until.as_micros(),
            lease.call.as_uuid().as_bytes(),
            lease.effect.as_str(),
            lease.until.as_micros(),
        ])?;
    }
    Ok(())
}

/// Deletes an effect.
pub(super) fn settle(db: &Connection, call: &CallId, effect: Effect) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM call_effects WHERE id = ? AND effect = ?")?
        .execute(params![call.as_uuid().as_bytes(), effect.as_str()])
        .map(drop)
}

/// Keeps a report and forgets old ones.
pub(super) fn keep(db: &Connection, report: &LegReport, now: Timestamp) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM kept_reports WHERE kept_at < ?")?
        .execute([(now - REPORTS_KEPT).as_micros()])?;
    db.prepare_cached(
        "INSERT INTO kept_reports (leg, kept_at, status, at, duration, reason) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        report.leg.as_str(),
        now.as_micros(),
        call_row::status_number(report.status),
        report.at.map(Timestamp::as_micros),
        report.duration.map(call_row::micros),
        report.reason,
    ])
    .map(drop)
}

/// Whether any report is kept.
pub(super) fn any_kept(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT EXISTS (SELECT 1 FROM kept_reports)", [], |row| {
        row.get(0)
    })
}

/// Whether a report on this leg is kept.
pub(super) fn is_kept(db: &Connection, leg: &ProviderCallId) -> rusqlite::Result<bool> {
    let mut select = db.prepare_cached("SELECT 1 FROM kept_reports WHERE leg = ? LIMIT 1")?;
    select
        .query_row([leg.as_str()], |_| Ok(()))
        .optional()
        .map(|found| found.is_some())
}

/// Takes back the reports on a leg.
pub(super) fn take(db: &Connection, leg: &ProviderCallId) -> rusqlite::Result<Vec<LegReport>> {
    let reports = db
        .prepare_cached(
            "SELECT status, at, duration, reason FROM kept_reports WHERE leg = ? ORDER BY report",
        )?
        .query_map([leg.as_str()], |row| {
            Ok(LegReport {
                leg: leg.clone(),
                status: call_row::status(row, 0)?,
                at: call_row::maybe_time(row, 1)?,
                duration: call_row::duration(row, 2)?,
                reason: row.get(3)?,
            })
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    db.prepare_cached("DELETE FROM kept_reports WHERE leg = ?")?
        .execute([leg.as_str()])?;
    Ok(reports)
}
