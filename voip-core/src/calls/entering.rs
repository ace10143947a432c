//! The calls that are about to be put on record, at this node.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;

use crate::{CallId, ProviderCallId, UserId, ports::IdempotencyKey};

/// The word by which a repeated request is known.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Word {
    Id(CallId),
    Key(IdempotencyKey),
    Leg(ProviderCallId),
}

/// The door to the record: tells those that pass it at the same moment of each
/// other. Holds only what requests in flight hold.
#[derive(Default)]
pub(super) struct Entrance {
    passing: Mutex<Passing>,
}

#[derive(Default)]
struct Passing {
    turns: u64,
    /// The calls of each user, by when they came.
    calls: HashMap<UserId, BTreeMap<u64, CallId>>,
    words: HashMap<Word, Arc<Notify>>,
}

/// A call on its way in; it has passed, or turned back, when this is dropped.
pub(super) struct Entering<'a> {
    entrance: &'a Entrance,
    user: UserId,
    turn: u64,
    before: BTreeSet<CallId>,
}

/// The turn of a request among those of the same word; over when this is
/// dropped.
pub(super) struct Turn<'a> {
    entrance: &'a Entrance,
    word: Word,
}

impl Entrance {
    /// A place at the door for the call `id` of `user`.
    pub(super) fn enter(&self, user: &UserId, id: CallId) -> Entering<'_> {
        let mut passing = self.passing();
        passing.turns += 1;
        let turn = passing.turns;
        let calls = passing.calls.entry(user.clone()).or_default();
        let before = calls.values().copied().collect();
        calls.insert(turn, id);
        Entering {
            entrance: self,
            user: user.clone(),
            turn,
            before,
        }
    }

    /// Waits until no other request of this word is at the door.
    pub(super) async fn turn(&self, word: Word) -> Turn<'_> {
        loop {
            let over = {
                let mut passing = self.passing();
                match passing.words.get(&word) {
                    // Made while the other holds its turn, so that its end is
                    // not missed.
                    Some(over) => Arc::clone(over).notified_owned(),
                    None => {
                        passing.words.insert(word.clone(), Arc::default());
                        drop(passing);
                        return Turn {
                            entrance: self,
                            word,
                        };
                    }
                }
            };
            over.await;
        }
    }

    fn passing(&self) -> MutexGuard<'_, Passing> {
        // Nothing panics while it is held.
        self.passing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entering<'_> {
    /// The user's calls that came to the door before this one and were still
    /// there.
    pub(super) fn before_it(&self) -> BTreeSet<CallId> {
        self.before.clone()
    }
}

impl Drop for Entering<'_> {
    fn drop(&mut self) {
        let mut passing = self.entrance.passing();
        if let Some(calls) = passing.calls.get_mut(&self.user) {
            calls.remove(&self.turn);
            if calls.is_empty() {
                passing.calls.remove(&self.user);
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(over) = self.entrance.passing().words.remove(&self.word) {
            over.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_at_the_door_is_seen_by_those_that_come_after_it() {
        let (door, ann) = (Entrance::default(), "ann".parse().unwrap());
        let (one, two) = (CallId::fresh(), CallId::fresh());
        let first = door.enter(&ann, one);
        assert!(first.before_it().is_empty());
        let second = door.enter(&ann, two);
        assert_eq!(second.before_it(), [one].into());
        let stranger = door.enter(&"bob".parse().unwrap(), CallId::fresh());
        assert!(stranger.before_it().is_empty());
        drop(first);
        assert_eq!(door.enter(&ann, one).before_it(), [two].into());
        drop((second, stranger));
        assert!(door.passing().calls.is_empty());
    }

    #[tokio::test]
    async fn requests_of_one_word_take_turns() {
        let door = Arc::new(Entrance::default());
        let word = Word::Id(CallId::fresh());
        let first = door.turn(word.clone()).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut others = tokio::task::JoinSet::new();
        for place in 0..5 {
            let (door, word, order) = (Arc::clone(&door), word.clone(), Arc::clone(&order));
            others.spawn(async move {
                let turn = door.turn(word).await;
                order.lock().unwrap().push(place);
                tokio::task::yield_now().await;
                drop(turn);
            });
        }
        tokio::task::yield_now().await;
        assert!(order.lock().unwrap().is_empty());
        drop(door.turn(Word::Id(CallId::fresh())).await);
        drop(first);
        while others.join_next().await.is_some() {}
        assert_eq!(order.lock().unwrap().len(), 5);
        assert!(door.passing().words.is_empty());
    }
}
