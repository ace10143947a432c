use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use voip_core::{
    Result, Timestamp,
    ports::{Allowance, Clock, LimitKey, Quota, RateLimiter},
};

use super::locked;

/// A rate limiter within this process.
///
/// Remembers at most so many tries. When full, the keys that were tried
/// longest ago are forgotten, and begin anew: a flood of strangers gives a few
/// others their allowance back early, and locks nobody out.
pub struct MemoryRateLimiter {
    clock: Arc<dyn Clock>,
    most: usize,
    tries: Mutex<Tries>,
}

/// What is remembered.
#[derive(Default)]
struct Tries {
    keys: HashMap<LimitKey, Tried>,
    /// The keys by their last allowed try; `Tried::turn` counts those.
    oldest: BTreeMap<u64, LimitKey>,
    turns: u64,
    /// Tries of all keys.
    count: usize,
}

struct Tried {
    /// The allowed tries that may still matter, oldest first.
    at: VecDeque<Timestamp>,
    within: Duration,
    turn: u64,
}

impl MemoryRateLimiter {
    /// A limiter that remembers 200 000 tries, by `clock`: some 30 MB at most.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_room(clock, 200_000)
    }

    /// A limiter that remembers `most` tries, by `clock`. One key may always
    /// have as many as its quota allows.
    pub fn with_room(clock: Arc<dyn Clock>, most: usize) -> Self {
        Self {
            clock,
            most,
            tries: Mutex::default(),
        }
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter")
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}

impl Tries {
    fn take(&mut self, key: LimitKey, quota: Quota, now: Timestamp, most: usize) -> Allowance {
        if quota.most == 0 {
            return Allowance::Denied {
                retry_after: quota.within,
            };
        }
        self.forget_done(now);
        let tried = self.keys.entry(key).or_insert_with(|| Tried {
            at: VecDeque::new(),
            within: quota.within,
            turn: 0,
        });
        tried.within = quota.within;
        while tried.at.front().is_some_and(|at| *at + quota.within <= now) {
            tried.at.pop_front();
            self.count -= 1;
        }
        if let Some(over) = tried.at.len().checked_sub(quota.most as usize) {
            // Allowed again once so many of the oldest no longer count.
            let until = tried.at[over] + quota.within;
            return Allowance::Denied {
                retry_after: until.since(now),
            };
        }
        self.oldest.remove(&tried.turn);
        self.turns += 1;
        tried.turn = self.turns;
        tried.at.push_back(now);
        self.count += 1;
        self.oldest.insert(self.turns, key);
        while self.count > most && self.keys.len() > 1 {
            self.forget_oldest();
        }
        Allowance::Allowed
    }

    /// Forgets some keys whose tries no longer matter: two a try, so that it
    /// keeps up and no try waits.
    fn forget_done(&mut self, now: Timestamp) {
        for _ in 0..2 {
            let done = self.oldest.values().next().is_some_and(|key| {
                self.keys
                    .get(key)
                    .and_then(|tried| Some(*tried.at.back()? + tried.within <= now))
                    .unwrap_or(true)
            });
            if !done {
                return;
            }
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.oldest.pop_first()
            && let Some(tried) = self.keys.remove(&key)
        {
            self.count -= tried.at.len();
        }
    }
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Allowance> {
        let now = self.clock.now();
        Ok(locked(&self.tries).take(*key, quota, now, self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FEW: Quota = Quota::a_minute(2);

    fn key(who: usize) -> LimitKey {
        LimitKey::new("test", &who.to_string())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    #[test]
    fn however_many_try_only_so_many_tries_are_remembered() {
        let mut tries = Tries::default();
        for who in 0..1_000 {
            for _ in 0..3 {
                tries.take(key(who), FEW, at(1), 10);
            }
            assert!(tries.count <= 10, "{}", tries.count);
            assert!(tries.keys.len() <= 10);
            assert_eq!(tries.oldest.len(), tries.keys.len());
        }
        // Who was forgotten begins anew; who came last is remembered.
        assert_eq!(tries.take(key(0), FEW, at(1), 10), Allowance::Allowed);
        assert_ne!(tries.take(key(999), FEW, at(1), 10), Allowance::Allowed);
    }

    #[test]
    fn one_key_may_have_more_tries_than_there_is_room_for() {
        let mut tries = Tries::default();
        for _ in 0..2 {
            assert_eq!(tries.take(key(1), FEW, at(1), 1), Allowance::Allowed);
        }
        assert_ne!(tries.take(key(1), FEW, at(1), 1), Allowance::Allowed);
    }

    #[test]
    fn tries_that_no_longer_matter_are_forgotten() {
        let mut tries = Tries::default();
        for who in 0..100 {
            tries.take(key(who), FEW, at(1), 1_000);
        }
        for who in 100..150 {
            tries.take(key(who), FEW, at(70), 1_000);
        }
        assert_eq!(tries.keys.len(), 50, "two old ones went for each new one");
        assert_eq!(tries.count, 50);
    }

    #[test]
    fn nothing_is_allowed_where_nothing_may_be() {
        let none = Quota::a_minute(0);
        let denied = Allowance::Denied {
            retry_after: Duration::from_secs(60),
        };
        assert_eq!(Tries::default().take(key(1), none, at(1), 10), denied);
    }
}
