//! A clock that moves when it is told to.

use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use voip_core::{Timestamp, ports::Clock};

/// A clock that moves when it is told to. It begins at 2023-11-14T22:13:20Z.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
}

impl ManualClock {
    /// Moves on by `span`.
    pub fn advance(&self, span: Duration) {
        self.now.send_modify(|now| *now = *now + span);
    }

    /// Moves on to `moment`; never back.
    pub fn advance_to(&self, moment: Timestamp) {
        self.now.send_modify(|now| *now = moment.max(*now));
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self {
            now: watch::Sender::new(Timestamp::from_secs(1_700_000_000)),
        }
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    async fn sleep_until(&self, moment: Timestamp) {
        let mut now = self.now.subscribe();
        // An error means that the clock is gone, and with it all waiting.
        let _ = now.wait_for(|now| *now >= moment).await;
    }
}
