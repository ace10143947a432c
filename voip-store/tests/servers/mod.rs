//! Databases of private servers, made for one test each and dropped after it.
//!
//! The servers are named in the environment; `scripts/services` starts some.
//! Without them a test that needs one is skipped, unless `REQUIRE_SERVICES` is
//! set: then it fails.

#![allow(clippy::unwrap_used, dead_code)] // What tests may do, their fixtures may.

use std::time::Duration;

use voip_core::ports::{AccountStore, Archive, CallStore, UserStore};
use voip_store::MemoryStore;
use voip_testkit::suites::{
    account_store::AccountStoreFixture, archive::ArchiveFixture, call_store::CallStoreFixture,
    user_store::UserStoreFixture,
};

#[cfg(feature = "mysql")]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;

/// Set where tests may not be skipped.
const REQUIRED: &str = "REQUIRE_SERVICES";

/// The address of a server's administrator, or `None` where there is no server.
#[allow(clippy::disallowed_methods, clippy::print_stderr)] // Only tests look here.
fn server(variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok();
    if url.is_none() {
        assert!(
            std::env::var_os(REQUIRED).is_none(),
            "{REQUIRED} is set, but {variable} names no server: see scripts/services"
        );
        eprintln!("skipped: {variable} names no server to test with");
    }
    url
}

/// A name no other test has.
fn fresh_name() -> String {
    format!("voip_test_{}", uuid::Uuid::new_v4().simple())
}

/// Runs `work` on a thread of its own: where a database is dropped, a runtime
/// may be at its end.
fn apart(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::spawn(move || {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap().block_on(work);
    });
    thread.join().unwrap();
}

/// A store to be tried, or where there is no server, one that is tried anyway.
#[allow(clippy::large_enum_variant)] // One of them in a test.
pub(crate) enum OrSkipped<T> {
    Store(T),
    Skipped(MemoryStore),
}

impl<T> From<Option<T>> for OrSkipped<T> {
    fn from(store: Option<T>) -> Self {
        match store {
            Some(store) => Self::Store(store),
            None => Self::Skipped(MemoryStore::default()),
        }
    }
}

impl<T: CallStoreFixture> CallStoreFixture for OrSkipped<T> {
    fn calls(&self) -> &dyn CallStore {
        match self {
            Self::Store(store) => store.calls(),
            Self::Skipped(store) => store,
        }
    }
}

impl<T: AccountStoreFixture> AccountStoreFixture for OrSkipped<T> {
    fn accounts(&self) -> &dyn AccountStore {
        match self {
            Self::Store(store) => store.accounts(),
            Self::Skipped(store) => store,
        }
    }
}

impl<T: UserStoreFixture> UserStoreFixture for OrSkipped<T> {
    fn users(&self) -> &dyn UserStore {
        match self {
            Self::Store(store) => store.users(),
            Self::Skipped(store) => store,
        }
    }
}

/// A database of a test's own, whichever server keeps it.
pub(crate) trait Database: Sized {
    type Store: CallStore + UserStore + AccountStore;

    /// How its addresses begin.
    const SCHEME: &'static str;

    async fn fresh() -> Option<Self>;

    fn url(&self) -> String;

    /// A store at `url` that waits no longer than `patience` for anything.
    async fn connect(url: &str, patience: Duration) -> voip_core::Result<Self::Store>;

    /// Runs statements in it.
    async fn run(&self, sql: &str);

    /// Ends every connection to it, as a server that restarts does.
    async fn cut(&self);

    async fn close(store: &Self::Store);
}

impl<T: ArchiveFixture> ArchiveFixture for OrSkipped<T> {
    fn archive(&self) -> &dyn Archive {
        match self {
            Self::Store(store) => store.archive(),
            Self::Skipped(store) => store,
        }
    }

    fn calls(&self) -> &dyn CallStore {
        match self {
            Self::Store(store) => ArchiveFixture::calls(store),
            Self::Skipped(store) => store,
        }
    }

    fn users(&self) -> &dyn UserStore {
        match self {
            Self::Store(store) => ArchiveFixture::users(store),
            Self::Skipped(store) => store,
        }
    }

    fn accounts(&self) -> &dyn AccountStore {
        match self {
            Self::Store(store) => ArchiveFixture::accounts(store),
            Self::Skipped(store) => store,
        }
    }
}
