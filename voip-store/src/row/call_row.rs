//! Calls as rows.

use std::{str::FromStr, time::Duration};

use voip_core::{
    Answerer, BridgeEnd, Call, CallId, CallStatus, Ended, FarSide, FinalStatus, Party, State,
    Timestamp,
    ports::{Held, Version},
};

use super::numbers;

/// The columns that [`read`] expects, in its order.
macro_rules! columns {
    () => {
        "id, direction, from_party, to_party, owner, peer, created_at, version, status, \
         deadline_at, answered_at, answered_by, answered_on, bridge_outcome, bridge_at, \
         ended_at, duration, reason, told, provider_id, connects, trouble, far"
    };
    // The same, of the row that goes by the name `c`.
    ("c.") => {
        "c.id, c.direction, c.from_party, c.to_party, c.owner, c.peer, c.created_at, \
         c.version, c.status, c.deadline_at, c.answered_at, c.answered_by, c.answered_on, \
         c.bridge_outcome, c.bridge_at, c.ended_at, c.duration, c.reason, c.told, \
         c.provider_id, c.connects, c.trouble, c.far"
    };
}
pub(crate) use columns;

/// A row of some database, column by column.
pub(crate) trait Columns {
    /// What that database says when a value is not what was asked for.
    type Error;

    /// A whole number, or null.
    fn int(&self, column: usize) -> Result<Option<i64>, Self::Error>;

    /// A text, or null.
    fn text(&self, column: usize) -> Result<Option<&str>, Self::Error>;

    /// A call's id.
    fn id(&self, column: usize) -> Result<CallId, Self::Error>;

    /// The error for a value that this program has not written.
    fn odd(column: usize) -> Self::Error;
}

/// Reads a call from a row of [`columns`].
pub(crate) fn read<R: Columns>(row: &R) -> Result<Held, R::Error> {
    let call = Call {
        id: row.id(0)?,
        direction: numbers::direction(int(row, 1)?).ok_or_else(|| R::odd(1))?,
        from: Party::read(text(row, 2)?),
        to: Party::read(text(row, 3)?),
        owner: maybe_parsed(row, 4)?,
        peer: maybe_parsed(row, 5)?,
        provider_id: maybe_parsed(row, 19)?,
        far: far(row)?,
        created_at: time(row, 6)?,
        state: state(row)?,
        told: count(row, 18)?,
    };
    Ok(Held {
        call,
        version: Version(int(row, 7)?.unsigned_abs()),
    })
}

fn state<R: Columns>(row: &R) -> Result<State, R::Error> {
    let deadline = || time(row, 9);
    let status = numbers::status(int(row, 8)?).ok_or_else(|| R::odd(8))?;
    Ok(match status {
        CallStatus::Initiated => State::Initiated {
            check_at: deadline()?,
        },
        CallStatus::Queued => State::Queued {
            check_at: deadline()?,
        },
        CallStatus::Ringing => State::Ringing { until: deadline()? },
        CallStatus::InProgress => State::InProgress {
            answered_at: time(row, 10)?,
            by: answerer(row)?,
            connects: count(row, 20)?,
            bridge: bridge(row)?,
            check_at: deadline()?,
        },
        CallStatus::Completed => ended(row, FinalStatus::Completed)?,
        CallStatus::Busy => ended(row, FinalStatus::Busy)?,
        CallStatus::NoAnswer => ended(row, FinalStatus::NoAnswer)?,
        CallStatus::Failed => ended(row, FinalStatus::Failed)?,
        CallStatus::Canceled => ended(row, FinalStatus::Canceled)?,
    })
}

fn ended<R: Columns>(row: &R, status: FinalStatus) -> Result<State, R::Error> {
    Ok(State::Ended(Ended {
        status,
        at: time(row, 15)?,
        answered_at: maybe_time(row, 10)?,
        duration: duration(row, 16)?,
        reason: row.text(17)?.map(Into::into),
        trouble: maybe_parsed(row, 21)?,
    }))
}

fn far<R: Columns>(row: &R) -> Result<Option<FarSide>, R::Error> {
    let far = row.text(22)?.map(serde_json::from_str).transpose();
    far.map_err(|_| R::odd(22))
}

fn answerer<R: Columns>(row: &R) -> Result<Option<Answerer>, R::Error> {
    let Some(user) = maybe_parsed(row, 11)? else {
        return Ok(None);
    };
    let device = text(row, 12)?.into();
    Ok(Some(Answerer { user, device }))
}

fn bridge<R: Columns>(row: &R) -> Result<Option<BridgeEnd>, R::Error> {
    let Some(outcome) = row.int(13)? else {
        return Ok(None);
    };
    Ok(Some(BridgeEnd {
        outcome: numbers::outcome(outcome).ok_or_else(|| R::odd(13))?,
        at: time(row, 14)?,
    }))
}

/// A moment.
pub(crate) fn time<R: Columns>(row: &R, column: usize) -> Result<Timestamp, R::Error> {
    int(row, column).map(Timestamp::from_micros)
}

/// A moment, or none.
pub(crate) fn maybe_time<R: Columns>(
    row: &R,
    column: usize,
) -> Result<Option<Timestamp>, R::Error> {
    Ok(row.int(column)?.map(Timestamp::from_micros))
}

/// A duration, or none.
pub(crate) fn duration<R: Columns>(row: &R, column: usize) -> Result<Option<Duration>, R::Error> {
    let micros = row.int(column)?;
    Ok(micros.map(|micros| Duration::from_micros(micros.unsigned_abs())))
}

/// A value whose type checks its text.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn parsed<R: Columns, T: FromStr>(row: &R, column: usize) -> Result<T, R::Error> {
    text(row, column)?.parse().map_err(|_| R::odd(column))
}

/// A value whose type checks its text, or none.
pub(crate) fn maybe_parsed<R: Columns, T: FromStr>(
    row: &R,
    column: usize,
) -> Result<Option<T>, R::Error> {
    let text = row.text(column)?;
    let value = text.map(str::parse).transpose();
    value.map_err(|_| R::odd(column))
}

fn int<R: Columns>(row: &R, column: usize) -> Result<i64, R::Error> {
    row.int(column)?.ok_or_else(|| R::odd(column))
}

fn text<R: Columns>(row: &R, column: usize) -> Result<&str, R::Error> {
    row.text(column)?.ok_or_else(|| R::odd(column))
}

fn count<R: Columns>(row: &R, column: usize) -> Result<u32, R::Error> {
    u32::try_from(int(row, column)?).map_err(|_| R::odd(column))
}
