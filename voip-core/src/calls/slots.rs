//! How many effects one node carries out at a time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{CallId, Effect, calls::carry_out::Claim};

/// The most look-ups at a time. While the provider is out of order each takes
/// as long as a time-out, so they would fill every other place.
pub(super) const LOOK_UPS: usize = 256;

/// Places for hang-ups alone: a leg that is not ended costs money.
const HANG_UPS: usize = 256;

/// Places for everything but look-ups.
const OTHERS: usize = 512;

/// Bounds the effects carried out at a time. One that finds no place stays in
/// storage, and a sweep takes it up when its lease is over.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    look_ups: Arc<Semaphore>,
    hang_ups: Arc<Semaphore>,
    others: Arc<Semaphore>,
    looking: Looking,
}

/// The calls that the provider is being asked about; for each, whether it has
/// to be asked once more. No longer than there are places for look-ups.
#[derive(Clone, Debug, Default)]
struct Looking(Arc<Mutex<HashMap<CallId, bool>>>);

/// The right to carry out one effect, for as long as this lives.
#[derive(Debug)]
pub(super) struct Slot {
    _place: OwnedSemaphorePermit,
    /// The call that is looked up, where it is a look-up.
    asks: Option<(Looking, CallId)>,
}

/// Why an effect is not carried out now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSlot {
    /// Every place is taken.
    Busy,
    /// The provider is being asked about this call already, and will be asked
    /// once more where the question is new.
    Asked,
}

impl Default for Slots {
    fn default() -> Self {
        Self {
            look_ups: Arc::new(Semaphore::new(LOOK_UPS)),
            hang_ups: Arc::new(Semaphore::new(HANG_UPS)),
            others: Arc::new(Semaphore::new(OTHERS)),
            looking: Looking::default(),
        }
    }
}

impl Slots {
    /// A place for `effect` of `call`.
    pub(super) fn take(&self, call: CallId, effect: Effect, claim: Claim) -> Result<Slot, NoSlot> {
        let free = |places: &Arc<Semaphore>| Arc::clone(places).try_acquire_owned().ok();
        let place = match effect {
            // A dial taken up is a look-up: it is never placed again.
            Effect::LookUp | Effect::Dial => {
                let mut looking = self.looking.lock();
                if let Some(once_more) = looking.get_mut(&call) {
                    *once_more |= claim == Claim::First;
                    return Err(NoSlot::Asked);
                }
                let place = free(&self.look_ups).ok_or(NoSlot::Busy)?;
                looking.insert(call, false);
                return Ok(Slot {
                    _place: place,
                    asks: Some((self.looking.clone(), call)),
                });
            }
            Effect::HangUp | Effect::HangUpFar => {
                free(&self.hang_ups).or_else(|| free(&self.others))
            }
            Effect::Connect
            | Effect::Dismiss
            | Effect::MoveFar
            | Effect::HoldFar
            | Effect::ResumeFar
            | Effect::RingDevices
            | Effect::ReportMissed
            | Effect::StopRinging => free(&self.others),
        };
        let place = place.ok_or(NoSlot::Busy)?;
        Ok(Slot {
            _place: place,
            asks: None,
        })
    }
}

impl Slot {
    /// Whether the look-up was asked for again since it began; says so once.
    pub(super) fn asked_again(&self) -> bool {
        self.asks.as_ref().is_some_and(|(looking, call)| {
            let mut looking = looking.lock();
            looking.get_mut(call).is_some_and(std::mem::take)
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some((looking, call)) = &self.asks {
            looking.lock().remove(call);
        }
    }
}

impl Looking {
    fn lock(&self) -> MutexGuard<'_, HashMap<CallId, bool>> {
        // No change of it can stop half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(slots: &Slots, call: CallId, effect: Effect) -> Result<Slot, NoSlot> {
        slots.take(call, effect, Claim::First)
    }

    #[test]
    fn a_hang_up_finds_a_place_when_every_other_is_taken() {
        let slots = Slots::default();
        let mut taken = Vec::new();
        for effect in [Effect::LookUp, Effect::Connect] {
            while let Ok(slot) = take(&slots, CallId::fresh(), effect) {
                taken.push(slot);
            }
        }
        assert_eq!(taken.len(), LOOK_UPS + OTHERS);
        assert!(take(&slots, CallId::fresh(), Effect::HangUp).is_ok());
        assert!(take(&slots, CallId::fresh(), Effect::HangUpFar).is_ok());
    }

    #[test]
    fn a_call_is_looked_up_once_at_a_time() {
        let slots = Slots::default();
        let call = CallId::fresh();
        let first = take(&slots, call, Effect::LookUp).unwrap();
        assert!(!first.asked_again());
        for effect in [Effect::LookUp, Effect::Dial] {
            let left = slots.take(call, effect, Claim::Again);
            assert_eq!(left.unwrap_err(), NoSlot::Asked);
        }
        assert!(!first.asked_again(), "what was left behind is no news");
        assert_eq!(
            take(&slots, call, Effect::LookUp).unwrap_err(),
            NoSlot::Asked
        );
        assert!(first.asked_again());
        assert!(!first.asked_again());
        drop(first);
        assert!(take(&slots, call, Effect::LookUp).is_ok());
    }
}
