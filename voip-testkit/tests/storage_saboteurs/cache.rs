use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use voip_core::{
    Result,
    ports::{Cache, FillTicket, Lookup},
};
use voip_store::MemoryCache;
use voip_testkit::{
    ManualClock,
    suites::cache::{self, CacheFixture},
};

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    TakesBytesForText,
    ForgetsWhatWasRead,
    KeepsForEver,
    KeepsForNoTime,
    RemovesNothing,
    RemovesOne,
    TakesAnyTicket,
    TakesKeysInAnyCase,
    RemovesAll,
}

#[derive(Debug)]
struct Saboteur {
    cache: MemoryCache,
    clock: Arc<ManualClock>,
    fault: Fault,
}

impl Saboteur {
    fn key(&self, key: &str) -> String {
        match self.fault {
            Fault::TakesKeysInAnyCase => key.to_lowercase(),
            _ => key.to_owned(),
        }
    }
}

#[async_trait]
impl Cache for Saboteur {
    async fn get(&self, key: &str) -> Result<Lookup> {
        let key = self.key(key);
        let found = self.cache.get(&key).await?;
        if self.fault == Fault::ForgetsWhatWasRead && matches!(found, Lookup::Hit(_)) {
            self.cache.remove(&[key]).await?;
        }
        Ok(found)
    }

    async fn fill(&self, key: &str, ticket: FillTicket, value: Bytes, ttl: Duration) -> Result<()> {
        let (key, mut ticket, mut value, mut ttl) = (self.key(key), ticket, value, ttl);
        match self.fault {
            Fault::TakesBytesForText => value = String::from_utf8_lossy(&value).into_owned().into(),
            Fault::KeepsForEver => ttl = Duration::from_secs(1 << 30),
            Fault::KeepsForNoTime => ttl = Duration::ZERO,
            Fault::TakesAnyTicket => {
                if let Lookup::Miss(good) = self.cache.get(&key).await? {
                    ticket = good;
                }
            }
            _ => {}
        }
        self.cache.fill(&key, ticket, value, ttl).await
    }

    async fn remove(&self, keys: &[String]) -> Result<()> {
        let mut keys: Vec<String> = keys.iter().map(|key| self.key(key)).collect();
        match self.fault {
            Fault::RemovesNothing => keys.clear(),
            Fault::RemovesOne => keys.truncate(1),
            Fault::RemovesAll => keys.extend(["a:", "A", "*", ""].map(str::to_owned)),
            _ => {}
        }
        self.cache.remove(&keys).await
    }
}

#[async_trait]
impl CacheFixture for Saboteur {
    fn cache(&self) -> &dyn Cache {
        self
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

async fn fresh() -> Saboteur {
    let clock = Arc::new(ManualClock::default());
    let cache = MemoryCache::new(Arc::clone(&clock) as Arc<_>);
    Saboteur {
        cache,
        clock,
        fault: Fault::Nothing,
    }
}

mod without_a_fault {
    voip_testkit::cache_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let saboteur = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { cache::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    TakesBytesForText by what_was_filled_is_found as a_changed_copy_is_caught;
    ForgetsWhatWasRead by what_was_filled_is_found as a_copy_found_once_is_caught;
    KeepsForEver by a_copy_is_gone_after_its_time as a_copy_past_its_time_is_caught;
    KeepsForNoTime by a_copy_is_gone_after_its_time as a_copy_gone_too_soon_is_caught;
    RemovesNothing by a_removed_copy_is_gone as a_copy_never_removed_is_caught;
    RemovesOne by several_copies_are_removed_at_once as removing_only_the_first_is_caught;
    TakesAnyTicket by a_ticket_from_before_a_removal_fills_nothing as a_stale_filling_is_caught;
    TakesKeysInAnyCase by keys_do_not_disturb_each_other as keys_in_any_case_are_caught;
    RemovesAll by keys_do_not_disturb_each_other as a_removal_of_others_is_caught;
}
