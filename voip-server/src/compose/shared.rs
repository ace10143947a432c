use std::sync::Arc;

use voip_core::ports::{Cache, Clock, EventBus, RateLimiter};
use voip_store::{
    MemoryBus, MemoryCache, MemoryRateLimiter, RateLimiterWithFallback, RedisBus, RedisCache,
    RedisLink, RedisRateLimiter,
};

use crate::{SharedHealth, config::Config};

/// How much memory copies of what is read often may take.
const CACHE_BYTES: usize = 32 << 20;

/// What nodes share beside storage; in memory where there is no Redis.
pub(super) struct Shared {
    pub(super) bus: Arc<dyn EventBus>,
    pub(super) cache: Arc<dyn Cache>,
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) redis: Option<Arc<OnRedis>>,
}

/// What is on Redis and has to be looked at and closed.
#[derive(Debug)]
pub(crate) struct OnRedis {
    link: RedisLink,
    bus: Arc<RedisBus>,
}

impl Shared {
    /// Opens what the configuration asks for. Redis need not be there yet.
    pub(super) fn open(config: &Config, clock: &Arc<dyn Clock>) -> Self {
        let clock = || Arc::clone(clock);
        let Some(redis) = &config.redis else {
            if config.database.is_shared() {
                tracing::warn!(
                    "REDIS_URL is not set: should there be several nodes, clients of one do not hear what happens on another"
                );
            }
            return Self {
                bus: Arc::new(MemoryBus::default()),
                cache: Arc::new(MemoryCache::with_max_bytes(clock(), CACHE_BYTES)),
                limiter: Arc::new(MemoryRateLimiter::new(clock())),
                redis: None,
            };
        };
        let link = RedisLink::open(redis.url.clone(), redis.options.clone());
        let bus = Arc::new(RedisBus::start(link.clone(), clock()));
        let limiter = Arc::new(RedisRateLimiter::new(link.clone()));
        Self {
            bus: Arc::clone(&bus) as _,
            cache: Arc::new(RedisCache::new(link.clone())),
            limiter: Arc::new(RateLimiterWithFallback::new(limiter, clock())),
            redis: Some(Arc::new(OnRedis { link, bus })),
        }
    }
}

impl OnRedis {
    /// Tells the other nodes that this one goes.
    pub(crate) async fn close(&self) {
        self.bus.close().await;
    }
}

impl SharedHealth for OnRedis {
    fn is_up(&self) -> bool {
        self.link.is_up() && self.bus.hears()
    }
}
