//! Adapters that keep everything in this process.

mod accounts;
mod archive;
mod bus;
mod cache;
mod calls;
mod limiter;
mod users;

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use bus::MemoryBus;
pub use cache::MemoryCache;
pub use limiter::MemoryRateLimiter;

use accounts::AccountTables;
use calls::CallTables;
use users::UserTables;

/// Calls, users and accounts in memory: for tests, and for servers that may forget.
#[derive(Default)]
pub struct MemoryStore {
    calls: Mutex<CallTables>,
    users: Mutex<UserTables>,
    accounts: Mutex<AccountTables>,
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

/// Locks `tables`. A panic elsewhere leaves them usable: each change is made
/// only after everything that may fail.
fn locked<T>(tables: &Mutex<T>) -> MutexGuard<'_, T> {
    tables.lock().unwrap_or_else(PoisonError::into_inner)
}
