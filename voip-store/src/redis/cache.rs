use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use redis::{Script, ScriptInvocation};
use tokio::task::AbortHandle;
use uuid::Uuid;
use voip_core::{
    Error, ErrorKind, Result,
    ports::{Cache, FillTicket, Lookup},
};

use super::{
    RedisLink, failure,
    link::Up,
    owed::{self, Owed},
    removals::{self, Removals},
};

/// A cache on Redis, for all nodes.
///
/// Under each key there is a ticket, a number nobody can guess, and behind it
/// the copy, once there is one. A filling must bring the ticket; a removal
/// takes everything away, so that no earlier ticket fits what comes after.
///
/// A removal that Redis did not confirm is owed: until it is made good, as soon
/// as Redis answers, this node takes nothing from the cache. Nor does it for a
/// moment after it found Redis again, so that the others can make theirs good.
/// Copies of an earlier life of the server, such as one that came back from an
/// old file, are never looked at; in a cluster they are, until their time is
/// over.
pub struct RedisCache {
    link: RedisLink,
    fill: Script,
    owed: Arc<Owed>,
    removals: Arc<Removals>,
    /// What removes, and what makes good the removals that are owed.
    tasks: [AbortHandle; 2],
}

/// What a ticket for nothing yet begins with, and one with a copy behind it.
const EMPTY: u8 = b'-';
const FULL: u8 = b'+';

/// The mark and the ticket.
const HEAD: usize = 1 + size_of::<u64>();

/// How long whoever missed may take to make a copy.
const FILL_WITHIN: Duration = Duration::from_secs(60);

/// How long after an outage nothing is taken from the cache.
const REST: Duration = Duration::from_secs(2);

/// `KEYS[1]` the key; `ARGV` the ticket, what is to be there, for how many
/// milliseconds.
const FILL: &str = r"
if redis.call('GETRANGE', KEYS[1], 1, 8) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 0
";

impl RedisCache {
    /// A cache on the Redis of `link`; must be called within a Tokio runtime.
    pub fn new(link: RedisLink) -> Self {
        let owed = Arc::<Owed>::default();
        let removals = Arc::new(Removals::new(Arc::clone(&owed)));
        let removing = removals::carry_out(Arc::clone(&removals), link.clone());
        let paying = owed::pay(link.clone(), Arc::clone(&owed));
        Self {
            link,
            fill: Script::new(FILL),
            owed,
            removals,
            tasks: [
                tokio::spawn(removing).abort_handle(),
                tokio::spawn(paying).abort_handle(),
            ],
        }
    }

    fn key(&self, up: &Up, key: &str) -> String {
        name(&self.link, up, key)
    }

    /// The connection, where what is there can be relied on.
    fn up(&self) -> Result<Up> {
        let up = self.link.up().ok_or_else(failure::out_of_reach)?;
        let resting = up.since.is_some_and(|since| since.elapsed() < REST);
        if resting || !self.owed.is_empty() {
            let message = "what is in Redis is being put in order";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        Ok(up)
    }
}

impl Drop for RedisCache {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// Where the copy under `key` lies.
pub(super) fn name(link: &RedisLink, up: &Up, key: &str) -> String {
    link.key(format_args!("cache:{}:{key}", up.life))
}

#[async_trait]
impl Cache for RedisCache {
    async fn get(&self, key: &str) -> Result<Lookup> {
        let up = self.up()?;
        let key = self.key(&up, key);
        let mut command = redis::cmd("GET");
        command.arg(&key);
        let there: Option<Vec<u8>> = self
            .link
            .run(up.clone(), async |mut redis| {
                command.query_async(&mut redis).await
            })
            .await?;
        if let Some(lookup) = there.and_then(lookup) {
            return Ok(lookup);
        }
        // Whoever misses at the same moment may be first; then theirs is ours.
        let ticket = Uuid::new_v4().as_u64_pair().0.to_be_bytes();
        let mut place = redis::pipe();
        place
            .cmd("SET")
            .arg(&key)
            .arg([&[EMPTY], &ticket[..]].concat())
            .arg("NX")
            .arg("PX")
            .arg(millis(FILL_WITHIN))
            .ignore()
            .cmd("GET")
            .arg(&key);
        let (there,): (Option<Vec<u8>>,) = self
            .link
            .run(up, async |mut redis| place.query_async(&mut redis).await)
            .await?;
        // Removed between the two: this ticket fits nothing.
        let nothing = Lookup::Miss(FillTicket(u64::from_be_bytes(ticket)));
        Ok(there.and_then(lookup).unwrap_or(nothing))
    }

    async fn fill(&self, key: &str, ticket: FillTicket, value: Bytes, ttl: Duration) -> Result<()> {
        let up = self.up()?;
        let ticket = ticket.0.to_be_bytes();
        let mut fill = self.fill.prepare_invoke();
        fill.key(self.key(&up, key))
            .arg(&ticket[..])
            .arg([&[FULL], &ticket[..], &value].concat())
            .arg(millis(ttl));
        self.link
            .run(up, async |redis| invoke(&fill, redis).await)
            .await
    }

    async fn remove(&self, keys: &[String]) -> Result<()> {
        self.removals.remove(keys).await
    }
}

async fn invoke(
    script: &ScriptInvocation<'_>,
    mut redis: super::connection::Connection,
) -> redis::RedisResult<()> {
    script.invoke_async(&mut redis).await
}

/// What lies under a key; nothing where it is not of our making.
fn lookup(there: Vec<u8>) -> Option<Lookup> {
    let there = Bytes::from(there);
    let (mark, ticket) = there.get(..HEAD)?.split_first()?;
    match *mark {
        FULL => Some(Lookup::Hit(there.slice(HEAD..))),
        EMPTY => {
            let ticket = u64::from_be_bytes(ticket.try_into().ok()?);
            Some(Lookup::Miss(FillTicket(ticket)))
        }
        _ => None,
    }
}

fn millis(span: Duration) -> u64 {
    // Redis refuses a time of nothing.
    u64::try_from(span.as_millis())
        .unwrap_or(u64::MAX >> 1)
        .max(1)
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_there_from_somebody_else_is_nothing() {
        for bytes in [&b""[..], b"+", b"-1234567", b"text that is ours not"] {
            assert_eq!(lookup(bytes.to_vec()), None);
        }
        let copy = lookup(b"+12345678copy".to_vec());
        assert_eq!(copy, Some(Lookup::Hit(Bytes::from_static(b"copy"))));
    }
}
