//! What a crash leaves behind is taken up, and never dialled twice.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

use std::{sync::Arc, time::Duration};

use voip_core::{
    Action, Answerer, BridgeOutcome, Call, CallId, CallSettings, CallStatus, Calls, Device, Effect,
    Error, ErrorKind, InboundCall, Party, PhoneNumber, Plan, Platform, Ports, ProviderCallId,
    Signal, StartCall, StartError, Trouble, User, UserId,
    ports::{CallStore, Clock, Dial, Inserted, NewCall, Push, RingOutcome, Telephony, UserStore},
};
use voip_store::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
use voip_testkit::{FakePush, FakeTelephony, ManualClock, NextDial};

/// A node that has just started on storage that another life of it has used.
struct Node {
    calls: Calls,
    store: Arc<MemoryStore>,
    telephony: Arc<FakeTelephony>,
    push: Arc<FakePush>,
    clock: Arc<ManualClock>,
}

impl Node {
    fn new() -> Self {
        Self::on(
            Arc::new(MemoryStore::default()),
            Arc::new(ManualClock::default()),
        )
    }

    /// One more node on the same storage, which reaches the provider its own way.
    fn beside(&self) -> Self {
        Self::on(Arc::clone(&self.store), Arc::clone(&self.clock))
    }

    fn on(store: Arc<MemoryStore>, clock: Arc<ManualClock>) -> Self {
        let telephony = Arc::new(FakeTelephony::new(Arc::clone(&clock) as _));
        let push = Arc::new(FakePush::new(Arc::clone(&clock) as _));
        let ports = Ports {
            telephony: Arc::clone(&telephony) as _,
            calls: Arc::clone(&store) as _,
            users: Arc::clone(&store) as _,
            push: Arc::clone(&push) as _,
            cache: Arc::new(MemoryCache::new(Arc::clone(&clock) as _)),
            bus: Arc::new(MemoryBus::default()),
            limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock) as _)),
            clock: Arc::clone(&clock) as _,
        };
        Self {
            calls: Calls::new(ports, CallSettings::default()),
            store,
            telephony,
            push,
            clock,
        }
    }

    /// A call to Ann, who has one device, as a crash right after its record
    /// left it: the device does not ring yet.
    async fn half_rung(&self) -> Call {
        let (id, now): (UserId, _) = ("ann".parse().unwrap(), self.clock.now());
        let ann = User {
            id: id.clone(),
            phone: None,
            created_at: now,
        };
        let phone = Device {
            token: "ann-phone".parse().unwrap(),
            platform: Platform::Fcm,
            last_seen: now,
        };
        self.store.register(&ann, Some(phone)).await.unwrap();
        let came = InboundCall {
            leg: "CA000000000000000000000000000000b1".parse().unwrap(),
            from: Party::read("+15550002222"),
            to: Party::read("+15550001111"),
        };
        let ring_time = CallSettings::default().ring_time;
        let step = Call::inbound(CallId::fresh(), came, id, None, now, ring_time);
        let new = NewCall {
            call: step.call.clone(),
            effects: step.effects,
            effects_due: now + Duration::from_secs(40),
            key: None,
        };
        assert_eq!(self.store.insert(new).await.unwrap(), Inserted::New);
        step.call
    }

    /// An outbound call as a crash right after its record left it.
    async fn half_placed(&self) -> Call {
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
        let (from, to) = (number("+15550001111"), number("+15550002222"));
        let step = Call::outbound(CallId::fresh(), from, to, None, None, self.clock.now());
        let effects_due = self.clock.now() + Duration::from_secs(40);
        let (call, effects) = (step.call, step.effects);
        assert_eq!(effects, [Effect::Dial]);
        let new = NewCall {
            call: call.clone(),
            effects,
            effects_due,
            key: None,
        };
        assert_eq!(self.store.insert(new).await.unwrap(), Inserted::New);
        call
    }

    /// The provider takes the call whose answer the crash cut off.
    async fn provider_has(&self, call: &Call) {
        let dial = Dial {
            call: call.id,
            to: call.to.phone().unwrap().clone(),
            from: call.from.phone().unwrap().clone(),
            ring_time: None,
        };
        self.telephony.dial(&dial).await.unwrap();
    }

    /// Lets `span` pass in small steps, so that everything that waits for the
    /// clock has its turn.
    async fn pass(&self, span: Duration) {
        self.pass_in(Duration::from_millis(250), span).await;
    }

    /// Lets `span` pass in steps of `step`.
    async fn pass_in(&self, step: Duration, span: Duration) {
        let end = self.clock.now() + span;
        while self.clock.now() < end {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
            self.clock.advance(step);
            self.calls.sweep().await.unwrap();
        }
    }

    /// The provider takes the call and its answer is noted.
    async fn place(&self, call: &Call) -> ProviderCallId {
        self.provider_has(call).await;
        let leg = self.telephony.legs_of(call.id).remove(0);
        self.step(&call.id, Signal::Placed(leg.clone())).await;
        self.store
            .settle_effect(&call.id, Effect::Dial)
            .await
            .unwrap();
        leg
    }

    async fn now(&self, id: &CallId) -> Call {
        self.store.call(id).await.unwrap().unwrap().call
    }

    async fn step(&self, id: &CallId, signal: Signal) -> Vec<Effect> {
        let held = self.store.call(id).await.unwrap().unwrap();
        let step = held.call.step(signal, self.clock.now()).unwrap();
        let due = self.clock.now() + Duration::from_secs(40);
        self.store
            .replace(&step.call, held.version, &step.effects, due)
            .await
            .unwrap();
        step.effects
    }
}

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

/// Lets `span` pass for these nodes, and nobody else sweeps.
async fn live(nodes: &[&Node], span: Duration) {
    let step = Duration::from_millis(250);
    let clock = &nodes[0].clock;
    let end = clock.now() + span;
    while clock.now() < end {
        clock.advance(step);
        for node in nodes {
            node.calls.sweep().await.unwrap();
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn what_a_node_is_at_is_its_own_until_the_lease_of_a_dead_one_ends() {
    let (first, asked) = (Node::new(), |node: &Node| {
        node.telephony.record().look_ups.len()
    });
    let second = first.beside();
    let call = first.half_placed().await;
    let leg = first.place(&call).await;
    second.telephony.bring_in(&leg, CallStatus::Busy);
    // Nobody hears of the call, so the provider is asked, and does not answer.
    first.telephony.mute_look_ups(true);
    first.clock.advance(Duration::from_secs(91));
    live(&[&first], Duration::from_millis(250)).await;
    assert_eq!(asked(&first), 1);
    // However long that takes, the node says that it is at it.
    live(&[&second, &first], Duration::from_secs(30)).await;
    assert_eq!((asked(&first), asked(&second)), (1, 0), "it is at it");
    // Now it is dead. It may have said so just now, or a second and a half ago.
    live(&[&second], Duration::from_millis(3_250)).await;
    assert_eq!(asked(&second), 0, "its lease is not over");
    live(&[&second], Duration::from_secs(2)).await;
    assert_eq!(asked(&second), 1, "its lease is over");
    assert_eq!(second.now(&call.id).await.status(), CallStatus::Busy);
    // It is done, and nobody does it once more.
    live(&[&second], Duration::from_secs(30)).await;
    assert_eq!((asked(&first), asked(&second)), (1, 1));
}

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
