use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use voip_core::{Error, ErrorKind, Result};

use super::{RedisLink, cache::name, failure, owed::Owed};

/// Removals that wait for Redis. All that come up while one command is under
/// way share the next: a command costs far more than a key.
///
/// There are no more than somebody waits for, but for those whose waiting was
/// given up; they are carried out all the same.
#[derive(Default)]
pub(super) struct Removals {
    waiting: Mutex<Vec<Removal>>,
    more: Notify,
}

struct Removal {
    keys: Vec<String>,
    done: oneshot::Sender<std::result::Result<(), ErrorKind>>,
}

/// The most removals in a command; Redis does nothing else meanwhile.
const BATCH: usize = 128;

impl Removals {
    /// Has `keys` removed, and returns once Redis has confirmed it.
    ///
    /// # Errors
    /// When it did not; then the removals are owed.
    pub(super) async fn remove(&self, keys: &[String]) -> Result<()> {
        let (done, outcome) = oneshot::channel();
        let keys = keys.to_vec();
        self.waiting().push(Removal { keys, done });
        self.more.notify_one();
        match outcome.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(kind)) => Err(Error::new(kind, "Redis did not confirm a removal")),
            // The cache is gone, and with it what removes.
            Err(_) => Err(failure::out_of_reach()),
        }
    }

    fn some(&self) -> Vec<Removal> {
        let mut waiting = self.waiting();
        let some = waiting.len().min(BATCH);
        waiting.drain(..some).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Removal>> {
        // Nothing in here panics half-way through a change.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Carries removals out, for ever; those that fail are `owed`.
pub(super) async fn carry_out(removals: Arc<Removals>, link: RedisLink, owed: Arc<Owed>) {
    loop {
        let some = removals.some();
        if some.is_empty() {
            removals.more.notified().await;
            continue;
        }
        let removed = remove(&link, &some).await;
        for removal in some {
            if removed.is_err() {
                removal.keys.iter().for_each(|key| owed.add(key));
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
    if names.is_empty() {
        return Ok(());
    }
    let run = link.run(up, async |mut redis| redis.remove(&names).await);
    run.await.map_err(|error| error.kind())
}
