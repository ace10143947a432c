//! Events between nodes, when something is in the way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::StreamExt as _;
use tokio::time::timeout;
use uuid::Uuid;
use voip_core::{
    CallId, CallStatus, Event, EventKind,
    ports::{BusItem, EventBus, Subscription},
};
use voip_store::RedisBus;
use voip_testkit::{FlakyProxy, ManualClock, servers::PrivateServer};

use super::shared::{bus, clock, fresh_prefix, link, redis};

fn event(seq: u32) -> Arc<Event> {
    Arc::new(Event {
        call: CallId::from_uuid(Uuid::from_u128(7)),
        leg: None,
        seq,
        audience: vec!["ann".parse().expect("a short name")],
        kind: EventKind::reached(CallStatus::Ringing),
    })
}

/// What comes within so long.
async fn within(listener: &mut Subscription, time: Duration) -> Option<BusItem> {
    // real time: what comes, comes from another process.
    let item = timeout(time, listener.next()).await.ok()?;
    Some(item.expect("the bus is not shut down"))
}

async fn hears(listener: &mut Subscription, seq: u32) {
    match within(listener, Duration::from_secs(5)).await {
        Some(BusItem::Event(event)) => assert_eq!(event.seq, seq),
        other => panic!("{other:?} instead of event {seq}"),
    }
}

async fn finds_a_gap(listener: &mut Subscription, time: Duration) {
    let item = within(listener, time).await;
    assert!(
        matches!(item, Some(BusItem::Gap)),
        "{item:?} instead of a gap"
    );
}

async fn publish(bus: &RedisBus, seq: u32) {
    bus.publish(event(seq))
        .await
        .expect("publishing never fails");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_redis_events_reach_the_own_subscribers() {
    let bus = RedisBus::start(link("redis://127.0.0.1:1", &fresh_prefix()), clock());
    let mut own = bus.subscribe();
    // More than the outbox holds.
    for seq in 0..10_000 {
        publish(&bus, seq).await;
        hears(&mut own, seq).await;
    }
    assert!(!bus.hears());
    let began = Instant::now();
    bus.close().await;
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "nobody waits for a goodbye"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_to_listen_learns_at_once_who_lives() {
    let Some(url) = redis() else { return };
    let prefix = fresh_prefix();
    // Its clock stands still: after its first words it speaks when it is asked.
    let quiet = RedisBus::start(link(&url, &prefix), Arc::new(ManualClock::default()));
    quiet.connected().await;
    let comes = bus(&url, &prefix).await;
    let mut listener = comes.subscribe();
    // Who was never heard of is not missed.
    finds_a_gap(&mut listener, Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_goodbye_leaves_no_gap_and_its_last_words_arrive() {
    let Some(url) = redis() else { return };
    let prefix = fresh_prefix();
    let (stays, goes) = (bus(&url, &prefix).await, bus(&url, &prefix).await);
    let mut listener = stays.subscribe();
    for seq in 0..1_000 {
        publish(&goes, seq).await;
    }
    goes.close().await;
    drop(goes);
    for seq in 0..1_000 {
        hears(&mut listener, seq).await;
    }
    let more = within(&mut listener, Duration::from_secs(5)).await;
    assert!(more.is_none(), "{more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_leaves_one_gap() {
    let Some(url) = redis() else { return };
    let prefix = fresh_prefix();
    let (stays, dies) = (bus(&url, &prefix).await, bus(&url, &prefix).await);
    let mut listener = stays.subscribe();
    publish(&dies, 0).await;
    hears(&mut listener, 0).await;
    drop(dies);
    finds_a_gap(&mut listener, Duration::from_secs(6)).await;
    let more = within(&mut listener, Duration::from_secs(2)).await;
    assert!(more.is_none(), "{more:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_cut_off_finds_a_gap_and_then_everything_again() {
    let Some(server) = PrivateServer::redis().await else {
        return;
    };
    let proxy = FlakyProxy::before(server.address()).await;
    let prefix = fresh_prefix();
    let near = bus(&server.url(), &prefix).await;
    let far = bus(&proxy.instead_in(&server.url()), &prefix).await;
    let (mut at_near, mut at_far) = (near.subscribe(), far.subscribe());
    publish(&near, 0).await;
    hears(&mut at_near, 0).await;
    hears(&mut at_far, 0).await;

    proxy.cut();
    finds_a_gap(&mut at_far, Duration::from_secs(3)).await;
    publish(&near, 1).await;
    hears(&mut at_near, 1).await;
    hears(&mut at_far, 1).await;
    publish(&far, 2).await;
    hears(&mut at_far, 2).await;
    hears(&mut at_near, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_gone_is_used_again_within_three_seconds() {
    let Some(mut server) = PrivateServer::redis().await else {
        return;
    };
    let prefix = fresh_prefix();
    let (one, two) = (
        bus(&server.url(), &prefix).await,
        bus(&server.url(), &prefix).await,
    );
    let (mut at_one, mut at_two) = (one.subscribe(), two.subscribe());
    for paused in [false, true] {
        if paused {
            server.pause();
        } else {
            server.kill().await;
        }
        let began = Instant::now();
        for seq in 0..100 {
            publish(&one, seq).await;
            hears(&mut at_one, seq).await;
        }
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "publishing waits for nobody"
        );
        if paused {
            // real time: long enough for both to find out.
            tokio::time::sleep(Duration::from_secs(4)).await;
            server.resume();
        } else {
            server.start_again().await;
        }
        let began = Instant::now();
        one.connected().await;
        two.connected().await;
        publish(&one, 100).await;
        let mut gap = false;
        loop {
            match within(&mut at_two, Duration::from_secs(3)).await {
                Some(BusItem::Gap) => gap = true,
                Some(BusItem::Event(event)) if event.seq == 100 => break,
                Some(BusItem::Event(_)) => {}
                None => panic!("nothing arrives any more"),
            }
        }
        assert!(gap, "what was lost is told");
        assert!(
            began.elapsed() < Duration::from_secs(3),
            "{:?}",
            began.elapsed()
        );
        // The own event, and the gaps of who subscribed anew.
        while !matches!(within(&mut at_one, Duration::from_secs(3)).await, Some(BusItem::Event(event)) if event.seq == 100)
        {
        }
    }
}
