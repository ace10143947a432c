//! The machine as a whole: the generated page, and what holds in every state.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::time::Duration;

use voip_core::{
    Call, CallId, CallStatus, Effect, EventKind, FinalStatus, PhoneNumber, ProviderCallId,
    RoomChange, Signal, State, Timestamp, table,
};

fn now() -> Timestamp {
    Timestamp::from_secs(1_700_000_060)
}

#[test]
fn the_page_of_states_is_what_the_machine_does() {
    let page = include_str!("../../docs/call-states.md");
    assert!(
        page == table::markdown(),
        "docs/call-states.md is out of date; write it anew with:\n\
         cargo run -q -p voip-core --example call_states > docs/call-states.md"
    );
}

#[test]
fn no_signal_takes_a_call_backwards_or_out_of_its_end() {
    for (name, call) in table::calls() {
        for (signal_name, signal) in table::signals() {
            let Ok(step) = call.step(signal, now()) else {
                continue;
            };
            let (before, after) = (call.status(), step.call.status());
            assert!(
                after.rank() >= before.rank(),
                "{name}, {signal_name}: {before} → {after}"
            );
            if before.is_final() {
                assert_eq!(after, before, "{name}, {signal_name}");
                assert!(
                    step.events.is_empty(),
                    "{name}, {signal_name}: told after the end"
                );
            }
        }
    }
}

#[test]
fn the_same_signal_twice_is_as_good_as_once() {
    for (name, call) in table::calls() {
        for (signal_name, signal) in table::signals() {
            let Ok(once) = call.step(signal.clone(), now()) else {
                continue;
            };
            // One signal counts how often it came; and as long as the provider
            // has a hold otherwise than it should, each look at it and each word
            // of it has it asked once more.
            let asks_again = match &signal {
                Signal::Connecting | Signal::RoomSeen(_) => true,
                Signal::RoomNews(news) => matches!(news.what, RoomChange::Held(..)),
                _ => false,
            };
            if asks_again {
                continue;
            }
            // Time goes on, the deadline has been dealt with.
            let Ok(twice) = once.call.step(signal, now()) else {
                continue;
            };
            // Whoever turns up in a conference of a call that is over is sent
            // away each time they do.
            let sent_away = once.call.is_over()
                && twice.events.is_empty()
                && twice.call == once.call
                && matches!(twice.effects[..], [Effect::HangUp | Effect::HangUpFar]);
            let unchanged = sent_away || twice.changes_nothing(&once.call);
            assert!(unchanged, "{name}, {signal_name}: {:?}", twice.effects);
        }
    }
}

#[test]
fn every_status_change_is_told_once_with_numbers_without_gaps() {
    for (name, call) in table::calls() {
        for (signal_name, signal) in table::signals() {
            let Ok(step) = call.step(signal, now()) else {
                continue;
            };
            let told = step.events.iter().filter(|event| {
                matches!(event.kind, EventKind::Status { status, .. } if status == step.call.status())
            });
            let changed = usize::from(step.call.status() != call.status());
            assert_eq!(told.count(), changed, "{name}, {signal_name}");
            let numbers: Vec<u32> = step.events.iter().map(|event| event.seq).collect();
            let wanted: Vec<u32> = (call.told..step.call.told).collect();
            assert_eq!(numbers, wanted, "{name}, {signal_name}");
        }
    }
}

#[test]
fn only_a_live_call_has_a_deadline() {
    for (name, call) in table::calls() {
        assert_eq!(call.state.deadline().is_some(), !call.is_over(), "{name}");
    }
}

#[test]
fn a_call_that_was_never_connected_has_no_duration() {
    for (name, call) in table::calls() {
        for (signal_name, signal) in table::signals() {
            let Ok(step) = call.step(signal, now()) else {
                continue;
            };
            if let State::Ended(ended) = &step.call.state
                && ended.status != FinalStatus::Completed
            {
                assert_eq!(ended.duration, None, "{name}, {signal_name}");
            }
        }
    }
}

#[test]
fn every_status_is_read_back_from_its_word() {
    for status in CallStatus::ALL {
        assert_eq!(status.as_str().parse(), Ok(status));
    }
    assert_eq!(now() + Duration::ZERO, now());
}

#[test]
fn every_status_says_whose_leg_it_is_and_the_last_how_long_it_took() {
    for (name, call) in table::calls() {
        for (signal_name, signal) in table::signals() {
            let Ok(step) = call.step(signal, now()) else {
                continue;
            };
            for event in &step.events {
                assert_eq!(event.leg, step.call.provider_id, "{name}, {signal_name}");
                let told = match event.kind {
                    EventKind::Status { duration, .. } => duration,
                    EventKind::IncomingCall { .. }
                    | EventKind::CallInitiated { .. }
                    | EventKind::CallFailed { .. } => None,
                    // It says nothing of how the call ended.
                    EventKind::Hold { .. } => continue,
                };
                let logged = match &step.call.state {
                    State::Ended(ended) => ended.duration.map(|duration| duration.as_secs()),
                    State::Initiated { .. }
                    | State::Queued { .. }
                    | State::Ringing { .. }
                    | State::InProgress { .. } => None,
                };
                assert_eq!(told, logged, "{name}, {signal_name}");
            }
        }
    }
}

#[test]
fn a_call_of_nobody_is_told_to_those_who_know_its_leg() {
    let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
    let (from, to) = (number("+15550001111"), number("+15550002222"));
    let step = Call::outbound(CallId::fresh(), from, to, None, None, now());
    assert!(step.events.is_empty(), "nobody could hear of it");
    let leg: ProviderCallId = "CA1".parse().unwrap();
    let placed = step.call.step(Signal::Placed(leg.clone()), now()).unwrap();
    let ended = placed.call.step(Signal::HungUp, now()).unwrap();
    let [event] = &*ended.events else {
        panic!("one status is told: {:?}", ended.events)
    };
    assert_eq!(event.kind, EventKind::reached(CallStatus::Canceled));
    assert_eq!((&event.leg, event.seq), (&Some(leg), 0));
    assert!(event.audience.is_empty());
}
