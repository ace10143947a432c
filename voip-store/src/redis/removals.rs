use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::FutureExt as _;
use tokio::sync::{Notify, oneshot};
use voip_core::{Error, ErrorKind, Result};

use super::{RedisLink, cache::name, failure, owed::Owed};

/// Removals that wait for Redis. All that come up while one command is under
/// way share the next: a command costs far more than a key. Where too many wait,
/// one more is owed at once.
pub(super) struct Removals {
    waiting: Mutex<Waiting>,
    more: Notify,
    owed: Arc<Owed>,
}

#[derive(Default)]
struct Waiting {
    removals: VecDeque<Removal>,
    keys: usize,
}

struct Removal {
    keys: Vec<String>,
    done: oneshot::Sender<std::result::Result<(), ErrorKind>>,
}

/// About how many keys go into a command; Redis does nothing else meanwhile.
const BATCH: usize = 512;

/// How many keys may wait: more than all requests in flight have.
const MOST_WAITING: usize = 65_536;

impl Removals {
    /// None so far; those that fail are `owed`.
    pub(super) fn new(owed: Arc<Owed>) -> Self {
        Self {
            waiting: Mutex::default(),
            more: Notify::new(),
            owed,
        }
    }

    /// Has `keys` removed, and returns once Redis has confirmed it. Who drops the
    /// future leaves it to be done.
    ///
    /// # Errors
    /// When Redis did not; then the removals are owed.
    pub(super) async fn remove(&self, keys: &[String]) -> Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let (done, outcome) = oneshot::channel();
        let keys = keys.to_vec();
        if let Err(removal) = self.waiting().push(Removal { keys, done }) {
            self.owe(&removal.keys);
            return Err(failure::out_of_reach());
        }
        self.more.notify_one();
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(ErrorKind::Timeout)) => Err(failure::unanswered()),
            Ok(Err(ErrorKind::Unavailable)) | Err(_) => Err(failure::out_of_reach()),
            Ok(Err(kind)) => Err(Error::new(kind, "Redis did not remove a copy")),
        }
    }

    fn owe(&self, keys: &[String]) {
        keys.iter().for_each(|key| self.owed.add(key));
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing in here panics half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// Adds a removal, or gives it back where too many wait.
    fn push(&mut self, removal: Removal) -> std::result::Result<(), Removal> {
        if self.keys + removal.keys.len() > MOST_WAITING {
            return Err(removal);
        }
        self.keys += removal.keys.len();
        self.removals.push_back(removal);
        Ok(())
    }

    /// Takes what goes into one command.
    fn take(&mut self) -> Vec<Removal> {
        let (mut some, mut keys) = (Vec::new(), 0);
        while keys < BATCH
            && let Some(removal) = self.removals.pop_front()
        {
            keys += removal.keys.len();
            some.push(removal);
        }
        self.keys -= keys;
        some
    }
}

/// Carries removals out, for ever.
pub(super) async fn carry_out(removals: Arc<Removals>, link: RedisLink) {
    loop {
        let some = removals.waiting().take();
        if some.is_empty() {
            removals.more.notified().await;
            continue;
        }
        let removed = AssertUnwindSafe(remove(&link, &some)).catch_unwind();
        let removed = removed.await.unwrap_or_else(|_| {
            // Our bug, but no reason to remove nothing any more.
            tracing::error!("a removal from the cache panicked; it is owed");
            Err(ErrorKind::Internal)
        });
        for removal in some {
            if removed.is_err() {
                removals.owe(&removal.keys);
            }
            // Nobody waits any more where the future was dropped.
            let _ = removal.done.send(removed);
        }
    }
}

async fn remove(link: &RedisLink, some: &[Removal]) -> std::result::Result<(), ErrorKind> {
    let Some(up) = link.up() else {
        return Err(ErrorKind::Unavailable);
    };
    let keys = some.iter().flat_map(|removal| &removal.keys);
    let names: Vec<String> = keys.map(|key| name(link, &up, key)).collect();
    let run = link.run(up, async |mut redis| redis.remove(&names).await);
    run.await.map_err(|error| error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removal(keys: usize) -> Removal {
        let (done, _) = oneshot::channel();
        let keys = vec!["key".to_owned(); keys];
        Removal { keys, done }
    }

    fn sizes(some: &[Removal]) -> Vec<usize> {
        some.iter().map(|removal| removal.keys.len()).collect()
    }

    #[test]
    fn a_command_has_about_so_many_keys_and_whole_removals() {
        let mut waiting = Waiting::default();
        for keys in [BATCH - 1, 5, 3, 2 * BATCH] {
            assert!(waiting.push(removal(keys)).is_ok());
        }
        assert_eq!(sizes(&waiting.take()), [BATCH - 1, 5]);
        assert_eq!(sizes(&waiting.take()), [3, 2 * BATCH]);
        assert!(waiting.take().is_empty());
        assert_eq!(waiting.keys, 0);
    }

    #[test]
    fn beyond_the_bound_a_removal_is_given_back_until_there_is_room() {
        let mut waiting = Waiting::default();
        assert!(waiting.push(removal(MOST_WAITING)).is_ok());
        assert!(waiting.push(removal(1)).is_err());
        waiting.take();
        assert!(waiting.push(removal(1)).is_ok());
    }
}
