//! The first page of a call log, which is asked for again and again.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    Call, Calls, Result,
    calls::Inner,
    ports::{LogEntry, LogQuery, Lookup},
};

/// How long a copy may serve. A write through any node voids it at once; this
/// is for what another program does to the database.
const TTL: Duration = Duration::from_secs(5);

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
        let cache = &self.inner.ports.cache;
        let key = key(&query.name, query.owned_only);
        let ticket = match cache.get(&key).await {
            Ok(Lookup::Hit(page)) => return Ok(page),
            Ok(Lookup::Miss(ticket)) => Some(ticket),
            Err(error) => {
                tracing::warn!(%error, "a call log is read without the cache");
                None
            }
        };
        let page = write(self.log(query).await?);
        if let Some(ticket) = ticket
            && let Err(error) = cache.fill(&key, ticket, page.clone(), TTL).await
        {
            tracing::warn!(%error, "a call log could not be kept in the cache");
        }
        Ok(page)
    }
}

impl Inner {
    /// Voids the copies of every log that lists `call`.
    pub(super) async fn forget_log_pages(self: &Arc<Self>, call: &Call) {
        let (from, to) = (call.logged_from(), call.logged_to());
        let owner = call.owner.as_ref().map(crate::UserId::as_str);
        self.forget_log_page(&key(from, false)).await;
        if to != from {
            self.forget_log_page(&key(to, false)).await;
        }
        if let Some(owner) = owner {
            self.forget_log_page(&key(owner, true)).await;
            if owner != from && owner != to {
                self.forget_log_page(&key(owner, false)).await;
            }
        }
    }

    async fn forget_log_page(&self, key: &str) {
        if let Err(error) = self.ports.cache.remove(key).await {
            tracing::warn!(%error, "a call log may be shown from an old copy for some seconds");
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
