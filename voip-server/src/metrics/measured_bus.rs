use std::sync::Arc;

use async_trait::async_trait;
use voip_core::{
    Event, EventKind, Result,
    ports::{EventBus, Subscription},
};

use super::Metrics;

/// A bus that counts the calls which begin and end on this node: each event is
/// published once, where it happens.
#[derive(Debug)]
pub(crate) struct MeasuredBus {
    bus: Arc<dyn EventBus>,
    metrics: Metrics,
}

impl MeasuredBus {
    pub(crate) fn new(bus: Arc<dyn EventBus>, metrics: Metrics) -> Self {
        Self { bus, metrics }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl EventBus for MeasuredBus {
    async fn publish(&self, event: Arc<Event>) -> Result<()> {
        match &event.kind {
            EventKind::IncomingCall { .. } => self.metrics.call_begun("inbound"),
            EventKind::CallInitiated { .. } => self.metrics.call_begun("outbound"),
            EventKind::Status { status, .. } if status.is_final() => {
                self.metrics.call_ended(*status);
            }
            EventKind::Status { .. } | EventKind::CallFailed { .. } | EventKind::Hold { .. } => {}
        }
        self.bus.publish(event).await
    }

    fn subscribe(&self) -> Subscription {
        self.bus.subscribe()
    }
}
