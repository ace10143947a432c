use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use voip_core::{
    Event, Result,
    ports::{BusItem, EventBus, Subscription},
};
use voip_store::MemoryBus;
use voip_testkit::suites::event_bus;

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    ServesTheFirstOnly,
    SendsTwice,
    ForgetsTheAudience,
    SwapsEvents,
    RepeatsTheLatest,
    HidesGaps,
}

#[derive(Debug)]
struct Saboteur {
    bus: MemoryBus,
    fault: Fault,
    subscribers: AtomicUsize,
    latest: Mutex<Option<Arc<Event>>>,
}

#[async_trait]
impl EventBus for Saboteur {
    async fn publish(&self, event: Arc<Event>) -> Result<()> {
        let previous = {
            let mut latest = self.latest.lock().expect("nobody panics with it");
            match self.fault {
                // Every second event goes out after its follower.
                Fault::SwapsEvents if event.seq.is_multiple_of(2) => {
                    *latest = Some(event);
                    return Ok(());
                }
                Fault::SwapsEvents => latest.take(),
                _ => latest.replace(Arc::clone(&event)),
            }
        };
        let event = match self.fault {
            Fault::ForgetsTheAudience => Arc::new(Event {
                audience: vec![],
                ..(*event).clone()
            }),
            _ => event,
        };
        self.bus.publish(Arc::clone(&event)).await?;
        match (self.fault, previous) {
            (Fault::SendsTwice, _) => self.bus.publish(event).await,
            (Fault::SwapsEvents, Some(previous)) => self.bus.publish(previous).await,
            _ => Ok(()),
        }
    }

    fn subscribe(&self) -> Subscription {
        let before = self.subscribers.fetch_add(1, Ordering::Relaxed);
        let stream = self.bus.subscribe();
        match self.fault {
            Fault::ServesTheFirstOnly if before > 0 => Box::pin(stream::empty()),
            Fault::RepeatsTheLatest => {
                let latest = self.latest.lock().expect("nobody panics with it").clone();
                Box::pin(stream::iter(latest.map(BusItem::Event)).chain(stream))
            }
            Fault::HidesGaps => Box::pin(stream.filter(|item| {
                let is_event = matches!(item, BusItem::Event(_));
                async move { is_event }
            })),
            _ => stream,
        }
    }
}

async fn fresh() -> Saboteur {
    Saboteur {
        bus: MemoryBus::default(),
        fault: Fault::Nothing,
        subscribers: AtomicUsize::new(0),
        latest: Mutex::default(),
    }
}

mod without_a_fault {
    voip_testkit::event_bus_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let saboteur = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { event_bus::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    ServesTheFirstOnly by every_subscriber_gets_every_event as a_deaf_subscriber_is_caught;
    SendsTwice by every_subscriber_gets_every_event as an_event_sent_twice_is_caught;
    ForgetsTheAudience by every_subscriber_gets_every_event as a_lost_audience_is_caught;
    SwapsEvents by events_of_one_publisher_keep_their_order as swapped_events_are_caught;
    RepeatsTheLatest by a_subscriber_gets_nothing_from_before as an_old_event_is_caught;
    HidesGaps by a_slow_subscriber_learns_of_the_gap as a_hidden_gap_is_caught;
}
