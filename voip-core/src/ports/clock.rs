//! The port to time.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;

use crate::Timestamp;

/// Tells the time and waits for it. Tests bring their own.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Returns once `moment` has come. May be dropped at any time.
    async fn sleep_until(&self, moment: Timestamp);
}

/// The machine's clock: the only place that reads the wall clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // This is the place the lint points at.
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let micros = since.unwrap_or(Duration::ZERO).as_micros();
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    async fn sleep_until(&self, moment: Timestamp) {
        tokio::time::sleep(moment.since(self.now())).await;
    }
}
