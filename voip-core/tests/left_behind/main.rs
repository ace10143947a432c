//! What a crash leaves behind is taken up, and never dialled twice.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod dials;
mod leases;
mod node;

use std::{sync::Arc, time::Duration};

use voip_core::{
    Action, Answerer, BridgeOutcome, CallStatus, Effect, Error, ErrorKind, Plan, Signal,
    ports::{CallStore as _, Clock as _, Push, RingOutcome},
};

use node::Node;

#[tokio::test]
async fn a_dial_cut_off_by_a_crash_is_looked_up_and_never_repeated() {
    let node = Node::new();
    let call = node.half_placed().await;
    node.provider_has(&call).await;
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(10)).await;
    let legs = node.telephony.legs_of(call.id);
    assert_eq!(node.now(&call.id).await.provider_id.as_ref(), legs.first());
    assert_eq!(node.telephony.placed(), 1);
}

#[tokio::test]
async fn a_second_crash_right_after_the_first_changes_nothing() {
    let node = Node::new();
    let call = node.half_placed().await;
    node.provider_has(&call).await;
    // The first life after the crash took the effect, and died with it.
    let now = node.clock.now();
    let lease = now + Duration::from_secs(40);
    let taken = node
        .store
        .claim_effects(now + Duration::from_secs(60), lease, 10)
        .await
        .unwrap();
    assert_eq!(taken.len(), 1);
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(10)).await;
    assert!(node.now(&call.id).await.provider_id.is_some());
}

#[tokio::test]
async fn a_dial_that_never_reached_the_provider_fails_and_is_not_placed_late() {
    let node = Node::new();
    let call = node.half_placed().await;
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(10)).await;
    assert_eq!(node.now(&call.id).await.status(), CallStatus::Failed);
    assert_eq!(node.telephony.dials(), 0);
}

#[tokio::test]
async fn a_dial_given_up_before_the_crash_is_ended_at_the_provider() {
    let node = Node::new();
    let call = node.half_placed().await;
    node.provider_has(&call).await;
    assert_eq!(node.step(&call.id, Signal::HungUp).await, []);
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(10)).await;
    let leg = node.telephony.legs_of(call.id).remove(0);
    assert!(node.telephony.status(&leg).unwrap().is_final());
    assert_eq!(node.now(&call.id).await.status(), CallStatus::Canceled);
}

#[tokio::test]
async fn the_end_of_a_call_that_nobody_heard_of_is_asked_for_at_the_start() {
    let node = Node::new();
    let call = node.half_placed().await;
    let leg = node.place(&call).await;
    node.telephony.set_status(&leg, CallStatus::Busy);
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(2)).await;
    assert_eq!(node.now(&call.id).await.status(), CallStatus::Busy);
}

#[tokio::test]
async fn the_end_of_a_ringing_that_a_crash_cut_off_is_still_told_and_the_ringing_is_not() {
    let by = Answerer {
        user: "ann".parse().unwrap(),
        device: Arc::from("tablet"),
    };
    for (signal, told) in [
        (Signal::Answered(by), RingOutcome::Answered),
        (Signal::HungUp, RingOutcome::Declined),
    ] {
        let node = Node::new();
        let call = node.half_rung().await;
        let effects = node.step(&call.id, signal).await;
        assert!(effects.contains(&Effect::StopRinging), "{effects:?}");
        node.calls.take_over().await.unwrap();
        node.pass(Duration::from_secs(10)).await;
        let sent: Vec<Push> = node.push.sent().into_iter().map(|sent| sent.push).collect();
        let over = Push::RingOver {
            call: call.id,
            outcome: told,
            until: call.state.deadline().unwrap(),
        };
        assert_eq!(sent, [over]);
    }
}

#[tokio::test]
async fn a_ringing_that_has_ended_by_itself_meanwhile_is_not_ended_by_push() {
    let node = Node::new();
    let call = node.half_rung().await;
    node.step(&call.id, Signal::HungUp).await;
    node.clock.advance_to(call.state.deadline().unwrap());
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(10)).await;
    assert_eq!(node.push.sent(), []);
}

#[tokio::test]
async fn an_outage_heaps_up_no_look_ups_and_keeps_no_hang_up_waiting() {
    // More calls than there are places of any kind.
    const CALLS: usize = 1_100;
    let node = Node::new();
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let call = node.half_placed().await;
        let leg = node.place(&call).await;
        calls.push((call, leg));
    }
    node.telephony.mute_look_ups(true);
    // Each call is asked about, and asked about again, and nobody answers.
    for _ in 0..10 {
        node.clock.advance(Duration::from_secs(10 * 60));
        node.calls.sweep().await.unwrap();
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
    let mut asked = node.telephony.record().look_ups;
    let questions = asked.len();
    assert!((1..=256).contains(&questions), "{questions} at a time");
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), questions, "a call was asked about twice");
    let (call, leg) = calls.last().unwrap();
    node.calls.hang_up(&call.id, None).await.unwrap();
    node.telephony
        .record_when(|record| record.hang_ups.contains(leg))
        .await;
    // When the provider is back, everything is asked in the end.
    node.telephony.mute_look_ups(false);
    for (_, leg) in &calls {
        node.telephony.set_status(leg, CallStatus::Busy);
    }
    node.pass_in(Duration::from_secs(5), Duration::from_secs(20 * 60))
        .await;
    for (call, _) in &calls {
        assert!(node.now(&call.id).await.is_over());
    }
}

#[tokio::test]
async fn a_look_up_that_fails_is_left_to_the_sweep() {
    let node = Node::new();
    let call = node.half_placed().await;
    node.place(&call).await;
    for _ in 0..100 {
        let error = Error::new(ErrorKind::Unavailable, "the provider cannot be reached");
        node.telephony.fail_next(error);
    }
    node.calls.take_over().await.unwrap();
    node.pass(Duration::from_secs(25)).await;
    assert_eq!(node.telephony.record().look_ups.len(), 1);
}

#[tokio::test]
async fn a_caller_whose_connection_a_second_redirect_tears_down_is_connected_again() {
    let node = Node::new();
    let call = node.half_rung().await;
    let by = Answerer {
        user: "ann".parse().unwrap(),
        device: Arc::from("tablet"),
    };
    node.step(&call.id, Signal::Answered(by)).await;
    let connects = |plan: Option<Plan>| {
        let plan = plan.unwrap();
        let mut actions = plan.actions.iter();
        actions.any(|action| matches!(action, Action::ConnectClient { .. }))
    };
    assert!(connects(node.calls.connect(&call.id).await.unwrap()));
    // A node that died had redirected the caller, and the next one does: the end
    // of the connection comes in before the question for the new one, or after.
    let unanswered = BridgeOutcome::Unanswered;
    let ended = node.calls.bridge_ended(&call.id, 1, unanswered).await;
    assert!(!connects(ended.unwrap()));
    assert!(connects(node.calls.connect(&call.id).await.unwrap()));
    let late = node.calls.bridge_ended(&call.id, 1, unanswered).await;
    assert!(!connects(late.unwrap()));
    assert!(connects(node.calls.connect(&call.id).await.unwrap()));
    // Whoever has talked is not connected again.
    let talked = node
        .calls
        .bridge_ended(&call.id, 3, BridgeOutcome::Connected);
    talked.await.unwrap();
    assert!(!connects(node.calls.connect(&call.id).await.unwrap()));
}

#[tokio::test]
async fn a_hang_up_waits_for_credentials_that_are_right() {
    let node = Node::new();
    let call = node.half_placed().await;
    let leg = node.place(&call).await;
    node.step(&call.id, Signal::HungUp).await;
    for _ in 0..90 {
        let error = Error::new(ErrorKind::Unauthorized, "the token is not right");
        node.telephony.fail_next(error);
    }
    node.pass_in(Duration::from_secs(2), Duration::from_secs(3 * 60 * 60))
        .await;
    let tries = node.telephony.record().hang_ups.len();
    assert_eq!(tries, 91);
    let status = node.telephony.status(&leg);
    assert!(status.is_some_and(CallStatus::is_final), "{status:?}");
    node.pass_in(Duration::from_secs(2), Duration::from_secs(60 * 60))
        .await;
    assert_eq!(
        node.telephony.record().hang_ups.len(),
        tries,
        "that was all"
    );
}
