//! Which dials are under way on this node.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{PhoneNumber, ports::Dial};

/// Which dials are under way, by their parties: of two between the same
/// numbers nobody can tell by a list whose leg is whose.
#[derive(Clone, Default)]
pub(super) struct Dialling(Arc<Mutex<HashMap<Parties, usize>>>);

type Parties = (PhoneNumber, PhoneNumber);

/// A dial that is under way for as long as this lives.
pub(super) struct UnderWay {
    dialling: Dialling,
    parties: Parties,
}

impl Dialling {
    pub(super) fn begin(&self, dial: &Dial) -> UnderWay {
        let parties = (dial.from.clone(), dial.to.clone());
        *self.lock().entry(parties.clone()).or_default() += 1;
        UnderWay {
            dialling: self.clone(),
            parties,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Parties, usize>> {
        // Counting cannot stop half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// Whether no other dial between these numbers is under way.
    pub(super) fn is_alone(&self) -> bool {
        self.dialling.lock().get(&self.parties) == Some(&1)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counts = self.dialling.lock();
        if let Some(count) = counts.get_mut(&self.parties) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.parties);
            }
        }
    }
}
