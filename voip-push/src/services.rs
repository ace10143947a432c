//! All push services together.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use async_trait::async_trait;
use voip_core::{
    Device, Platform, Result,
    ports::{Delivery, Push, PushSender},
};

/// Sends each push through the service of its device's platform.
///
/// Where none is set up the push is [`Delivery::Skipped`] and counted, and a
/// warning says so once a platform.
#[derive(Debug)]
pub struct PushServices {
    fcm: Option<Arc<dyn PushSender>>,
    apns: Option<Arc<dyn PushSender>>,
    skipped: AtomicU64,
    warned_of_fcm: AtomicBool,
    warned_of_apns: AtomicBool,
}

impl PushServices {
    /// The services that are set up.
    pub fn new(fcm: Option<Arc<dyn PushSender>>, apns: Option<Arc<dyn PushSender>>) -> Self {
        Self {
            fcm,
            apns,
            skipped: AtomicU64::new(0),
            warned_of_fcm: AtomicBool::new(false),
            warned_of_apns: AtomicBool::new(false),
        }
    }

    /// How many pushes were skipped because no service is set up for their
    /// device's platform.
    pub fn skipped(&self) -> u64 {
        self.skipped.load(Ordering::Relaxed)
    }

    fn skip(&self, platform: Platform) -> Delivery {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        let warned = match platform {
            Platform::Fcm => &self.warned_of_fcm,
            Platform::Apns => &self.warned_of_apns,
        };
        if !warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                platform = platform.as_str(),
                "no push service is set up for this platform: its devices ring only while connected"
            );
        }
        Delivery::Skipped
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl PushSender for PushServices {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let service = match device.platform {
            Platform::Fcm => &self.fcm,
            Platform::Apns => &self.apns,
        };
        match service {
            Some(service) => service.send(device, push).await,
            None => Ok(self.skip(device.platform)),
        }
    }
}
