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
