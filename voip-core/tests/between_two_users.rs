//! Calls between two users: who is told what, and what counts as talking.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{sync::Arc, time::Duration};

use voip_core::{
    Answerer, BridgeOutcome, Call, CallId, EventKind, InboundCall, Party, PhoneNumber, Signal,
    State, Step, Timestamp, Trouble, UserId,
};

fn at(second: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(second)
}

/// What `user` hears of a step.
fn heard(step: &Step, user: &str) -> Vec<EventKind> {
    let user: UserId = user.parse().unwrap();
    let events = step
        .events
        .iter()
        .filter(|event| event.audience.contains(&user));
    events.map(|event| event.kind.clone()).collect()
}

#[test]
fn whom_a_user_calls_hears_of_statuses_and_not_of_the_dial() {
    let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
    let (from, to) = (number("+15550001111"), number("+15550002222"));
    let users = ["ann", "bob"].map(|user| Some(user.parse().unwrap()));
    let [ann, bob] = users;
    let begun = Call::outbound(CallId::fresh(), from, to, ann, bob, at(0));
    assert_eq!(heard(&begun, "ann").len(), 2);
    assert!(matches!(
        heard(&begun, "bob")[..],
        [EventKind::Status { .. }]
    ));
    let failed = begun.call.step(
        Signal::NotPlaced {
            trouble: Trouble::Refused,
            reason: Arc::from("the trial account may not call this number"),
        },
        at(1),
    );
    let failed = failed.unwrap();
    assert!(matches!(
        heard(&failed, "ann")[..],
        [EventKind::CallFailed { .. }, EventKind::Status { .. }]
    ));
    assert!(matches!(
        heard(&failed, "bob")[..],
        [EventKind::Status { .. }]
    ));
}

#[test]
fn an_incoming_call_whose_user_was_not_reached_has_no_duration() {
    let ring_time = Duration::from_secs(50);
    let came = InboundCall {
        leg: "CA1".parse().unwrap(),
        from: Party::read("+15550002222"),
        to: Party::read("+15550001111"),
    };
    let answerer = Answerer {
        user: "ann".parse().unwrap(),
        device: Arc::from("phone"),
    };
    for (outcome, talked) in [
        (BridgeOutcome::Unanswered, 0),
        (BridgeOutcome::Connected, 26),
    ] {
        let ann = "ann".parse().unwrap();
        let mut call =
            Call::inbound(CallId::fresh(), came.clone(), ann, None, at(0), ring_time).call;
        for (second, signal) in [
            (4, Signal::Answered(answerer.clone())),
            (5, Signal::Connecting),
            (30, Signal::BridgeEnded { outcome, turn: 1 }),
            (31, Signal::LegGone),
        ] {
            call = call.step(signal, at(second)).unwrap().call;
        }
        let State::Ended(ended) = &call.state else {
            panic!("{call:?}")
        };
        assert_eq!(
            ended.duration,
            Some(Duration::from_secs(talked)),
            "{outcome:?}"
        );
    }
}
