use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use voip_core::{
    Call, CallId, ProviderCallId, UserId,
    ports::{Held, MOST_LIVE_CALLS, Version},
};

/// How many calls are remembered; some 240 MiB where so many are live. Those
/// beyond are read, and for those of a user all that are live.
pub(super) const MOST: usize = 262_144;

/// Live calls, found by id, by leg and by user.
#[derive(Default)]
pub(super) struct Remembered {
    calls: HashMap<CallId, (Arc<Call>, Version)>,
    legs: HashMap<ProviderCallId, CallId>,
    users: HashMap<UserId, HashSet<CallId>>,
    extent: Extent,
}

/// Whether those are all live calls of users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nobody has looked.
    #[default]
    Unknown,
    /// They are.
    Whole,
    /// There are more than are remembered.
    Part,
}

impl Remembered {
    /// The call with this id, where it is remembered.
    pub(super) fn call(&self, id: &CallId) -> Option<&(Arc<Call>, Version)> {
        self.calls.get(id)
    }

    /// The call with this leg, where it is remembered.
    pub(super) fn call_by_leg(&self, leg: &ProviderCallId) -> Option<&(Arc<Call>, Version)> {
        self.calls.get(self.legs.get(leg)?)
    }

    /// The newest live calls of a user, newest first; `None` where some may not
    /// be remembered.
    pub(super) fn calls_of(&self, user: &UserId) -> Option<Vec<Arc<Call>>> {
        if self.extent != Extent::Whole {
            return None;
        }
        let ids = self.users.get(user).into_iter().flatten();
        let calls = ids.filter_map(|id| self.calls.get(id));
        let mut calls: Vec<_> = calls.map(|(call, _)| Arc::clone(call)).collect();
        calls.sort_unstable_by_key(|call| Reverse((call.created_at, call.id)));
        calls.truncate(MOST_LIVE_CALLS);
        Some(calls)
    }

    /// Whether all live calls of users are remembered.
    pub(super) fn extent(&self) -> Extent {
        self.extent
    }

    /// Begins anew with what was found: all live calls of users, or one more
    /// than are remembered at most.
    pub(super) fn begin_with(&mut self, found: Vec<Held>) {
        *self = Self {
            extent: Extent::Whole,
            ..Self::default()
        };
        for held in found {
            self.put(Arc::new(held.call), held.version);
        }
    }

    /// Remembers a call as it was just committed; forgets it where it is over.
    pub(super) fn put(&mut self, call: Arc<Call>, version: Version) {
        if call.is_over() {
            return self.forget(&call.id);
        }
        match self.calls.get(&call.id) {
            Some((before, _)) if before.provider_id == call.provider_id => {}
            Some(_) => {
                self.forget(&call.id);
                self.list(&call);
            }
            None if self.calls.len() < MOST => self.list(&call),
            None => {
                self.extent = Extent::Part;
                return;
            }
        }
        self.calls.insert(call.id, (call, version));
    }

    /// Forgets a call.
    pub(super) fn forget(&mut self, id: &CallId) {
        let Some((call, _)) = self.calls.remove(id) else {
            return;
        };
        if let Some(leg) = &call.provider_id {
            self.legs.remove(leg);
        }
        for user in users(&call) {
            if let Some(calls) = self.users.get_mut(user) {
                calls.remove(id);
                if calls.is_empty() {
                    self.users.remove(user);
                }
            }
        }
    }

    fn list(&mut self, call: &Call) {
        if let Some(leg) = &call.provider_id {
            self.legs.insert(leg.clone(), call.id);
        }
        for user in users(call) {
            self.users.entry(user.clone()).or_default().insert(call.id);
        }
    }
}

fn users(call: &Call) -> impl Iterator<Item = &UserId> {
    call.owner.iter().chain(&call.peer)
}

#[cfg(test)]
mod tests {
    use voip_core::{Signal, Timestamp, table};

    use super::*;

    fn live() -> Call {
        let calls = table::calls().into_iter().map(|(_, call)| call);
        let mut live = calls.filter(|call| !call.is_over() && call.owner.is_some());
        live.next().expect("one of them is live and somebody's")
    }

    fn whole() -> Remembered {
        let mut remembered = Remembered::default();
        remembered.begin_with(Vec::new());
        remembered
    }

    fn put(remembered: &mut Remembered, call: &Call, version: u64) {
        remembered.put(Arc::new(call.clone()), Version(version));
    }

    fn version(remembered: &Remembered, call: &Call) -> Option<u64> {
        remembered.call(&call.id).map(|(_, version)| version.0)
    }

    #[test]
    fn a_live_call_is_found_by_each_of_its_names_as_it_was_last_put() {
        let (mut remembered, call) = (whole(), live());
        put(&mut remembered, &call, 0);
        let leg: ProviderCallId = "CA77".parse().unwrap();
        let moved = Call {
            provider_id: Some(leg.clone()),
            peer: Some("peer".parse().unwrap()),
            ..call.clone()
        };
        put(&mut remembered, &moved, 1);
        assert_eq!(version(&remembered, &call), Some(1));
        assert_eq!(*remembered.call_by_leg(&leg).unwrap().0, moved);
        if let Some(before) = &call.provider_id {
            assert!(remembered.call_by_leg(before).is_none());
        }
        for user in users(&moved) {
            assert_eq!(*remembered.calls_of(user).unwrap()[0], moved);
        }
    }

    #[test]
    fn a_call_that_is_over_or_forgotten_leaves_nothing_behind() {
        let call = live();
        let over = call.step(Signal::LegGone, call.created_at).unwrap().call;
        assert!(over.is_over());
        let ways: [fn(&mut Remembered, &Call); 2] = [
            |remembered, over| put(remembered, over, 1),
            |remembered, over| remembered.forget(&over.id),
        ];
        for forget in ways {
            let mut remembered = whole();
            put(&mut remembered, &call, 0);
            forget(&mut remembered, &over);
            assert_eq!(version(&remembered, &call), None);
            assert!(remembered.legs.is_empty() && remembered.users.is_empty());
            assert_eq!(remembered.extent(), Extent::Whole);
        }
    }

    #[test]
    fn the_calls_of_a_user_are_told_newest_first_and_only_where_all_are_known() {
        let (mut remembered, call) = (whole(), live());
        let owner = call.owner.clone().unwrap();
        for age in 0..=MOST_LIVE_CALLS {
            let call = Call {
                id: CallId::fresh(),
                provider_id: None,
                created_at: Timestamp::from_secs(1_700_000_000 - age as i64),
                ..call.clone()
            };
            put(&mut remembered, &call, 0);
        }
        let calls = remembered.calls_of(&owner).unwrap();
        assert_eq!(calls.len(), MOST_LIVE_CALLS);
        assert!(calls.is_sorted_by(|a, b| a.created_at > b.created_at));
        assert_eq!(calls[0].created_at, Timestamp::from_secs(1_700_000_000));
        let nobody = "nobody".parse().unwrap();
        assert_eq!(remembered.calls_of(&nobody), Some(Vec::new()));
        assert_eq!(Remembered::default().calls_of(&owner), None);
    }

    #[test]
    fn when_it_is_full_those_who_have_a_place_keep_it() {
        let (mut remembered, first) = (whole(), live());
        put(&mut remembered, &first, 0);
        let mut last = Call {
            provider_id: None,
            ..first.clone()
        };
        for _ in 1..=MOST {
            assert_eq!(remembered.extent(), Extent::Whole);
            last.id = CallId::fresh();
            put(&mut remembered, &last, 0);
        }
        assert_eq!(version(&remembered, &last), None, "it is read instead");
        assert_eq!(remembered.extent(), Extent::Part);
        put(&mut remembered, &first, 1);
        assert_eq!(version(&remembered, &first), Some(1));
        remembered.forget(&first.id);
        put(&mut remembered, &last, 2);
        assert_eq!(version(&remembered, &last), Some(2), "there is room again");
        assert_eq!(
            remembered.extent(),
            Extent::Part,
            "others are still left out"
        );
    }
}
