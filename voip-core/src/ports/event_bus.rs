//! The port to the event bus.

use std::{fmt, pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures_util::Stream;

use crate::{Event, Result};

/// Carries every event to every node; each hands it to its own connections.
///
/// # Contract
/// - `every_subscriber_gets_every_event`
/// - `events_of_one_publisher_keep_their_order`
/// - `a_subscriber_gets_nothing_from_before`
/// - `a_slow_subscriber_learns_of_the_gap`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait EventBus: fmt::Debug + Send + Sync + 'static {
    /// Sends `event` to every subscriber there is now.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: some subscribers may not get it.
    async fn publish(&self, event: Arc<Event>) -> Result<()>;

    /// Listens from now on.
    fn subscribe(&self) -> Subscription;
}

/// A stream of what the bus carries; it ends when the bus shuts down.
pub type Subscription = Pin<Box<dyn Stream<Item = BusItem> + Send>>;

/// What a subscriber gets.
#[derive(Clone, Debug)]
pub enum BusItem {
    /// An event.
    Event(Arc<Event>),
    /// Some events were lost here; look at the present state instead.
    Gap,
}
