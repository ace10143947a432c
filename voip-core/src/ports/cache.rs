//! The port to a cache.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// Keeps copies of what is costly to make.
///
/// A miss hands out a ticket, and a copy is kept only if its ticket is still
/// good: whoever read the old state before a write cannot put it back after.
///
/// # Contract
/// - `what_was_filled_is_found`
/// - `a_copy_is_gone_after_its_time`
/// - `a_removed_copy_is_gone`
/// - `several_copies_are_removed_at_once`
/// - `a_ticket_from_before_a_removal_fills_nothing`
/// - `keys_do_not_disturb_each_other`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Cache: fmt::Debug + Send + Sync + 'static {
    /// The copy under `key`, or a ticket to make one.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: go on without a cache.
    async fn get(&self, key: &str) -> Result<Lookup>;

    /// Keeps `value` under `key` for `ttl`, unless `key` was removed since
    /// `ticket` was handed out. Dropping a copy silently is allowed.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: go on without a cache.
    async fn fill(&self, key: &str, ticket: FillTicket, value: Bytes, ttl: Duration) -> Result<()>;

    /// Forgets the copies under `keys`; every ticket for one of them handed out
    /// before is void when this returns. A key without a copy, a key named twice,
    /// and no key at all are fine.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: copies may live on until their time is over.
    async fn remove(&self, keys: &[String]) -> Result<()>;
}

/// What a cache knows of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// A copy.
    Hit(Bytes),
    /// Nothing; fill it with this ticket.
    Miss(FillTicket),
}

/// The right to fill a key, good until the key is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillTicket(pub u64);
