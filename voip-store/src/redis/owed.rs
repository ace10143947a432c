use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::sleep};

use super::{RedisLink, cache::name};

/// Removals that Redis did not confirm.
#[derive(Default)]
pub(super) struct Owed {
    /// The keys, each with the turn in which it was last owed.
    keys: Mutex<(u64, HashMap<String, u64>)>,
    more: Notify,
}

/// How many removals may be owed. Beyond that a copy may be shown until its
/// time is over.
const MOST_OWED: usize = 100_000;

/// How many are made good at a time.
const BATCH: usize = 500;

impl Owed {
    pub(super) fn is_empty(&self) -> bool {
        self.keys().1.is_empty()
    }

    pub(super) fn add(&self, key: &str) {
        let mut keys = self.keys();
        keys.0 += 1;
        let turn = keys.0;
        if keys.1.len() < MOST_OWED || keys.1.contains_key(key) {
            keys.1.insert(key.to_owned(), turn);
        } else {
            tracing::debug!(
                "a copy may be shown until its time is over: too many removals are owed"
            );
        }
        drop(keys);
        self.more.notify_one();
    }

    fn some(&self) -> Vec<(String, u64)> {
        let keys = self.keys();
        let some = keys.1.iter().take(BATCH);
        some.map(|(key, turn)| (key.clone(), *turn)).collect()
    }

    /// `paid` are owed no more, but for those that are owed anew.
    fn paid(&self, paid: &[(String, u64)]) {
        let mut keys = self.keys();
        for (key, turn) in paid {
            if keys.1.get(key) == Some(turn) {
                keys.1.remove(key);
            }
        }
    }

    fn keys(&self) -> MutexGuard<'_, (u64, HashMap<String, u64>)> {
        // Nothing in here panics half-way through a change.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes good what is owed, whenever Redis answers.
pub(super) async fn pay(link: RedisLink, owed: Arc<Owed>) {
    loop {
        let some = owed.some();
        if some.is_empty() {
            owed.more.notified().await;
            continue;
        }
        let up = link.up_again().await;
        let keys: Vec<String> = some.iter().map(|(key, _)| name(&link, &up, key)).collect();
        let run = link.run(up, async |mut redis| redis.remove(&keys).await);
        match run.await {
            Ok(()) => owed.paid(&some),
            Err(error) => {
                tracing::debug!(%error, "removals are still owed");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_anew_meanwhile_stays_owed() {
        let owed = Owed::default();
        owed.add("a");
        owed.add("b");
        let some = owed.some();
        assert_eq!(some.len(), 2);
        owed.add("a");
        owed.paid(&some);
        let left: Vec<String> = owed.some().into_iter().map(|(key, _)| key).collect();
        assert_eq!(left, ["a"]);
    }

    #[test]
    fn no_more_is_owed_than_there_is_room_for() {
        let owed = Owed::default();
        for key in 0..MOST_OWED + 10 {
            owed.add(&key.to_string());
        }
        owed.add("0");
        assert_eq!(owed.keys().1.len(), MOST_OWED);
    }
}
