//! Dials between the same two numbers that nobody was answered for.

use std::time::Duration;

use voip_core::{
    Call, CallStatus, ProviderCallId, Signal, StartCall, StartError, Trouble, ports::Telephony as _,
};
use voip_testkit::NextDial;

use crate::node::Node;

/// A call that a node died at, with its leg at the provider.
async fn dead_dial(node: &Node) -> Call {
    let dead = node.half_placed().await;
    node.provider_has(&dead).await;
    dead
}

/// A dial between the numbers of `dead` that gets no clear answer at this node,
/// while nobody knows whose the leg of `dead` is.
async fn unclear_dial(node: &Node, dead: &Call, goes: NextDial) -> Call {
    node.telephony.next_dial(goes);
    let request = StartCall {
        to: dead.to.phone().unwrap().clone(),
        from: dead.from.phone().cloned(),
        owner: None,
        id: None,
        key: None,
    };
    let starting = tokio::spawn({
        let calls = node.calls.clone();
        async move { calls.start(request).await }
    });
    node.pass(Duration::from_secs(10)).await;
    let started = starting.await.unwrap();
    let Err(StartError::NotPlaced { call, trouble, .. }) = started else {
        panic!("nobody knows whose the leg is, but {started:?}");
    };
    assert_eq!(trouble, Trouble::TimedOut);
    let ours = node.now(&call).await;
    assert_eq!(
        (ours.status(), &ours.provider_id),
        (CallStatus::Initiated, &None)
    );
    assert_eq!(node.now(&dead.id).await.provider_id, None);
    ours
}

/// The provider says of the leg that was placed for `call` that it rings.
async fn callback(node: &Node, call: &Call) -> ProviderCallId {
    let leg = node.telephony.legs_of(call.id).remove(0);
    node.telephony.set_status(&leg, CallStatus::Ringing);
    let report = node.telephony.look_up(&leg).await.unwrap().unwrap();
    node.calls.report(report, Some(call.id)).await.unwrap();
    leg
}

#[tokio::test]
async fn the_leg_that_a_dead_node_placed_is_not_taken_for_that_of_another_dial() {
    for given_up in [false, true] {
        let node = Node::new();
        let dead = dead_dial(&node).await;
        if given_up {
            node.step(&dead.id, Signal::HungUp).await;
        }
        let ours = unclear_dial(&node, &dead, NextDial::TimesOutUnplaced).await;
        let leg = callback(&node, &dead).await;
        node.pass(Duration::from_secs(60)).await;
        assert_eq!(node.now(&dead.id).await.provider_id.as_ref(), Some(&leg));
        assert_eq!(node.telephony.record().hang_ups.contains(&leg), given_up);
        let ours = node.now(&ours.id).await;
        assert_eq!(
            (ours.status(), &ours.provider_id),
            (CallStatus::Failed, &None)
        );
        assert_eq!(node.telephony.placed(), 1);
    }
}

#[tokio::test]
async fn a_word_on_one_of_two_legs_tells_whose_the_other_is() {
    let node = Node::new();
    let dead = dead_dial(&node).await;
    let ours = unclear_dial(&node, &dead, NextDial::TimesOutPlaced).await;
    let leg = callback(&node, &ours).await;
    node.pass(Duration::from_secs(60)).await;
    assert_eq!(node.now(&ours.id).await.provider_id, Some(leg));
    let other = node.telephony.legs_of(dead.id).remove(0);
    assert_eq!(node.now(&dead.id).await.provider_id, Some(other));
}

#[tokio::test]
async fn a_dial_of_long_ago_keeps_no_leg_from_its_call() {
    let node = Node::new();
    // It came to nothing, and its node died before it could say so.
    node.half_placed().await;
    node.clock.advance(Duration::from_secs(61));
    let call = node.half_placed().await;
    node.provider_has(&call).await;
    node.pass(Duration::from_secs(60)).await;
    let leg = node.telephony.legs_of(call.id).remove(0);
    assert_eq!(node.now(&call.id).await.provider_id, Some(leg));
}
