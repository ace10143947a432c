//! What the provider should do with a leg, read off the call.

use std::{sync::Arc, time::Duration};

use crate::{
    Action, BridgeOutcome, Call, CallSettings, Callback, Direction, Plan, State, Timestamp,
    UserId, VoiceIdentity,
};

/// How often a waiting caller hears that somebody is being called.
const COMFORT_PAUSE: Duration = Duration::from_secs(15);

/// What to do with the leg of `call` now.
pub(super) fn plan(call: &Call, settings: &CallSettings, now: Timestamp) -> Plan {
    match (call.direction, &call.state) {
        (Direction::Inbound, State::Ringing { until }) => {
            let left = until.since(now).clamp(Duration::from_secs(1), COMFORT_PAUSE);
            Plan::new([
                Action::Say(Arc::clone(&settings.phrases.wait)),
                Action::Pause(left),
                Action::Ask(Callback::Ask(call.id)),
            ])
        }
        (Direction::Inbound, State::InProgress { bridge: None, .. }) => connect(call, settings),
        (Direction::Inbound, State::InProgress { bridge: Some(bridge), .. }) => {
            after_bridge(call, bridge.outcome, settings)
        }
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

fn connect(call: &Call, settings: &CallSettings) -> Plan {
    let Some(identity) = call.owner.as_ref().and_then(identity_of) else {
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
        then: Callback::BridgeEnded(call.id),
    }])
}

fn identity_of(user: &UserId) -> Option<VoiceIdentity> {
    VoiceIdentity::of(user)
}
