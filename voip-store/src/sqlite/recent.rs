use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use voip_core::{
    Call, CallId,
    ports::{Held, Version},
};

use super::directory::Directory;

/// The live calls that this store has written, as they were committed, so that
/// the next step of a call need not read what the last one wrote.
///
/// Only the writing thread changes it, in the order of the commits. Whatever
/// another process writes to the file makes it forget everything, at the
/// latest with the next commit; until then a replacement finds out by its
/// version.
pub(super) struct Recent {
    /// `None` once closed.
    calls: Mutex<Option<Remembered>>,
    /// Users and devices, which are forgotten on the same occasions.
    pub(super) directory: Directory,
}

type Remembered = HashMap<CallId, (Arc<Call>, Version)>;

/// How many calls are remembered; some 5 MiB. Those beyond are read.
const MOST: usize = 8192;

impl Default for Recent {
    fn default() -> Self {
        Self {
            calls: Mutex::new(Some(HashMap::new())),
            directory: Directory::default(),
        }
    }
}

impl Recent {
    /// The call, where it is remembered.
    pub(super) fn find(&self, id: &CallId) -> Option<Held> {
        let (call, version) = self.lock().as_ref()?.get(id).cloned()?;
        Some(Held {
            call: (*call).clone(),
            version,
        })
    }

    /// Remembers a call that was just committed, unless it is over.
    pub(super) fn put(&self, call: Arc<Call>, version: Version) {
        let mut calls = self.lock();
        let Some(calls) = calls.as_mut() else { return };
        if call.is_over() {
            calls.remove(&call.id);
        } else if calls.len() < MOST || calls.contains_key(&call.id) {
            calls.insert(call.id, (call, version));
        }
    }

    /// Forgets a call.
    pub(super) fn forget(&self, id: &CallId) {
        if let Some(calls) = self.lock().as_mut() {
            calls.remove(id);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.directory.forget();
        if let Some(calls) = self.lock().as_mut() {
            calls.clear();
        }
    }

    /// Forgets all calls and remembers none from now on.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Remembered>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use voip_core::{Signal, table};

    use super::*;

    fn live() -> Call {
        let call = table::calls().remove(0).1;
        assert!(!call.is_over());
        call
    }

    fn put(recent: &Recent, call: &Call, version: u64) {
        recent.put(Arc::new(call.clone()), Version(version));
    }

    fn version(recent: &Recent, call: &Call) -> Option<u64> {
        recent.find(&call.id).map(|held| held.version.0)
    }

    #[test]
    fn a_live_call_is_remembered_as_it_was_last_put() {
        let (recent, call) = (Recent::default(), live());
        assert_eq!(version(&recent, &call), None);
        put(&recent, &call, 0);
        let told = Call { told: 9, ..call };
        put(&recent, &told, 1);
        let version = Version(1);
        assert_eq!(
            recent.find(&told.id),
            Some(Held {
                call: told,
                version
            })
        );
    }

    #[test]
    fn a_call_that_is_over_or_in_doubt_is_remembered_no_longer() {
        let (recent, call) = (Recent::default(), live());
        put(&recent, &call, 0);
        let over = call.step(Signal::LegGone, call.created_at).unwrap().call;
        assert!(over.is_over());
        put(&recent, &over, 1);
        assert_eq!(version(&recent, &call), None);
        let ways: [fn(&Recent, &Call); 2] = [
            |recent, call| recent.forget(&call.id),
            |recent, _| recent.clear(),
        ];
        for forget in ways {
            put(&recent, &call, 0);
            forget(&recent, &call);
            assert_eq!(version(&recent, &call), None);
        }
    }

    #[test]
    fn when_it_is_full_those_who_have_a_place_keep_it() {
        let (recent, first) = (Recent::default(), live());
        put(&recent, &first, 0);
        let mut last = first.clone();
        for _ in 1..=MOST {
            last.id = CallId::fresh();
            put(&recent, &last, 0);
        }
        assert_eq!(version(&recent, &last), None, "it is read instead");
        put(&recent, &first, 1);
        assert_eq!(version(&recent, &first), Some(1));
        recent.forget(&first.id);
        put(&recent, &last, 2);
        assert_eq!(version(&recent, &last), Some(2), "there is room again");
    }

    #[test]
    fn once_closed_it_remembers_nothing() {
        let (recent, call) = (Recent::default(), live());
        put(&recent, &call, 0);
        recent.close();
        put(&recent, &call, 0);
        assert_eq!(version(&recent, &call), None);
    }
}
