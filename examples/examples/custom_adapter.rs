//! An adapter of your own, held to its port's conformance suite.
//!
//! The port is the cache, because it is small; every other one is done the
//! same way. Run it, and run its tests:
//!
//! ```text
//! cargo run -p voip-examples --example custom_adapter
//! cargo test -p voip-examples --example custom_adapter
//! ```

#![allow(clippy::print_stdout)] // An example talks to whoever runs it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use voip_core::{
    Result, Timestamp,
    ports::{Cache, Clock, FillTicket, Lookup, SystemClock},
};

/// A cache in a map.
#[derive(Debug)]
struct MapCache {
    clock: Arc<dyn Clock>,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    copies: HashMap<String, (Bytes, Timestamp)>,
    /// Counts removals. A ticket is the count at its miss: whoever missed
    /// before a removal must not fill after it.
    removals: u64,
}

impl MapCache {
    fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            shelf: Mutex::default(),
        }
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Cache for MapCache {
    async fn get(&self, key: &str) -> Result<Lookup> {
        let shelf = self.shelf();
        Ok(match shelf.copies.get(key) {
            Some((copy, until)) if self.clock.now() < *until => Lookup::Hit(copy.clone()),
            _ => Lookup::Miss(FillTicket(shelf.removals)),
        })
    }

    async fn fill(&self, key: &str, ticket: FillTicket, value: Bytes, ttl: Duration) -> Result<()> {
        let mut shelf = self.shelf();
        if ticket.0 == shelf.removals {
            shelf
                .copies
                .insert(key.to_owned(), (value, self.clock.now() + ttl));
        }
        Ok(())
    }

    async fn remove(&self, keys: &[String]) -> Result<()> {
        let mut shelf = self.shelf();
        shelf.copies.retain(|key, _| !keys.contains(key));
        shelf.removals += 1;
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let cache = MapCache::new(Arc::new(SystemClock));
    let Lookup::Miss(ticket) = cache.get("greeting").await? else {
        return Ok(());
    };
    cache
        .fill(
            "greeting",
            ticket,
            Bytes::from_static(b"hello"),
            Duration::from_secs(60),
        )
        .await?;
    println!("{:?}", cache.get("greeting").await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use voip_testkit::{ManualClock, suites::cache::CacheFixture};

    use super::*;

    struct Fixture {
        cache: MapCache,
        clock: Arc<ManualClock>,
    }

    #[async_trait]
    impl CacheFixture for Fixture {
        fn cache(&self) -> &dyn Cache {
            &self.cache
        }

        async fn pass(&self, time: Duration) {
            self.clock.advance(time);
        }
    }

    async fn fresh() -> Fixture {
        let clock = Arc::new(ManualClock::default());
        Fixture {
            cache: MapCache::new(Arc::clone(&clock) as _),
            clock,
        }
    }

    voip_testkit::cache_suite!(fresh);
}
