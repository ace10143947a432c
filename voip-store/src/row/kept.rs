//! What is kept about calls, read from rows.

use voip_core::{
    CallId, Effect, ProviderCallId, Timestamp,
    ports::{ArchivedCall, LegReport},
};

use super::{
    call_row::{Columns, duration, maybe_time, parsed, read, time},
    numbers,
};

/// Reads a report on `leg` from a row of `report, status, at, duration, reason`.
pub(crate) fn report<R: Columns>(row: &R, leg: &ProviderCallId) -> Result<LegReport, R::Error> {
    let status = row.int(1)?.and_then(numbers::status);
    Ok(LegReport {
        leg: leg.clone(),
        status: status.ok_or_else(|| R::odd(1))?,
        at: maybe_time(row, 2)?,
        duration: duration(row, 3)?,
        reason: row.text(4)?.map(Into::into),
    })
}

/// Reads a call that is brought over, without its effects, from a row of
/// [`columns`](super::columns) and `deleted_at`.
pub(crate) fn archived<R: Columns>(row: &R) -> Result<ArchivedCall, R::Error> {
    Ok(ArchivedCall {
        call: read(row)?.call,
        deleted_at: maybe_time(row, 23)?,
        effects: Vec::new(),
    })
}

/// Reads an effect from a row of `id, effect, due_at`.
pub(crate) fn effect<R: Columns>(row: &R) -> Result<(CallId, Effect, Timestamp), R::Error> {
    Ok((row.id(0)?, parsed(row, 1)?, time(row, 2)?))
}
