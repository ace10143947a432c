//! News of the provider that came to nothing, and whom to ask about it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use crate::{
    CallId, Effect, ProviderCallId, Result, Timestamp,
    calls::{Inner, carry_out::Claim, slots::LOOK_UPS},
    ports::Held,
};

/// The calls that the provider said something of while storage was out of order,
/// and those that were under way while this node was not there. The provider does
/// not say it again, so it is asked.
#[derive(Debug, Default)]
pub(super) struct Missed(Mutex<HashMap<About, Timestamp>>);

/// The name by which a call is known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum About {
    Call(CallId),
    Leg(ProviderCallId),
}

/// What came of the wish to ask about a call.
enum Asked {
    /// It is asked about, or over.
    Done,
    /// It has no leg yet.
    TooEarly,
    /// No place is free.
    Full,
}

/// More calls than a node loses sight of; those beyond are asked about when
/// their deadline comes.
const MOST: usize = 20_000;

/// How long a write that nobody waited for any longer may still come about: as
/// long as storage works on one.
const UNWRITTEN: Duration = Duration::from_secs(10);

/// How long to wait for a call that is being dialled to have a leg.
const WITHOUT_LEG: Duration = Duration::from_secs(120);

impl Missed {
    fn note(&self, about: About, now: Timestamp) {
        let mut missed = self.lock();
        if missed.len() < MOST {
            missed.entry(about).or_insert(now);
        }
    }

    /// Up to so many, which are forgotten unless they are noted again.
    fn take(&self, most: usize) -> Vec<(About, Timestamp)> {
        let mut missed = self.lock();
        let some: Vec<_> = missed.keys().take(most).cloned().collect();
        let taken = some.into_iter().filter_map(|it| missed.remove_entry(&it));
        taken.collect()
    }

    /// How many calls there are.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<About, Timestamp>> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Takes in what the provider says about a call; where that comes to nothing,
    /// the provider is asked as soon as storage is back.
    pub(super) async fn heed<T>(
        &self,
        about: About,
        news: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        news.await.inspect_err(|_| self.lost_sight_of(about))
    }

    /// The provider has to be asked about this call.
    pub(super) fn lost_sight_of(&self, about: About) {
        self.missed.note(about, self.ports.clock.now());
    }

    /// Asks the provider about the calls it has been missed about, as many as
    /// there are places for.
    pub(super) async fn ask_what_was_missed(self: &Arc<Self>) -> Result<()> {
        let mut missed = self.missed.take(LOOK_UPS).into_iter();
        let mut outcome = Ok(());
        for (about, since) in missed.by_ref() {
            let asked = self.ask_about(&about, since).await;
            if !matches!(asked, Ok(Asked::Done)) {
                self.missed.note(about, since);
            }
            match asked {
                Ok(Asked::Done | Asked::TooEarly) => {}
                Ok(Asked::Full) => break,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        for (about, since) in missed {
            self.missed.note(about, since);
        }
        outcome
    }

    async fn ask_about(self: &Arc<Self>, about: &About, since: Timestamp) -> Result<Asked> {
        let calls = &self.ports.calls;
        let held = match about {
            About::Call(id) => calls.call(id).await?,
            About::Leg(leg) => calls.call_by_provider_id(leg).await?,
        };
        let age = self.ports.clock.now().since(since);
        let wait = |patience| match age < patience {
            true => Asked::TooEarly,
            false => Asked::Done,
        };
        let Some(Held { call, .. }) = held else {
            return Ok(wait(UNWRITTEN));
        };
        // What was said of it before it was there.
        let call = self.apply_kept_reports(&call).await?.unwrap_or(call);
        if call.is_over() {
            return Ok(Asked::Done);
        }
        if call.provider_id.is_none() {
            // Its dial is under way, or left behind and about to be taken up.
            return Ok(wait(WITHOUT_LEG));
        }
        let begun = self.spawn_effect(call, Effect::LookUp, Claim::First, None);
        Ok(if begun { Asked::Done } else { Asked::Full })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_is_taken_once_and_keeps_its_moment() {
        let (missed, call) = (Missed::default(), CallId::fresh());
        let at = Timestamp::from_secs;
        missed.note(About::Call(call), at(1));
        missed.note(About::Call(call), at(2));
        assert_eq!(missed.take(9), [(About::Call(call), at(1))]);
        assert_eq!(missed.take(9), []);
        for _ in 0..3 {
            missed.note(About::Call(CallId::fresh()), at(3));
        }
        assert_eq!(missed.take(2).len(), 2);
        assert_eq!(missed.take(2).len(), 1);
    }

    #[test]
    fn what_is_missed_is_bounded() {
        let missed = Missed::default();
        for _ in 0..MOST + 10 {
            missed.note(About::Call(CallId::fresh()), Timestamp::from_secs(1));
        }
        assert_eq!(missed.take(usize::MAX).len(), MOST);
    }
}
