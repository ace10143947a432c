//! The suites of the ports. Without a Redis each case is left out.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use voip_core::ports::{Cache, EventBus, RateLimiter};
use voip_store::{RateLimiterWithFallback, RedisBus, RedisCache, RedisRateLimiter};
use voip_testkit::suites::{
    cache::CacheFixture, event_bus::EventBusFixture, rate_limiter::RateLimiterFixture,
};

use super::shared::{bus, clock, fresh_prefix, link, redis};

struct CacheOnRedis(RedisCache);

async fn cache(url: &str) -> CacheOnRedis {
    let link = link(url, &fresh_prefix());
    link.connected().await;
    CacheOnRedis(RedisCache::new(link))
}

#[async_trait]
impl CacheFixture for CacheOnRedis {
    fn cache(&self) -> &dyn Cache {
        &self.0
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await; // real time: Redis goes by its own clock.
    }
}

struct LimiterOnRedis(Box<dyn RateLimiter>);

async fn limiter(url: &str) -> LimiterOnRedis {
    let link = link(url, &fresh_prefix());
    link.connected().await;
    LimiterOnRedis(Box::new(RedisRateLimiter::new(link)))
}

/// One that always has to count by itself.
async fn fallback(_url: &str) -> LimiterOnRedis {
    let nowhere = link("redis://127.0.0.1:1", &fresh_prefix());
    let shared = Arc::new(RedisRateLimiter::new(nowhere));
    LimiterOnRedis(Box::new(RateLimiterWithFallback::new(shared, clock())))
}

#[async_trait]
impl RateLimiterFixture for LimiterOnRedis {
    fn limiter(&self) -> &dyn RateLimiter {
        &*self.0
    }

    async fn pass(&self, time: Duration) {
        tokio::time::sleep(time).await; // real time: Redis goes by its own clock.
    }
}

/// Two nodes.
struct Buses(RedisBus, RedisBus);

async fn buses(url: &str) -> Buses {
    let prefix = fresh_prefix();
    Buses(bus(url, &prefix).await, bus(url, &prefix).await)
}

impl EventBusFixture for Buses {
    fn bus(&self) -> &dyn EventBus {
        &self.0
    }

    fn elsewhere(&self) -> &dyn EventBus {
        &self.1
    }
}

/// A module of tests for each suite; each case asks first whether there is a
/// Redis.
macro_rules! on_redis {
    ($($module:ident: $suite:ident, $fresh:ident, [$($case:ident)+])+) => {
        $(
            mod $module {
                $(
                    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                    async fn $case() {
                        let Some(url) = super::redis() else { return };
                        let fixture = super::$fresh(&url).await;
                        voip_testkit::suites::$suite::$case(&fixture).await;
                    }
                )+
            }
        )+
    };
}

on_redis! {
    caches: cache, cache, [
        what_was_filled_is_found
        a_copy_is_gone_after_its_time
        a_removed_copy_is_gone
        several_copies_are_removed_at_once
        a_ticket_from_before_a_removal_fills_nothing
        keys_do_not_disturb_each_other
    ]
    limiters: rate_limiter, limiter, [
        as_many_as_the_quota_says_are_allowed
        a_denied_try_says_when_the_next_is_allowed
        no_stretch_of_time_has_more_than_the_quota
        denied_tries_do_not_count
        keys_do_not_disturb_each_other
    ]
    fallbacks: rate_limiter, fallback, [
        as_many_as_the_quota_says_are_allowed
        a_denied_try_says_when_the_next_is_allowed
        no_stretch_of_time_has_more_than_the_quota
        denied_tries_do_not_count
        keys_do_not_disturb_each_other
    ]
    events: event_bus, buses, [
        every_subscriber_gets_every_event
        events_of_one_publisher_keep_their_order
        a_subscriber_gets_nothing_from_before
        a_slow_subscriber_learns_of_the_gap
    ]
}
