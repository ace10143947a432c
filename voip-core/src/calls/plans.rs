//! What the provider should do with a leg, read off the call.

use std::{sync::Arc, time::Duration};

use crate::{
    Action, BridgeOutcome, Call, CallSettings, Callback, Direction, FarSide, FinalStatus, Plan,
    State, Timestamp, VoiceIdentity,
};

/// How often a waiting caller hears that somebody is being called.
const COMFORT_PAUSE: Duration = Duration::from_secs(15);

/// How long a redirect takes at worst, retries included. Nobody has to wait
/// longer for want of one.
const REDIRECT_TIME: Duration = Duration::from_secs(30);

/// What to do with the leg of `call` now.
pub(super) fn plan(call: &Call, settings: &CallSettings, now: Timestamp) -> Plan {
    match (call.direction, &call.state) {
        (Direction::Inbound, State::Ringing { until }) => {
            let left = until
                .since(now)
                .clamp(Duration::from_secs(1), COMFORT_PAUSE);
            Plan::new([
                Action::Say(Arc::clone(&settings.phrases.wait)),
                Action::Pause(left),
                Action::Ask(Callback::Ask(call.id)),
            ])
        }
        // Whoever waits is about to be redirected. To connect them here as well
        // would be to connect them twice.
        (Direction::Inbound, State::InProgress { bridge: None, .. }) => patience(call),
        (
            Direction::Inbound,
            State::InProgress {
                bridge: Some(bridge),
                ..
            },
        ) => after_bridge(call, bridge.outcome, settings),
        (Direction::Inbound, State::Ended(ended)) if ended.answered_at.is_none() => {
            Plan::say_and_hang_up(&settings.phrases.unavailable)
        }
        // An inbound call never waits for a dial of ours.
        (Direction::Inbound, State::Initiated { .. } | State::Queued { .. } | State::Ended(_)) => {
            Plan::hang_up()
        }
        (Direction::Outbound, State::Ended(_)) => Plan::hang_up(),
        // The plan is asked for when the far end answers, and the question may
        // overtake the news of that.
        (
            Direction::Outbound,
            State::Initiated { .. }
            | State::Queued { .. }
            | State::Ringing { .. }
            | State::InProgress { .. },
        ) => connect(call, settings),
    }
}

/// Whether the caller waits for a redirect that is long overdue, so that they
/// have to be connected without it.
pub(super) fn is_overdue(call: &Call, now: Timestamp) -> bool {
    match &call.state {
        State::InProgress {
            connects: 0,
            bridge: None,
            answered_at,
            ..
        } => call.direction == Direction::Inbound && now >= *answered_at + REDIRECT_TIME,
        State::InProgress { .. }
        | State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. }
        | State::Ended(_) => false,
    }
}

/// Keeps the leg for a moment, then asks again.
pub(super) fn patience(call: &Call) -> Plan {
    Plan::new([
        Action::Pause(Duration::from_secs(1)),
        Action::Ask(Callback::Ask(call.id)),
    ])
}

/// What to do with the leg of `call` once the connection to the user's voice
/// client is over.
pub(super) fn after_bridge(call: &Call, outcome: BridgeOutcome, settings: &CallSettings) -> Plan {
    match (outcome, call.direction) {
        (BridgeOutcome::Connected, _) => Plan::hang_up(),
        (BridgeOutcome::Unanswered, Direction::Inbound) => {
            Plan::say_and_hang_up(&settings.phrases.unavailable)
        }
        (BridgeOutcome::Unanswered, Direction::Outbound) => {
            Plan::say_and_hang_up(&settings.phrases.outbound)
        }
    }
}

/// Connects the leg of `call` to the voice client of its owner.
pub(super) fn connect(call: &Call, settings: &CallSettings) -> Plan {
    let Some(identity) = call.owner.as_ref().and_then(VoiceIdentity::of) else {
        return after_bridge(call, BridgeOutcome::Unanswered, settings);
    };
    let caller_id = match call.direction {
        Direction::Inbound => None,
        Direction::Outbound => call.from.phone().cloned(),
    };
    Plan::new([Action::ConnectClient {
        identity,
        caller_id,
        ring_time: settings.client_ring_time,
        call: call.id,
        then: Callback::BridgeEnded {
            call: call.id,
            turn: turn(call),
        },
    }])
}

/// What to do with the leg of a voice client that has placed `call`, from the
/// start.
pub(super) fn dial(call: &Call, settings: &CallSettings) -> Plan {
    let dialled = call.far.as_ref().is_some_and(FarSide::is_dialled);
    let parties = (call.owner.clone(), call.from.phone(), call.dialled_number());
    match parties {
        (Some(user), Some(from), Some(to)) if dialled && !call.is_over() => {
            Plan::new([Action::ConnectNumber {
                to: to.clone(),
                caller_id: from.clone(),
                ring_time: settings.dial_ring_time,
                news: Callback::FarStatus(user),
                then: Callback::DialEnded,
            }])
        }
        _ => Plan::hang_up(),
    }
}

/// What to do with the leg of a voice client whose dial is over.
pub(super) fn after_dial(call: &Call, settings: &CallSettings) -> Plan {
    match &call.state {
        State::Ended(ended) => Plan::say_and_hang_up(match ended.status {
            FinalStatus::Completed | FinalStatus::Canceled => &settings.phrases.ended,
            FinalStatus::Busy => &settings.phrases.busy,
            FinalStatus::NoAnswer => &settings.phrases.no_answer,
            FinalStatus::Failed => &settings.phrases.failed,
        }),
        State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. }
        | State::InProgress { .. } => join_room(call),
    }
}

/// Has a leg of `call` enter its conference, where it has one.
pub(super) fn join_room(call: &Call) -> Plan {
    let moved = call.far.as_ref().is_some_and(|far| !far.is_dialled());
    match &call.provider_id {
        Some(name) if moved && !call.is_over() => Plan::new([Action::JoinRoom {
            name: name.clone(),
            news: Callback::RoomNews,
        }]),
        Some(_) | None => Plan::hang_up(),
    }
}

/// Which connection of the caller to the user's voice client this is.
pub(super) fn turn(call: &Call) -> u32 {
    match call.state {
        State::InProgress { connects, .. } => connects,
        State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. }
        | State::Ended(_) => 0,
    }
}
