use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use voip_core::{
    Call, CallId, ProviderCallId,
    ports::{Held, Version},
};

/// How many calls make a generation; up to two of them are remembered, some
/// 40 MiB.
const GENERATION: usize = 16_384;

/// Live calls as this program saved them last, so that the next step of a call
/// need not read what the last one wrote.
///
/// Whatever another program does is not known here. A call that somebody else
/// was found to work on is not remembered any more: guesses about it would fail
/// again and again, and each costs a journey to the server.
#[derive(Default)]
pub(super) struct Recalling {
    generations: Mutex<[Generation; 2]>,
    legs: Mutex<Legs>,
}

/// What is known of reports on legs that calls have just got.
#[derive(Default)]
struct Legs {
    /// Nobody had reported on these when their calls were on record.
    unreported: HashSet<ProviderCallId>,
    /// On these this program keeps reports, or is about to: the last ones, and
    /// those before.
    reported: [HashSet<ProviderCallId>; 2],
}

/// Calls that were saved at about the same time.
#[derive(Default)]
struct Generation {
    calls: HashMap<CallId, Memory>,
    legs: HashMap<ProviderCallId, CallId>,
}

enum Memory {
    /// It was saved like this.
    Saved(Box<Call>, Version),
    /// Others work on it too.
    Shared,
}

impl Recalling {
    /// The call, where it is remembered.
    pub(super) fn call(&self, id: &CallId) -> Option<Held> {
        held(self.lock().iter().find_map(|one| one.calls.get(id))?)
    }

    /// The call with this leg, where it is remembered.
    pub(super) fn call_by_leg(&self, leg: &ProviderCallId) -> Option<Held> {
        let id = *self.lock().iter().find_map(|one| one.legs.get(leg))?;
        // The leg may be one that it had.
        self.call(&id)
            .filter(|held| held.call.provider_id.as_ref() == Some(leg))
    }

    /// Whether the call is remembered as one without a leg.
    pub(super) fn lacks_leg(&self, id: &CallId) -> bool {
        let generations = self.lock();
        let memory = generations.iter().find_map(|one| one.calls.get(id));
        matches!(memory, Some(Memory::Saved(call, _)) if call.provider_id.is_none())
    }

    /// A call was saved, and this is its version now.
    pub(super) fn saved(&self, call: Call, version: Version) {
        let mut generations = self.lock();
        let known = generations.iter().find_map(|one| one.calls.get(&call.id));
        match known {
            Some(Memory::Shared) if !call.is_over() => return,
            // Who saved a later version was faster to tell.
            Some(Memory::Saved(_, later)) if *later >= version => return,
            Some(_) | None => {}
        }
        forget(&mut generations, &call.id);
        if call.is_over() {
            return;
        }
        if let Some(leg) = &call.provider_id {
            generations[0].legs.insert(leg.clone(), call.id);
        }
        let id = call.id;
        let memory = Memory::Saved(Box::new(call), version);
        let forgotten = put(&mut generations, id, memory);
        drop(generations);
        // These are many, and nobody is to wait for them to go.
        drop(forgotten);
    }

    /// A call was added. Whatever is remembered by its id is of one that was
    /// deleted.
    pub(super) fn added(&self, call: Call) {
        forget(&mut self.lock(), &call.id);
        self.saved(call, Version(0));
    }

    /// A call was not at the version at which it was to be replaced.
    pub(super) fn conflicted(&self, id: CallId, tried: Version) {
        let mut generations = self.lock();
        let known = generations.iter().find_map(|one| one.calls.get(&id));
        if matches!(known, Some(Memory::Saved(_, later)) if *later > tried) {
            // Somebody of this program was faster, and nobody else.
            return;
        }
        forget(&mut generations, &id);
        let forgotten = put(&mut generations, id, Memory::Shared);
        drop(generations);
        // These are many, and nobody is to wait for them to go.
        drop(forgotten);
    }

    /// After a call with this leg was on record, no report was kept for it. Who
    /// keeps one from now on finds the call, and looks for reports once more.
    pub(super) fn found_unreported(&self, leg: &ProviderCallId) {
        let mut legs = self.legs();
        if legs.reported.iter().any(|some| some.contains(leg)) {
            return;
        }
        // Nearly all are asked for at once; those that are not are looked up.
        if legs.unreported.len() >= GENERATION {
            legs.unreported.clear();
        }
        legs.unreported.insert(leg.clone());
    }

    /// After a call with this leg was on record, a report was kept for it.
    pub(super) fn found_reported(&self, leg: &ProviderCallId) {
        self.legs().unreported.remove(leg);
    }

    /// A report on this leg is about to be kept here: what was found before says
    /// nothing to whoever keeps it.
    pub(super) fn keeps_report(&self, leg: &ProviderCallId) {
        let mut legs = self.legs();
        legs.unreported.remove(leg);
        // Matters only until they have looked, so the last ones are enough.
        if legs.reported[0].len() >= GENERATION {
            legs.reported[1] = mem::take(&mut legs.reported[0]);
        }
        legs.reported[0].insert(leg.clone());
    }

    /// Whether nobody had reported on this leg; told once.
    pub(super) fn is_unreported(&self, leg: &ProviderCallId) -> bool {
        self.legs().unreported.remove(leg)
    }

    /// Nothing is remembered.
    pub(super) fn clear(&self) {
        *self.lock() = Default::default();
        *self.legs() = Legs::default();
    }

    fn legs(&self) -> MutexGuard<'_, Legs> {
        self.legs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, [Generation; 2]> {
        // Nothing in here panics half-way through a change.
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn held(memory: &Memory) -> Option<Held> {
    match memory {
        Memory::Saved(call, version) => Some(Held {
            call: (**call).clone(),
            version: *version,
        }),
        Memory::Shared => None,
    }
}

/// Remembers in the younger generation, and gives back the older one where the
/// younger is full: calls that nobody saves any more are forgotten.
fn put(generations: &mut [Generation; 2], id: CallId, memory: Memory) -> Option<Generation> {
    generations[0].calls.insert(id, memory);
    if generations[0].calls.len() < GENERATION {
        return None;
    }
    let full = mem::take(&mut generations[0]);
    Some(mem::replace(&mut generations[1], full))
}

fn forget(generations: &mut [Generation; 2], id: &CallId) {
    for one in generations {
        if let Some(Memory::Saved(call, _)) = one.calls.remove(id)
            && let Some(leg) = &call.provider_id
        {
            one.legs.remove(leg);
        }
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

    fn with_leg(call: &Call, leg: &str) -> Call {
        Call {
            provider_id: Some(leg.parse().unwrap()),
            ..call.clone()
        }
    }

    fn version(recalling: &Recalling, call: &Call) -> Option<u64> {
        recalling.call(&call.id).map(|held| held.version.0)
    }

    fn by_leg(recalling: &Recalling, leg: &str) -> Option<Held> {
        recalling.call_by_leg(&leg.parse().unwrap())
    }

    #[test]
    fn a_call_is_recalled_as_it_was_saved_last_by_id_and_leg() {
        let (recalling, call) = (Recalling::default(), live());
        assert_eq!(version(&recalling, &call), None);
        assert!(!recalling.lacks_leg(&call.id), "nothing is known of it");
        let bare = Call {
            id: CallId::fresh(),
            provider_id: None,
            ..call.clone()
        };
        recalling.saved(bare.clone(), Version(0));
        assert!(recalling.lacks_leg(&bare.id));
        recalling.saved(with_leg(&bare, "CA0"), Version(1));
        assert!(!recalling.lacks_leg(&bare.id));
        recalling.saved(with_leg(&call, "CA1"), Version(0));
        let second = with_leg(&call, "CA2");
        recalling.saved(second.clone(), Version(1));
        let expected = Held {
            call: second,
            version: Version(1),
        };
        assert_eq!(recalling.call(&call.id), Some(expected.clone()));
        assert_eq!(by_leg(&recalling, "CA2"), Some(expected));
        assert_eq!(by_leg(&recalling, "CA1"), None);
        // Word of what was saved before comes late.
        recalling.saved(with_leg(&call, "CA1"), Version(0));
        assert_eq!(version(&recalling, &call), Some(1));
        recalling.clear();
        assert_eq!(version(&recalling, &call), None);
        assert_eq!(by_leg(&recalling, "CA2"), None);
    }

    #[test]
    fn a_call_that_is_over_leaves_nothing_behind() {
        for shared in [false, true] {
            let (recalling, call) = (Recalling::default(), with_leg(&live(), "CA1"));
            recalling.saved(call.clone(), Version(0));
            if shared {
                recalling.conflicted(call.id, Version(0));
            }
            let over = call.step(Signal::LegGone, call.created_at).unwrap().call;
            assert!(over.is_over());
            recalling.saved(over, Version(1));
            assert_eq!(version(&recalling, &call), None);
            let generations = recalling.lock();
            assert!(generations.iter().all(|one| one.calls.is_empty()));
            assert!(generations.iter().all(|one| one.legs.is_empty()));
        }
    }

    #[test]
    fn what_others_work_on_is_not_recalled_again() {
        let (recalling, call) = (Recalling::default(), with_leg(&live(), "CA1"));
        recalling.saved(call.clone(), Version(0));
        recalling.conflicted(call.id, Version(0));
        recalling.saved(call.clone(), Version(2));
        assert_eq!(version(&recalling, &call), None);
        assert_eq!(by_leg(&recalling, "CA1"), None);
        // The id was deleted and is given anew.
        recalling.added(call.clone());
        assert_eq!(version(&recalling, &call), Some(0));
    }

    #[test]
    fn who_lost_to_somebody_of_this_program_makes_nobody_forget() {
        let (recalling, call) = (Recalling::default(), live());
        recalling.saved(call.clone(), Version(4));
        recalling.conflicted(call.id, Version(3));
        assert_eq!(version(&recalling, &call), Some(4));
        recalling.added(call.clone());
        assert_eq!(version(&recalling, &call), Some(0), "it is another one");
    }

    #[test]
    fn that_a_leg_is_unreported_is_told_once_and_of_few() {
        let recalling = Recalling::default();
        let leg = |number: usize| format!("CA{number}").parse().unwrap();
        recalling.found_unreported(&leg(0));
        assert!(recalling.is_unreported(&leg(0)));
        assert!(!recalling.is_unreported(&leg(0)));
        for number in 0..=GENERATION {
            recalling.found_unreported(&leg(number));
        }
        assert!(recalling.is_unreported(&leg(GENERATION)));
        assert!(!recalling.is_unreported(&leg(0)), "it is looked up");
        recalling.found_unreported(&leg(0));
        recalling.clear();
        assert!(!recalling.is_unreported(&leg(0)));
    }

    #[test]
    fn who_keeps_a_report_is_not_told_that_there_is_none() {
        let leg = "CA1".parse().unwrap();
        let before = Recalling::default();
        before.keeps_report(&leg);
        before.found_unreported(&leg);
        assert!(!before.is_unreported(&leg));
        let after = Recalling::default();
        after.found_unreported(&leg);
        after.keeps_report(&leg);
        assert!(!after.is_unreported(&leg));
        let many = Recalling::default();
        many.keeps_report(&leg);
        for number in 0..GENERATION {
            many.keeps_report(&format!("CA1x{number}").parse().unwrap());
        }
        many.found_unreported(&leg);
        assert!(!many.is_unreported(&leg));
        let found = Recalling::default();
        found.found_unreported(&leg);
        found.found_reported(&leg);
        assert!(!found.is_unreported(&leg));
    }

    #[test]
    fn the_calls_that_were_saved_last_are_remembered_and_no_others() {
        let (recalling, call) = (Recalling::default(), live());
        let save = |number: usize| {
            let call = Call {
                id: CallId::fresh(),
                ..with_leg(&call, &format!("CA{number}"))
            };
            recalling.saved(call.clone(), Version(0));
            call
        };
        let first = save(0);
        for number in 1..GENERATION {
            save(number);
        }
        assert_eq!(version(&recalling, &first), Some(0));
        recalling.saved(first.clone(), Version(1));
        for number in 0..GENERATION {
            save(number + GENERATION);
        }
        assert_eq!(version(&recalling, &first), Some(1), "it was saved anew");
        assert_eq!(by_leg(&recalling, "CA1"), None, "it was not");
        for number in 0..GENERATION {
            save(number + 2 * GENERATION);
        }
        assert_eq!(version(&recalling, &first), None);
        let generations = recalling.lock();
        for one in &*generations {
            assert!(one.calls.len() <= GENERATION && one.legs.len() <= GENERATION);
        }
    }
}
