//! The suite of [`EventBus`]: [`event_bus_suite!`](crate::event_bus_suite)
//! gives an adapter a test for every promise of the port.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt as _, StreamExt as _};
use tokio::time::timeout;
use uuid::Uuid;
use voip_core::{
    CallId, CallStatus, Event, EventKind, UserId,
    ports::{BusItem, EventBus, Subscription},
};

/// What the suite needs around an event bus.
///
/// Every bus is its own fixture; a type that holds a bus and what it lives on,
/// such as a server, implements this itself.
pub trait EventBusFixture: Send + Sync {
    /// The bus that is tried, as one node holds it.
    fn bus(&self) -> &dyn EventBus;

    /// The same bus as another node holds it; for a bus within one process
    /// that is the bus itself.
    fn elsewhere(&self) -> &dyn EventBus {
        self.bus()
    }

    /// So many events that a subscriber who reads none of them is too far
    /// behind to get them all.
    fn too_many(&self) -> u32 {
        20_000
    }
}

impl<T: EventBus> EventBusFixture for T {
    fn bus(&self) -> &dyn EventBus {
        self
    }
}

/// Gives a test for every promise of [`EventBus`](voip_core::ports::EventBus).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`EventBusFixture`](crate::suites::event_bus::EventBusFixture). The crate
/// that uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! event_bus_suite {
    ($fresh:path) => {
        $crate::event_bus_suite! {
            $fresh;
            every_subscriber_gets_every_event
            events_of_one_publisher_keep_their_order
            a_subscriber_gets_nothing_from_before
            a_slow_subscriber_learns_of_the_gap
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::suites::event_bus::$case(&$fresh().await).await;
            }
        )+
    };
}

/// How long an event may take to arrive; an event that never does costs a
/// failing test this long.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever listens, here or elsewhere, gets each event once and whole.
pub async fn every_subscriber_gets_every_event(fixture: &impl EventBusFixture) {
    let mut listeners = [
        fixture.bus().subscribe(),
        fixture.bus().subscribe(),
        fixture.elsewhere().subscribe(),
    ];
    let events = every_kind();
    for (place, event) in events.iter().enumerate() {
        let bus = if place % 2 == 0 {
            fixture.bus()
        } else {
            fixture.elsewhere()
        };
        publish(bus, event).await;
        // One at a time, because two publishers have no order.
        for listener in &mut listeners {
            assert_eq!(next_event(listener).await, *event);
        }
    }
    for listener in &mut listeners {
        let more = listener.next().now_or_never();
        assert!(
            more.is_none(),
            "an event came twice, or from nowhere: {more:?}"
        );
    }
}

/// What one publisher sent earlier arrives earlier.
pub async fn events_of_one_publisher_keep_their_order(fixture: &impl EventBusFixture) {
    const EVENTS: u32 = 500;
    let mut listeners = [fixture.bus().subscribe(), fixture.elsewhere().subscribe()];
    for seq in 0..EVENTS {
        publish(fixture.bus(), &numbered(seq)).await;
    }
    for listener in &mut listeners {
        for seq in 0..EVENTS {
            assert_eq!(next_event(listener).await.seq, seq);
        }
    }
}

/// A subscriber hears what is said from then on.
pub async fn a_subscriber_gets_nothing_from_before(fixture: &impl EventBusFixture) {
    publish(fixture.bus(), &numbered(1)).await; // Nobody listens; that is fine.
    let mut early = fixture.bus().subscribe();
    publish(fixture.bus(), &numbered(2)).await;
    // Once it has arrived here, it is on its way nowhere.
    assert_eq!(next_event(&mut early).await.seq, 2);
    let mut late = fixture.bus().subscribe();
    publish(fixture.bus(), &numbered(3)).await;
    assert_eq!(next_event(&mut late).await.seq, 3);
    assert_eq!(next_event(&mut early).await.seq, 3);
    drop(early); // One who leaves disturbs nobody.
    publish(fixture.bus(), &numbered(4)).await;
    assert_eq!(next_event(&mut late).await.seq, 4);
}

/// A subscriber who was too slow is told so where the events are missing, and
/// holds up nobody.
pub async fn a_slow_subscriber_learns_of_the_gap(fixture: &impl EventBusFixture) {
    let mut slow = fixture.bus().subscribe();
    let mut quick = fixture.bus().subscribe();
    for seq in 0..fixture.too_many() {
        publish(fixture.bus(), &numbered(seq)).await;
        assert_eq!(
            next_event(&mut quick).await.seq,
            seq,
            "the quick one misses nothing"
        );
    }
    let mut expected = 0;
    let mut gaps = 0;
    while expected < fixture.too_many() {
        match next(&mut slow).await {
            BusItem::Gap => {
                gaps += 1;
                let BusItem::Event(event) = next(&mut slow).await else {
                    continue;
                };
                assert!(
                    event.seq > expected,
                    "nothing is missing where a gap was told"
                );
                expected = event.seq + 1;
            }
            BusItem::Event(event) => {
                assert_eq!(event.seq, expected, "events are missing without a word");
                expected += 1;
            }
        }
    }
    assert!(gaps > 0, "a bus keeps no events without end");
    publish(fixture.bus(), &numbered(expected)).await;
    assert_eq!(next_event(&mut slow).await.seq, expected, "and goes on");
}

fn numbered(seq: u32) -> Event {
    let call = CallId::from_uuid(Uuid::from_u128(7));
    let kind = EventKind::reached(CallStatus::Ringing);
    Event {
        call,
        leg: None,
        seq,
        audience: vec![user("ann")],
        kind,
    }
}

fn every_kind() -> Vec<Event> {
    let mut kinds = vec![
        EventKind::IncomingCall {
            from: "Zoë \"O'\\".to_owned(),
            to: "+15550001111".to_owned(),
        },
        EventKind::CallInitiated { to: String::new() },
        EventKind::CallFailed {
            reason: "📵\n".to_owned(),
        },
    ];
    kinds.extend(CallStatus::ALL.map(EventKind::reached));
    kinds.push(EventKind::Status {
        status: CallStatus::Completed,
        duration: Some(u64::from(u32::MAX)),
    });
    let audiences = [
        vec![user("ann"), user("山田 👩‍👩‍👧")],
        vec![user("bob")],
        vec![],
    ];
    let legs = [
        None,
        Some("CA_09-az".parse().expect("letters, digits, '-' and '_'")),
    ];
    let event = |(seq, kind): (u32, _)| Event {
        call: CallId::from_uuid(Uuid::from_u128(u128::MAX - u128::from(seq))),
        leg: legs[seq as usize % 2].clone(),
        seq: u32::MAX - seq,
        audience: audiences[seq as usize % 3].clone(),
        kind,
    };
    (0..).zip(kinds).map(event).collect()
}

fn user(name: &str) -> UserId {
    name.parse().expect("a short name")
}

async fn publish(bus: &dyn EventBus, event: &Event) {
    bus.publish(Arc::new(event.clone()))
        .await
        .expect("the bus is in order");
}

async fn next(listener: &mut Subscription) -> BusItem {
    // real time: a bus may be another process, which knows no clock of ours.
    let item = timeout(PATIENCE, listener.next())
        .await
        .expect("an event arrives in time");
    item.expect("the bus is not shut down")
}

async fn next_event(listener: &mut Subscription) -> Event {
    match next(listener).await {
        BusItem::Event(event) => Event::clone(&event),
        BusItem::Gap => panic!("events were lost"),
    }
}
