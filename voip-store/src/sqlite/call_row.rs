//! Calls as rows.

use std::{sync::Arc, time::Duration};

use rusqlite::{Row, types::Type};
use voip_core::{
    Answerer, BridgeEnd, BridgeOutcome, Call, CallId, CallStatus, Direction, Ended, FarSide,
    FinalStatus, Party, State, Timestamp, Trouble, UserId,
    ports::{Held, Version},
};

/// The columns that [`read`] expects, in its order.
macro_rules! columns {
    () => {
        "id, direction, from_party, to_party, owner, peer, created_at, version, status, \
         deadline_at, answered_at, answered_by, answered_on, bridge_outcome, bridge_at, \
         ended_at, duration, reason, told, provider_id, connects, trouble, far"
    };
}
pub(super) use columns;

/// What a state is in columns.
#[derive(Debug, Default)]
pub(super) struct StateColumns<'a> {
    pub(super) deadline_at: Option<i64>,
    pub(super) answered_at: Option<i64>,
    pub(super) answered_by: Option<&'a str>,
    pub(super) answered_on: Option<&'a str>,
    pub(super) bridge_outcome: Option<i64>,
    pub(super) bridge_at: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) duration: Option<i64>,
    pub(super) reason: Option<&'a str>,
    pub(super) connects: Option<u32>,
    pub(super) trouble: Option<&'static str>,
}

impl<'a> StateColumns<'a> {
    pub(super) fn of(state: &'a State) -> Self {
        let deadline_at = state.deadline().map(Timestamp::as_micros);
        match state {
            State::Initiated { .. } | State::Queued { .. } | State::Ringing { .. } => Self {
                deadline_at,
                ..Self::default()
            },
            State::InProgress {
                answered_at,
                by,
                connects,
                bridge,
                check_at: _,
            } => Self {
                connects: Some(*connects),
                deadline_at,
                answered_at: Some(answered_at.as_micros()),
                answered_by: by.as_ref().map(|by| by.user.as_str()),
                answered_on: by.as_ref().map(|by| &*by.device),
                bridge_outcome: bridge.map(|bridge| outcome_number(bridge.outcome)),
                bridge_at: bridge.map(|bridge| bridge.at.as_micros()),
                ..Self::default()
            },
            State::Ended(ended) => Self {
                answered_at: ended.answered_at.map(Timestamp::as_micros),
                ended_at: Some(ended.at.as_micros()),
                duration: ended.duration.map(micros),
                reason: ended.reason.as_deref(),
                trouble: ended.trouble.map(Trouble::as_str),
                ..Self::default()
            },
        }
    }
}

/// Reads a call from a row of [`columns`].
pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Held> {
    let owner: Option<&str> = row.get_ref(4)?.as_str_or_null()?;
    let peer: Option<&str> = row.get_ref(5)?.as_str_or_null()?;
    let provider_id = row.get_ref(19)?.as_str_or_null()?;
    let call = Call {
        id: id(row, 0)?,
        direction: direction(row, 1)?,
        from: Party::read(row.get_ref(2)?.as_str()?),
        to: Party::read(row.get_ref(3)?.as_str()?),
        owner: owner.map(|text| parsed(4, text)).transpose()?,
        peer: peer.map(|text| parsed(5, text)).transpose()?,
        provider_id: provider_id.map(|text| parsed(19, text)).transpose()?,
        far: far(row)?,
        created_at: time(row, 6)?,
        state: state(row)?,
        told: row.get(18)?,
    };
    let version: i64 = row.get(7)?;
    Ok(Held {
        call,
        version: Version(version.unsigned_abs()),
    })
}

fn state(row: &Row<'_>) -> rusqlite::Result<State> {
    let deadline = || time(row, 9);
    let status = status(row, 8)?;
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
            connects: row.get(20)?,
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

fn ended(row: &Row<'_>, status: FinalStatus) -> rusqlite::Result<State> {
    Ok(State::Ended(Ended {
        status,
        at: time(row, 15)?,
        answered_at: maybe_time(row, 10)?,
        duration: duration(row, 16)?,
        reason: row.get(17)?,
        trouble: trouble(row)?,
    }))
}

fn trouble(row: &Row<'_>) -> rusqlite::Result<Option<Trouble>> {
    let text = row.get_ref(21)?.as_str_or_null()?;
    text.map(|text| parsed(21, text)).transpose()
}

/// The far side as text: only calls of voice clients have one, and nothing
/// looks for what is in it.
pub(super) fn far_text(call: &Call) -> rusqlite::Result<Option<String>> {
    let text = call.far.as_ref().map(serde_json::to_string).transpose();
    text.map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn far(row: &Row<'_>) -> rusqlite::Result<Option<FarSide>> {
    let text = row.get_ref(22)?.as_str_or_null()?;
    let far = text.map(serde_json::from_str).transpose();
    far.map_err(|_| odd(22, Type::Text))
}

fn answerer(row: &Row<'_>) -> rusqlite::Result<Option<Answerer>> {
    let Some(user) = row.get_ref(11)?.as_str_or_null()? else {
        return Ok(None);
    };
    let user: UserId = parsed(11, user)?;
    let device: Arc<str> = row.get(12)?;
    Ok(Some(Answerer { user, device }))
}

fn bridge(row: &Row<'_>) -> rusqlite::Result<Option<BridgeEnd>> {
    let outcome: Option<i64> = row.get(13)?;
    let Some(outcome) = outcome else {
        return Ok(None);
    };
    let outcome = match outcome {
        0 => BridgeOutcome::Connected,
        1 => BridgeOutcome::Unanswered,
        _ => return Err(odd(13, Type::Integer)),
    };
    Ok(Some(BridgeEnd {
        outcome,
        at: time(row, 14)?,
    }))
}

const fn outcome_number(outcome: BridgeOutcome) -> i64 {
    match outcome {
        BridgeOutcome::Connected => 0,
        BridgeOutcome::Unanswered => 1,
    }
}

pub(super) const fn direction_number(direction: Direction) -> i64 {
    match direction {
        Direction::Inbound => 0,
        Direction::Outbound => 1,
    }
}

pub(super) fn direction(row: &Row<'_>, column: usize) -> rusqlite::Result<Direction> {
    match row.get(column)? {
        0 => Ok(Direction::Inbound),
        1 => Ok(Direction::Outbound),
        _ => Err(odd(column, Type::Integer)),
    }
}

/// The number of a status in storage. Never to be changed.
pub(super) const fn status_number(status: CallStatus) -> i64 {
    match status {
        CallStatus::Initiated => 0,
        CallStatus::Queued => 1,
        CallStatus::Ringing => 2,
        CallStatus::InProgress => 3,
        CallStatus::Completed => 4,
        CallStatus::Busy => 5,
        CallStatus::NoAnswer => 6,
        CallStatus::Failed => 7,
        CallStatus::Canceled => 8,
    }
}

pub(super) fn status(row: &Row<'_>, column: usize) -> rusqlite::Result<CallStatus> {
    match row.get(column)? {
        0 => Ok(CallStatus::Initiated),
        1 => Ok(CallStatus::Queued),
        2 => Ok(CallStatus::Ringing),
        3 => Ok(CallStatus::InProgress),
        4 => Ok(CallStatus::Completed),
        5 => Ok(CallStatus::Busy),
        6 => Ok(CallStatus::NoAnswer),
        7 => Ok(CallStatus::Failed),
        8 => Ok(CallStatus::Canceled),
        _ => Err(odd(column, Type::Integer)),
    }
}

pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<CallId> {
    let bytes: [u8; 16] = row.get(column)?;
    Ok(CallId::from_uuid(uuid::Uuid::from_bytes(bytes)))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

pub(super) fn maybe_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(Timestamp::from_micros))
}

/// A duration in storage, in microseconds.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

pub(super) fn duration(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Duration>> {
    let micros: Option<i64> = row.get(column)?;
    Ok(micros.map(|micros| Duration::from_micros(micros.unsigned_abs())))
}

/// Reads a value whose type checks its text.
pub(super) fn parsed<T: std::str::FromStr>(column: usize, text: &str) -> rusqlite::Result<T> {
    text.parse().map_err(|_| odd(column, Type::Text))
}

/// A value that this program has not written.
pub(super) fn odd(column: usize, kind: Type) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(column, String::new(), kind)
}
