//! Storage, cache and event-bus adapters.
//!
//! | port | in memory | in a file | on a server |
//! |---|---|---|---|
//! | [`CallStore`](voip_core::ports::CallStore), [`UserStore`](voip_core::ports::UserStore), [`AccountStore`](voip_core::ports::AccountStore) | [`MemoryStore`] | [`SqliteStore`] | `PostgresStore` (feature `postgres`), `MySqlStore` (feature `mysql`) |
//! | [`Cache`](voip_core::ports::Cache) | [`MemoryCache`] | – | – |
//! | [`EventBus`](voip_core::ports::EventBus) | [`MemoryBus`] | – | – |
//! | [`RateLimiter`](voip_core::ports::RateLimiter) | [`MemoryRateLimiter`] | – | – |
//!
//! Every adapter keeps the same promises: those under *Contract* in
//! `voip_core::ports`, checked by the suites of `voip-testkit`. What is in
//! memory is for one process, and gone when that ends.
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
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod row;
mod sqlite;

pub use memory::{MemoryBus, MemoryCache, MemoryRateLimiter, MemoryStore};
#[cfg(feature = "mysql")]
pub use mysql::{MySqlOptions, MySqlStore};
#[cfg(feature = "postgres")]
pub use postgres::{PostgresOptions, PostgresStore};
pub use sqlite::{SqliteOptions, SqliteStore, WriteStats};
