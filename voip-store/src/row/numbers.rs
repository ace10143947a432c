//! The numbers that stand for our words in storage. Never to be changed.

use std::time::Duration;

use voip_core::{BridgeOutcome, CallStatus, Direction};

/// The number of a status.
pub(crate) const fn status_number(status: CallStatus) -> i64 {
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

/// The status with this number.
pub(crate) const fn status(number: i64) -> Option<CallStatus> {
    match number {
        0 => Some(CallStatus::Initiated),
        1 => Some(CallStatus::Queued),
        2 => Some(CallStatus::Ringing),
        3 => Some(CallStatus::InProgress),
        4 => Some(CallStatus::Completed),
        5 => Some(CallStatus::Busy),
        6 => Some(CallStatus::NoAnswer),
        7 => Some(CallStatus::Failed),
        8 => Some(CallStatus::Canceled),
        _ => None,
    }
}

/// The number of a direction.
pub(crate) const fn direction_number(direction: Direction) -> i64 {
    match direction {
        Direction::Inbound => 0,
        Direction::Outbound => 1,
    }
}

/// The direction with this number.
pub(crate) const fn direction(number: i64) -> Option<Direction> {
    match number {
        0 => Some(Direction::Inbound),
        1 => Some(Direction::Outbound),
        _ => None,
    }
}

/// The number of a bridge's outcome.
pub(super) const fn outcome_number(outcome: BridgeOutcome) -> i64 {
    match outcome {
        BridgeOutcome::Connected => 0,
        BridgeOutcome::Unanswered => 1,
    }
}

/// The bridge's outcome with this number.
pub(super) const fn outcome(number: i64) -> Option<BridgeOutcome> {
    match number {
        0 => Some(BridgeOutcome::Connected),
        1 => Some(BridgeOutcome::Unanswered),
        _ => None,
    }
}

/// A duration, in microseconds.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
