use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use voip_core::{
    Result, Timestamp,
    ports::{Cache, Clock, FillTicket, Lookup},
};

use super::locked;

/// A cache within this process.
///
/// Holds at most so many bytes of keys and copies; when full, the copy that
/// was filled longest ago makes room. A copy larger than a quarter of the
/// whole is not kept.
pub struct MemoryCache {
    clock: Arc<dyn Clock>,
    max_bytes: usize,
    shelf: Mutex<Shelf>,
}

/// What is kept.
#[derive(Default)]
struct Shelf {
    copies: HashMap<Arc<str>, Copied>,
    /// The copies by age; `Copied::filled` counts fillings.
    oldest: BTreeMap<u64, Arc<str>>,
    fillings: u64,
    bytes: usize,
    /// Tickets are numbers of this count; each removal moves it on, and
    /// remembers for its key where it was.
    removals: u64,
    removed: Removed,
}

struct Copied {
    value: Bytes,
    until: Timestamp,
    filled: u64,
}

/// When keys were last removed, by a fixed number of slots: two keys in one
/// slot only void each other's tickets, which costs a filling and no more.
struct Removed([u64; 1024]);

impl MemoryCache {
    /// A cache for 64 MiB, by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_max_bytes(clock, 64 << 20)
    }

    /// A cache for `max_bytes`, by `clock`.
    pub fn with_max_bytes(clock: Arc<dyn Clock>, max_bytes: usize) -> Self {
        Self {
            clock,
            max_bytes,
            shelf: Mutex::default(),
        }
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache")
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

impl Default for Removed {
    fn default() -> Self {
        Self([0; 1024])
    }
}

impl Removed {
    fn slot(&mut self, key: &str) -> &mut u64 {
        // FNV-1a: a fixed, quick hash. A crafted clash costs a filling.
        let hash = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        &mut self.0[(hash % 1024) as usize]
    }
}

impl Shelf {
    fn get(&mut self, key: &str, now: Timestamp) -> Lookup {
        match self.copies.get(key) {
            Some(copy) if now < copy.until => return Lookup::Hit(copy.value.clone()),
            Some(_) => self.drop_copy(key),
            None => {}
        }
        Lookup::Miss(FillTicket(self.removals))
    }

    fn fill(&mut self, key: &str, ticket: FillTicket, value: Bytes, until: Timestamp, max: usize) {
        let size = key.len() + value.len();
        if *self.removed.slot(key) > ticket.0 || size > max / 4 {
            return;
        }
        self.drop_copy(key);
        self.fillings += 1;
        let key: Arc<str> = Arc::from(key);
        self.oldest.insert(self.fillings, Arc::clone(&key));
        self.copies.insert(
            key,
            Copied {
                value,
                until,
                filled: self.fillings,
            },
        );
        self.bytes += size;
        while self.bytes > max
            && let Some((_, key)) = self.oldest.first_key_value()
        {
            let key = Arc::clone(key);
            self.drop_copy(&key);
        }
    }

    fn remove(&mut self, key: &str) {
        self.removals += 1;
        *self.removed.slot(key) = self.removals;
        self.drop_copy(key);
    }

    fn drop_copy(&mut self, key: &str) {
        if let Some(copy) = self.copies.remove(key) {
            self.oldest.remove(&copy.filled);
            self.bytes -= key.len() + copy.value.len();
        }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Lookup> {
        let now = self.clock.now();
        Ok(locked(&self.shelf).get(key, now))
    }

    async fn fill(&self, key: &str, ticket: FillTicket, value: Bytes, ttl: Duration) -> Result<()> {
        let until = self.clock.now() + ttl;
        locked(&self.shelf).fill(key, ticket, value, until, self.max_bytes);
        Ok(())
    }

    async fn remove(&self, keys: &[String]) -> Result<()> {
        let mut shelf = locked(&self.shelf);
        keys.iter().for_each(|key| shelf.remove(key));
        Ok(())
    }
}
