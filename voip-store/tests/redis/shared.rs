//! A Redis to test with.

use std::sync::Arc;

use uuid::Uuid;
use voip_core::ports::{Clock, SystemClock};
use voip_store::{RedisBus, RedisLink, RedisOptions};
use voip_testkit::servers::shared_url;

/// The address of the Redis that tests share. `None`: leave the test out.
#[allow(clippy::print_stderr)] // Whoever runs the tests is to see it.
pub(crate) fn redis() -> Option<String> {
    let url = shared_url("VOIP_TEST_REDIS_URL");
    if url.is_none() {
        eprintln!("left out: VOIP_TEST_REDIS_URL is not set");
    }
    url
}

/// A prefix that nobody else uses.
pub(crate) fn fresh_prefix() -> String {
    format!("test:{}:", Uuid::new_v4().as_simple())
}

/// A link of its own, as one node has it.
pub(crate) fn link(url: &str, prefix: &str) -> RedisLink {
    let options = RedisOptions {
        prefix: prefix.to_owned(),
        ..RedisOptions::default()
    };
    RedisLink::open(url.parse().expect("the address of a Redis"), options)
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// A bus that hears the others already.
pub(crate) async fn bus(url: &str, prefix: &str) -> RedisBus {
    let bus = RedisBus::start(link(url, prefix), clock());
    bus.connected().await;
    bus
}
