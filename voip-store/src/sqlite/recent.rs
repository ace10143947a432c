use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use voip_core::{
    Call, CallId, ProviderCallId, UserId,
    ports::{Held, Version},
};

use super::{
    directory::Directory,
    remembered::{Extent, Remembered},
};

/// The live calls, as they were committed, so that the next step of a call need
/// not read what the last one wrote.
///
/// Only the writing thread changes it, in the order of the commits. Whatever
/// another process writes to the file makes it begin anew, at the latest with
/// the next commit; until then a replacement finds out by its version.
pub(super) struct Recent {
    /// `None` once closed.
    calls: Mutex<Option<Remembered>>,
    /// Users and devices, which are forgotten on the same occasions.
    pub(super) directory: Directory,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            calls: Mutex::new(Some(Remembered::default())),
            directory: Directory::default(),
        }
    }
}

impl Recent {
    /// The call, where it is remembered.
    pub(super) fn find(&self, id: &CallId) -> Option<Held> {
        let found = self.lock().as_ref()?.call(id).cloned();
        found.map(held)
    }

    /// The call with this leg, where it is remembered.
    pub(super) fn find_by_leg(&self, leg: &ProviderCallId) -> Option<Held> {
        let found = self.lock().as_ref()?.call_by_leg(leg).cloned();
        found.map(held)
    }

    /// The newest live calls of a user, newest first, where all are remembered.
    pub(super) fn live_calls(&self, user: &UserId) -> Option<Vec<Call>> {
        let found = self.lock().as_ref()?.calls_of(user)?;
        Some(found.iter().map(|call| (**call).clone()).collect())
    }

    /// Whether nobody has looked yet which live calls there are.
    pub(super) fn is_new(&self) -> bool {
        let calls = self.lock();
        matches!(&*calls, Some(calls) if calls.extent() == Extent::Unknown)
    }

    /// Begins with what was found: all live calls of users, or one more than
    /// are remembered at most.
    pub(super) fn begin_with(&self, found: Vec<Held>) {
        if let Some(calls) = self.lock().as_mut() {
            calls.begin_with(found);
        }
    }

    /// Remembers a call that was just committed, unless it is over.
    pub(super) fn put(&self, call: Arc<Call>, version: Version) {
        if let Some(calls) = self.lock().as_mut() {
            calls.put(call, version);
        }
    }

    /// Forgets a call that is not there any more.
    pub(super) fn forget(&self, id: &CallId) {
        if let Some(calls) = self.lock().as_mut() {
            calls.forget(id);
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&self) {
        self.directory.forget();
        if let Some(calls) = self.lock().as_mut() {
            *calls = Remembered::default();
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

fn held((call, version): (Arc<Call>, Version)) -> Held {
    Held {
        call: (*call).clone(),
        version,
    }
}

#[cfg(test)]
mod tests {
    use voip_core::table;

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
    fn it_is_new_until_somebody_has_looked_and_again_once_cleared() {
        let (recent, call) = (Recent::default(), live());
        assert!(recent.is_new());
        let version = Version(3);
        let held = Held {
            call: call.clone(),
            version,
        };
        recent.begin_with(vec![held.clone()]);
        assert!(!recent.is_new());
        assert_eq!(recent.find(&call.id), Some(held));
        recent.clear();
        assert!(recent.is_new());
        assert_eq!(recent.find(&call.id), None);
    }

    #[test]
    fn once_closed_it_remembers_nothing() {
        let (recent, call) = (Recent::default(), live());
        put(&recent, &call, 0);
        assert_eq!(version(&recent, &call), Some(0));
        recent.close();
        put(&recent, &call, 0);
        assert_eq!(version(&recent, &call), None);
        assert!(!recent.is_new(), "nobody needs to look");
    }
}
