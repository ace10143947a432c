//! Storage, cache and event-bus adapters.
//!
//! | port | in memory | in a file | on Redis |
//! |---|---|---|---|
//! | [`CallStore`](voip_core::ports::CallStore), [`UserStore`](voip_core::ports::UserStore), [`AccountStore`](voip_core::ports::AccountStore), [`Archive`](voip_core::ports::Archive) | [`MemoryStore`] | [`SqliteStore`] | – |
//! | [`Cache`](voip_core::ports::Cache) | [`MemoryCache`] | – | `RedisCache` |
//! | [`EventBus`](voip_core::ports::EventBus) | [`MemoryBus`] | – | `RedisBus` |
//! | [`RateLimiter`](voip_core::ports::RateLimiter) | [`MemoryRateLimiter`] | – | `RedisRateLimiter` |
//!
//! Every adapter keeps the same promises: those under *Contract* in
//! `voip_core::ports`, checked by the suites of `voip-testkit`. What is in
//! memory is for one process, and gone when that ends. What is on Redis is
//! there with the feature `redis`. Calls, users and accounts are on PostgreSQL or
//! MySQL with the features `postgres` and `mysql`: as `PostgresStore` and
//! `MySqlStore`, which are one `ServerStore` over the statements of each.
//!
//! [`legacy`] reads the databases of the systems that came before.
//!
//! ```
//! use voip_core::{CallId, ports::CallStore};
//! use voip_store::{SqliteOptions, SqliteStore};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> voip_core::Result<()> {
//! # let folder = tempfile::tempdir().expect("a writable temporary folder");
//! let store = SqliteStore::open(SqliteOptions::at(folder.path().join("voip.db")))?;
//! assert!(store.call(&CallId::fresh()).await?.is_none());
//! store.close().await
//! # }
//! ```

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod grouped;
pub mod legacy;
mod limiter_fallback;
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod row;
mod sqlite;

#[cfg(feature = "redis")]
pub use self::redis::{
    InvalidRedisUrl, RedisBus, RedisCache, RedisLink, RedisOptions, RedisRateLimiter, RedisUrl,
};
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub use grouped::ServerStore;
pub use limiter_fallback::RateLimiterWithFallback;
pub use memory::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
#[cfg(feature = "mysql")]
pub use mysql::{MySqlDriver, MySqlOptions, MySqlStore};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresDriver, PostgresOptions, PostgresStore};
pub use sqlite::{SqliteOptions, SqliteStore, WriteStats};
