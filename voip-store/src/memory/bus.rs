use std::sync::Arc;

use async_trait::async_trait;
use futures_util::stream;
use tokio::sync::broadcast::{self, error::RecvError};
use voip_core::{
    Event, Result,
    ports::{BusItem, EventBus, Subscription},
};

/// Carries events within this process.
///
/// Publishing never waits: a subscriber that is more than
/// [`CAPACITY`](Self::CAPACITY) events behind loses the oldest and finds a
/// [`BusItem::Gap`] in their place. Subscriptions end when the bus is dropped.
#[derive(Debug)]
pub struct MemoryBus {
    sender: broadcast::Sender<Arc<Event>>,
}

impl MemoryBus {
    /// How many events a subscriber may be behind. The ring holds pointers,
    /// so this is about 100 KiB.
    pub const CAPACITY: usize = 4096;
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self {
            sender: broadcast::Sender::new(Self::CAPACITY),
        }
    }
}

#[async_trait]
impl EventBus for MemoryBus {
    async fn publish(&self, event: Arc<Event>) -> Result<()> {
        // The only failure is that nobody listens, which is no trouble.
        let _ = self.sender.send(event);
        Ok(())
    }

    fn subscribe(&self) -> Subscription {
        let receiver = self.sender.subscribe();
        Box::pin(stream::unfold(receiver, |mut receiver| async move {
            let item = match receiver.recv().await {
                Ok(event) => BusItem::Event(event),
                Err(RecvError::Lagged(_)) => BusItem::Gap,
                Err(RecvError::Closed) => return None,
            };
            Some((item, receiver))
        }))
    }
}
