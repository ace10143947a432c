use std::sync::Arc;

use async_trait::async_trait;
use voip_core::{
    Device, Result,
    ports::{Delivery, Push, PushSender},
};

use super::Metrics;

/// A push sender that counts what comes of pushes, retries included.
#[derive(Debug)]
pub(crate) struct MeasuredPush {
    push: Arc<dyn PushSender>,
    metrics: Metrics,
}

impl MeasuredPush {
    pub(crate) fn new(push: Arc<dyn PushSender>, metrics: Metrics) -> Self {
        Self { push, metrics }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl PushSender for MeasuredPush {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let outcome = self.push.send(device, push).await;
        let word = match &outcome {
            Ok(Delivery::Accepted { .. }) => "sent",
            Ok(Delivery::Skipped) => "skipped",
            Ok(Delivery::Gone) => "gone",
            Err(_) => "failed",
        };
        self.metrics.push(device.platform.as_str(), word);
        outcome
    }
}
