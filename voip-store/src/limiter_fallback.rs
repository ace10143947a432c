use std::{fmt, sync::Arc};

use async_trait::async_trait;
use voip_core::{
    Result,
    ports::{Allowance, Clock, LimitKey, Quota, RateLimiter},
};

use crate::MemoryRateLimiter;

/// A limiter that counts by itself while another one is out of order.
///
/// For a limiter that all nodes share. While that cannot be reached, each node
/// counts from nothing, so that nobody is locked out and no flood comes in: in
/// the worst case somebody has their quota once more on every node.
pub struct RateLimiterWithFallback {
    shared: Arc<dyn RateLimiter>,
    own: MemoryRateLimiter,
}

impl RateLimiterWithFallback {
    /// `shared`, and a limiter in memory by `clock` for when it fails.
    pub fn new(shared: Arc<dyn RateLimiter>, clock: Arc<dyn Clock>) -> Self {
        let own = MemoryRateLimiter::new(clock);
        Self { shared, own }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl RateLimiter for RateLimiterWithFallback {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Allowance> {
        match self.shared.take(key, quota).await {
            Ok(allowance) => Ok(allowance),
            Err(error) => {
                tracing::debug!(%error, ?key, "tries are counted by this node alone");
                self.own.take(key, quota).await
            }
        }
    }
}

impl fmt::Debug for RateLimiterWithFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiterWithFallback")
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}
