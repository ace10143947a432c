//! The first page of a call log, which is asked for again and again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    Call, Calls, Result, UserId,
    calls::Inner,
    ports::{LogEntry, LogFilter, LogQuery, Lookup},
};

/// How long a copy may serve. A write through any node voids it at once; this
/// is for what another program does to the database.
const TTL: Duration = Duration::from_secs(5);

/// How long a copy of a user's own log may serve. The same holds of it.
const OWN_TTL: Duration = Duration::from_secs(5 * 60);

impl Calls {
    /// The first page of a call log as `write` writes it, from a copy where
    /// there is one. Whoever reads after a write has been answered sees that
    /// write.
    ///
    /// All callers have to write, and limit, the page in the same way.
    ///
    /// # Errors
    /// Those of [`CallStore::log`](crate::ports::CallStore::log).
    pub async fn first_log_page(
        &self,
        query: &LogQuery,
        write: impl FnOnce(Vec<LogEntry>) -> Bytes + Send,
    ) -> Result<Bytes> {
        let key = key(&query.name, query.owned_only);
        self.copied(&key, TTL, query, write).await
    }

    /// The first `limit` calls that `user` owns as `write` writes them, from a
    /// copy where there is one. Whoever reads after a write has been answered
    /// sees that write.
    ///
    /// All callers have to write, and limit, the page in the same way.
    ///
    /// # Errors
    /// Those of [`CallStore::log`](crate::ports::CallStore::log).
    pub async fn first_own_log_page(
        &self,
        user: &UserId,
        limit: usize,
        write: impl FnOnce(Vec<LogEntry>) -> Bytes + Send,
    ) -> Result<Bytes> {
        let query = LogQuery {
            name: Arc::from(user.as_str()),
            owned_only: true,
            filter: LogFilter::default(),
            after: None,
            limit,
        };
        self.copied(&own_key(user), OWN_TTL, &query, write).await
    }

    async fn copied(
        &self,
        key: &str,
        ttl: Duration,
        query: &LogQuery,
        write: impl FnOnce(Vec<LogEntry>) -> Bytes + Send,
    ) -> Result<Bytes> {
        let cache = &self.inner.ports.cache;
        let ticket = match cache.get(key).await {
            Ok(Lookup::Hit(page)) => return Ok(page),
            Ok(Lookup::Miss(ticket)) => Some(ticket),
            Err(error) => {
                tracing::debug!(%error, "a call log is read without the cache");
                None
            }
        };
        let page = write(self.log(query).await?);
        if let Some(ticket) = ticket
            && let Err(error) = cache.fill(key, ticket, page.clone(), ttl).await
        {
            tracing::debug!(%error, "a call log could not be kept in the cache");
        }
        Ok(page)
    }
}

impl Inner {
    /// Voids the copies of every log that lists `call`.
    pub(super) async fn forget_log_pages(self: &Arc<Self>, call: &Call) {
        let (from, to) = (call.logged_from(), call.logged_to());
        let owner = call.owner.as_ref();
        let mut keys = vec![key(from, false)];
        if to != from {
            keys.push(key(to, false));
        }
        if let Some(owner) = owner {
            let name = owner.as_str();
            keys.extend([own_key(owner), key(name, true)]);
            if name != from && name != to {
                keys.push(key(name, false));
            }
        }
        if let Err(error) = self.ports.cache.remove(&keys).await {
            // A shared cache makes it good by itself, and says when it is away.
            tracing::debug!(%error, "a call log may be shown from an old copy for a while");
        }
    }
}

fn key(name: &str, owned_only: bool) -> String {
    let kind = if owned_only {
        "own_call_log:"
    } else {
        "call_log:"
    };
    [kind, name].concat()
}

fn own_key(user: &UserId) -> String {
    ["call_logs:", user.as_str()].concat()
}
