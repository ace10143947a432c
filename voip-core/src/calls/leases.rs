//! The effects that this node has taken on, and until when they are its own.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{CallId, Effect, Timestamp, ports::EffectLease};

/// How long an effect belongs to whoever took it, unless that node says again
/// and again that it is still at it: so long nobody looks after what a node that
/// has died was doing. Longer than a node is kept from saying so when storage is
/// slow, and than the clocks of two nodes differ.
pub(super) const LEASE: Duration = Duration::from_secs(5);

/// How much of a lease may pass before it is renewed.
const FRESH: Duration = Duration::from_millis(1_500);

/// How many effects may rest; those beyond come back when their lease is over.
const MOST_RESTING: usize = 10_000;

/// What this node has taken on. Storage has it too; this knows what of it goes
/// on right now, so that its leases are renewed and nobody takes it up twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Leases(Arc<Mutex<HashMap<Key, Lease>>>);

type Key = (CallId, Effect);

#[derive(Debug)]
struct Lease {
    /// As storage has it; `None` for what is not there.
    until: Option<Timestamp>,
    /// How many are at it.
    hands: usize,
    /// When it is to come back, where nobody is at it any more.
    rests_until: Option<Timestamp>,
}

/// The word that somebody is at an effect, for as long as this lives.
#[derive(Debug)]
pub(super) struct Hand {
    leases: Leases,
    key: Key,
}

/// Leases that have to be renewed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Renewals {
    /// Those of what goes on, for another [`LEASE`].
    pub(super) going: Vec<EffectLease>,
    /// Those of what is to rest, until when.
    pub(super) resting: Vec<(EffectLease, Timestamp)>,
}

impl Leases {
    /// Somebody is at an effect that is this node's `until` then.
    pub(super) fn begin(&self, call: CallId, effect: Effect, until: Option<Timestamp>) -> Hand {
        let key = (call, effect);
        let mut leases = self.lock();
        let lease = leases.entry(key).or_insert(Lease {
            until,
            hands: 0,
            rests_until: None,
        });
        lease.hands += 1;
        lease.until = lease.until.max(until);
        lease.rests_until = None;
        Hand {
            leases: self.clone(),
            key,
        }
    }

    /// The effect was taken once more, by this node; whether somebody is at it
    /// already, or it rests: then it need not be begun.
    pub(super) fn again(&self, call: CallId, effect: Effect, until: Timestamp) -> bool {
        match self.lock().get_mut(&(call, effect)) {
            Some(lease) => {
                lease.until = lease.until.max(Some(until));
                true
            }
            None => false,
        }
    }

    /// Nobody can be at the effect now: it comes back `rests_until` then.
    pub(super) fn rest(&self, call: CallId, effect: Effect, until: Timestamp, rests: Timestamp) {
        let mut leases = self.lock();
        if leases.len() < MOST_RESTING {
            leases.entry((call, effect)).or_insert(Lease {
                until: Some(until),
                hands: 0,
                rests_until: Some(rests),
            });
        }
    }

    /// What rests comes back as soon as its lease is over.
    pub(super) fn wake(&self) {
        let mut leases = self.lock();
        leases.retain(|_, lease| lease.hands > 0);
    }

    /// What has to be renewed now.
    pub(super) fn to_renew(&self, now: Timestamp) -> Renewals {
        let mut renewals = Renewals::default();
        for (&(call, effect), lease) in &*self.lock() {
            let Some(until) = lease.until else { continue };
            let held = EffectLease {
                call,
                effect,
                until,
            };
            match lease.rests_until {
                Some(rests) if lease.hands == 0 => renewals.resting.push((held, rests)),
                Some(_) | None if until <= now + (LEASE - FRESH) => renewals.going.push(held),
                Some(_) | None => {}
            }
        }
        renewals
    }

    /// The leases of what goes on now end `until` then.
    pub(super) fn renewed(&self, going: &[EffectLease], until: Timestamp) {
        let mut leases = self.lock();
        for held in going {
            if let Some(lease) = leases.get_mut(&(held.call, held.effect))
                && lease.until == Some(held.until)
            {
                lease.until = Some(until);
            }
        }
    }

    /// What was to rest does.
    pub(super) fn laid_down(&self, held: &EffectLease) {
        let mut leases = self.lock();
        let key = (held.call, held.effect);
        if leases.get(&key).is_some_and(|lease| lease.hands == 0) {
            leases.remove(&key);
        }
    }

    /// How many effects somebody is at, and how many rest.
    pub(super) fn count(&self) -> (usize, usize) {
        let leases = self.lock();
        let under_way = leases.values().filter(|lease| lease.hands > 0).count();
        (under_way, leases.len() - under_way)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Lease>> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hand {
    /// Nobody goes on with it before then.
    pub(super) fn rest(self, until: Timestamp) {
        if let Some(lease) = self.leases.lock().get_mut(&self.key)
            && lease.until.is_some()
        {
            lease.rests_until = Some(until);
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        let mut leases = self.leases.lock();
        if let Some(lease) = leases.get_mut(&self.key) {
            lease.hands -= 1;
            if lease.hands == 0 && lease.rests_until.is_none() {
                leases.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(1_700_000_000 + seconds)
    }

    fn held(call: CallId, until: Timestamp) -> EffectLease {
        EffectLease {
            call,
            effect: Effect::HangUp,
            until,
        }
    }

    #[test]
    fn what_goes_on_is_renewed_before_its_lease_ends_and_what_is_over_is_not() {
        let (leases, call) = (Leases::default(), CallId::fresh());
        let hand = leases.begin(call, Effect::HangUp, Some(at(5)));
        assert_eq!(leases.to_renew(at(1)), Renewals::default(), "fresh");
        let going = leases.to_renew(at(2)).going;
        assert_eq!(going, [held(call, at(5))]);
        leases.renewed(&going, at(7));
        assert_eq!(leases.to_renew(at(3)), Renewals::default());
        assert_eq!(leases.to_renew(at(9)).going, [held(call, at(7))]);
        drop(hand);
        assert_eq!(leases.to_renew(at(9)), Renewals::default());
        assert!(leases.lock().is_empty());
    }

    #[test]
    fn what_two_are_at_is_held_until_both_are_through() {
        let (leases, call) = (Leases::default(), CallId::fresh());
        let first = leases.begin(call, Effect::HangUp, Some(at(5)));
        let second = leases.begin(call, Effect::HangUp, Some(at(6)));
        drop(first);
        assert_eq!(leases.to_renew(at(9)).going, [held(call, at(6))]);
        assert!(leases.again(call, Effect::HangUp, at(12)));
        assert_eq!(leases.to_renew(at(12)).going, [held(call, at(12))]);
        drop(second);
        assert!(!leases.again(call, Effect::HangUp, at(14)));
    }

    #[test]
    fn what_rests_is_laid_down_once() {
        let (leases, call) = (Leases::default(), CallId::fresh());
        leases.begin(call, Effect::HangUp, Some(at(5))).rest(at(60));
        let resting = leases.to_renew(at(1)).resting;
        assert_eq!(resting, [(held(call, at(5)), at(60))]);
        leases.laid_down(&resting[0].0);
        assert!(leases.lock().is_empty());
        leases.rest(call, Effect::HangUp, at(5), at(60));
        assert!(leases.again(call, Effect::HangUp, at(9)), "not yet begun");
        let resting = leases.to_renew(at(1)).resting;
        assert_eq!(resting, [(held(call, at(9)), at(60))]);
        leases.wake();
        assert_eq!(leases.to_renew(at(1)), Renewals::default());
        drop(leases.begin(call, Effect::HangUp, Some(at(9))));
        assert!(leases.lock().is_empty(), "it was carried out after all");
    }

    #[test]
    fn what_storage_does_not_have_is_not_renewed() {
        let leases = Leases::default();
        let hand = leases.begin(CallId::fresh(), Effect::LookUp, None);
        assert_eq!(leases.to_renew(at(9)), Renewals::default());
        hand.rest(at(60));
        assert!(leases.lock().is_empty());
    }
}
