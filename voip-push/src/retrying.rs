//! Trying again.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use voip_core::{
    Device, Error, Result, Retry,
    ports::{Clock, Delivery, Push, PushSender},
};

use crate::ring_deadline::RingDeadline;

/// Sends through another sender, and tries again what it could not do at once.
///
/// Waits as long as the service asks, else longer each time, in both cases and
/// up to a quarter more by chance, so that not all come back at the same
/// moment. Never tries again
/// - what is [`Retry::Never`];
/// - a ring after its deadline; where the pause would end too late it gives up
///   at once, with [`Retry::Never`];
/// - more often, or later, than its [`RetryPolicy`] says.
///
/// May be dropped at any time.
#[derive(Debug)]
pub struct Retrying {
    inner: Arc<dyn PushSender>,
    policy: RetryPolicy,
    clock: Arc<dyn Clock>,
}

/// How often, and how patiently, a push is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts there are, the first one included; never less than one.
    pub tries: u32,
    /// The pause before the second attempt; each later one is twice as long.
    pub first_pause: Duration,
    /// No pause of ours gets longer than this. One that the service asks for may.
    pub longest_pause: Duration,
    /// No attempt begins later than this after the first one. Keep it, with the
    /// time of one attempt, below the lease of the work that sends the push, or
    /// another node takes the work up meanwhile.
    pub patience: Duration,
    /// Whether to repeat what may have been sent already.
    pub repeat_ambiguous: bool,
}

impl RetryPolicy {
    /// For FCM: three attempts, the second after 10 s, as Google asks. One that
    /// may have been sent is repeated; devices know it by its call id.
    pub const FCM: Self = Self {
        tries: 3,
        first_pause: Duration::from_secs(10),
        longest_pause: Duration::from_secs(60),
        patience: Duration::from_secs(30),
        repeat_ambiguous: true,
    };

    /// For APNs: two attempts, the second after 1 s. One that may have been
    /// sent is not repeated: iOS expects one push a call.
    pub const APNS: Self = Self {
        tries: 2,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(10),
        patience: Duration::from_secs(30),
        repeat_ambiguous: false,
    };

    /// The pause after attempt number `tried`, which ended in `error`.
    fn pause(&self, tried: u32, error: &Error) -> Duration {
        let doubled = self
            .first_pause
            .saturating_mul(2_u32.saturating_pow(tried - 1));
        let least = error
            .retry_after()
            .unwrap_or(doubled.min(self.longest_pause));
        least.saturating_add(rand::random_range(Duration::ZERO..=least / 4))
    }

    fn repeats(&self, retry: Retry) -> bool {
        match retry {
            Retry::Never => false,
            Retry::Safe => true,
            Retry::Ambiguous => self.repeat_ambiguous,
        }
    }
}

impl Retrying {
    /// Sends through `inner`, trying again as `policy` says.
    pub fn new(inner: Arc<dyn PushSender>, policy: RetryPolicy, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner,
            policy,
            clock,
        }
    }
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl PushSender for Retrying {
    async fn send(&self, device: &Device, push: &Push) -> Result<Delivery> {
        let deadline = RingDeadline::of(push);
        let give_up_at = self.clock.now() + self.policy.patience;
        let mut tried = 1;
        loop {
            let error = match self.inner.send(device, push).await {
                Ok(delivery) => return Ok(delivery),
                Err(error) => error,
            };
            if !self.policy.repeats(error.retry()) {
                return Err(error);
            }
            let now = self.clock.now();
            let next = now + self.policy.pause(tried, &error);
            if deadline.passed(next) {
                return Err(error.with_retry(Retry::Never));
            }
            if tried >= self.policy.tries || next > give_up_at {
                return Err(error);
            }
            tracing::debug!(attempt = tried, reason = %error, "a push is tried again");
            self.clock.sleep_until(next).await;
            if deadline.passed(self.clock.now()) {
                return Err(error.with_retry(Retry::Never));
            }
            tried += 1;
        }
    }
}
