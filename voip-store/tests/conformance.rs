//! Every adapter of this crate keeps the promises of its port.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tempfile::TempDir;
use voip_core::ports::{AccountStore, Archive, Cache, CallStore, RateLimiter, UserStore};
use voip_store::{
    MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore, SqliteOptions, SqliteStore,
};
use voip_testkit::{
    ManualClock,
    suites::{
        account_store::AccountStoreFixture, archive::ArchiveFixture, cache::CacheFixture,
        call_store::CallStoreFixture, rate_limiter::RateLimiterFixture,
        user_store::UserStoreFixture,
    },
};

mod memory {
    use super::*;

    async fn store() -> MemoryStore {
        MemoryStore::default()
    }

    async fn bus() -> MemoryBus {
        MemoryBus::default()
    }

    async fn cache() -> ClockedCache {
        let clock = Arc::new(ManualClock::default());
        let cache = MemoryCache::new(Arc::clone(&clock) as Arc<_>);
        ClockedCache { cache, clock }
    }

    struct ClockedCache {
        cache: MemoryCache,
        clock: Arc<ManualClock>,
    }

    #[async_trait]
    impl CacheFixture for ClockedCache {
        fn cache(&self) -> &dyn Cache {
            &self.cache
        }

        async fn pass(&self, time: Duration) {
            self.clock.advance(time);
        }
    }

    async fn limiter() -> ClockedLimiter {
        let clock = Arc::new(ManualClock::default());
        let limiter = MemoryRateLimiter::new(Arc::clone(&clock) as Arc<_>);
        ClockedLimiter { limiter, clock }
    }

    struct ClockedLimiter {
        limiter: MemoryRateLimiter,
        clock: Arc<ManualClock>,
    }

    #[async_trait]
    impl RateLimiterFixture for ClockedLimiter {
        fn limiter(&self) -> &dyn RateLimiter {
            &self.limiter
        }

        async fn pass(&self, time: Duration) {
            self.clock.advance(time);
        }
    }

    mod accounts {
        voip_testkit::account_store_suite!(super::store);
    }

    mod archives {
        voip_testkit::archive_suite!(super::store);
    }

    mod limiters {
        voip_testkit::rate_limiter_suite!(super::limiter);
    }

    mod calls {
        voip_testkit::call_store_suite!(super::store);
    }

    mod users {
        voip_testkit::user_store_suite!(super::store);
    }

    mod caches {
        voip_testkit::cache_suite!(super::cache);
    }

    mod events {
        voip_testkit::event_bus_suite!(super::bus);
    }
}

mod sqlite {
    use super::*;

    async fn store() -> StoreInFolder {
        let folder = tempfile::tempdir().expect("a writable temporary folder");
        let store = SqliteStore::open(SqliteOptions::at(folder.path().join("voip.db")));
        StoreInFolder {
            store: store.expect("a new file can be made"),
            _folder: folder,
        }
    }

    struct StoreInFolder {
        store: SqliteStore,
        _folder: TempDir,
    }

    impl CallStoreFixture for StoreInFolder {
        fn calls(&self) -> &dyn CallStore {
            &self.store
        }
    }

    impl AccountStoreFixture for StoreInFolder {
        fn accounts(&self) -> &dyn AccountStore {
            &self.store
        }
    }

    impl ArchiveFixture for StoreInFolder {
        fn archive(&self) -> &dyn Archive {
            &self.store
        }

        fn calls(&self) -> &dyn CallStore {
            &self.store
        }

        fn users(&self) -> &dyn UserStore {
            &self.store
        }

        fn accounts(&self) -> &dyn AccountStore {
            &self.store
        }
    }

    impl UserStoreFixture for StoreInFolder {
        fn users(&self) -> &dyn UserStore {
            &self.store
        }
    }

    mod accounts {
        voip_testkit::account_store_suite!(super::store);
    }

    mod archives {
        voip_testkit::archive_suite!(super::store);
    }

    mod calls {
        voip_testkit::call_store_suite!(super::store);
    }

    mod users {
        voip_testkit::user_store_suite!(super::store);
    }
}
