use std::collections::HashMap;

use voip_core::{ProviderCallId, Timestamp};

use super::LegStatus;

/// What one client knows of which calls. A call never moves backwards, so a
/// status that is no further than what the client knows is no news, whichever
/// way it came: that keeps order and leaves out repeats, with no regard to
/// whether an event or a look at the record was faster.
#[derive(Debug, Default)]
pub(super) struct Known {
    calls: HashMap<ProviderCallId, Entry>,
    /// How many looks at records are under way. What is over is kept until
    /// they are done: they may have seen it as it was before.
    looks: u32,
    /// Counts the joins, so that the oldest is known.
    joins: u64,
}

#[derive(Debug, Default)]
struct Entry {
    told: Option<LegStatus>,
    /// Which join it was and when, where the client joined.
    joined: Option<(u64, Timestamp)>,
    /// The client asked and is to be told what it may know already.
    asked: bool,
}

/// The client has joined as many calls as it may, and all of them live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The most calls one client may have joined. Where it has, the one that has
/// been unheard of the longest makes room.
pub(super) const MOST_JOINED: usize = 20;

impl Known {
    /// The client joins `leg`; returns whose place it takes.
    pub(super) fn join(
        &mut self,
        leg: &ProviderCallId,
        now: Timestamp,
    ) -> Result<Option<ProviderCallId>, TooMany> {
        self.joins += 1;
        let joins = self.joins;
        if let Some(entry) = self.calls.get_mut(leg)
            && entry.joined.is_some()
        {
            entry.asked = true;
            return Ok(None);
        }
        let joined = self.calls.values().filter(|entry| entry.joined.is_some());
        let gone = match joined.count() < MOST_JOINED {
            true => None,
            false => {
                let unheard = self
                    .calls
                    .iter()
                    .filter(|(_, entry)| entry.joined.is_some() && entry.told.is_none());
                let oldest = unheard.min_by_key(|(_, entry)| entry.joined);
                let oldest = oldest.map(|(leg, _)| leg.clone()).ok_or(TooMany)?;
                self.calls.remove(&oldest);
                Some(oldest)
            }
        };
        let entry = self.calls.entry(leg.clone()).or_default();
        entry.joined = Some((joins, now));
        entry.asked = true;
        Ok(gone)
    }

    /// The client wants to hear of `leg` no more, unless it is a call of its
    /// user.
    pub(super) fn leave(&mut self, leg: &ProviderCallId, own: bool) {
        if let Some(entry) = self.calls.get_mut(leg) {
            entry.joined = None;
            entry.asked = false;
            // What nothing was told of may be anybody's, or nobody's.
            if !own || entry.told.is_none() {
                self.calls.remove(leg);
            }
        }
    }

    /// The client hears no more of what it joined by `before` and was never
    /// told of; returns those legs. What is being looked at may yet be told.
    pub(super) fn forget_unheard(&mut self, before: Timestamp) -> Vec<ProviderCallId> {
        if self.looks > 0 {
            return Vec::new();
        }
        let unheard = |_: &ProviderCallId, entry: &mut Entry| {
            entry.told.is_none() && entry.joined.is_some_and(|(_, at)| at <= before)
        };
        let forgotten = self.calls.extract_if(unheard);
        forgotten.map(|(leg, _)| leg).collect()
    }

    /// A look at records begins.
    pub(super) fn look(&mut self) {
        self.looks += 1;
    }

    /// It is done.
    pub(super) fn looked(&mut self) {
        self.looks -= 1;
        if self.looks == 0 {
            self.calls.retain(|_, entry| !entry.is_over());
        }
    }

    /// Whether the client is to be told `status`.
    pub(super) fn is_news(&self, status: &LegStatus) -> bool {
        let Some(entry) = self.calls.get(&status.call_sid) else {
            return true;
        };
        let rank = status.call_status.rank();
        entry.told.as_ref().is_none_or(|told| {
            let known = told.call_status.rank();
            rank > known || (entry.asked && rank == known)
        })
    }

    /// The client was told `status`.
    pub(super) fn told(&mut self, status: LegStatus) {
        let over = status.call_status.is_final();
        if over && self.looks == 0 {
            self.calls.remove(&status.call_sid);
            return;
        }
        let entry = self.calls.entry(status.call_sid.clone()).or_default();
        entry.asked = false;
        if over {
            entry.joined = None;
        }
        entry.told = Some(status);
    }

    /// What the client was told of `leg` last.
    pub(super) fn last(&self, leg: &ProviderCallId) -> Option<&LegStatus> {
        self.calls.get(leg)?.told.as_ref()
    }

    /// Whether the client joined `leg` and has not left it.
    pub(super) fn has_joined(&self, leg: &ProviderCallId) -> bool {
        self.calls
            .get(leg)
            .is_some_and(|entry| entry.joined.is_some())
    }

    /// The legs the client joined.
    pub(super) fn joined(&self) -> impl Iterator<Item = &ProviderCallId> {
        let joined = self
            .calls
            .iter()
            .filter(|(_, entry)| entry.joined.is_some());
        joined.map(|(leg, _)| leg)
    }

    /// Every leg the client waits for news of, and whether it has heard of it.
    pub(super) fn legs(&self) -> Vec<(ProviderCallId, bool)> {
        let legs = self.calls.iter();
        legs.map(|(leg, entry)| (leg.clone(), entry.told.is_some()))
            .collect()
    }
}

impl Entry {
    fn is_over(&self) -> bool {
        let told = self.told.as_ref();
        told.is_some_and(|told| told.call_status.is_final())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voip_core::CallStatus;

    fn now() -> Timestamp {
        Timestamp::from_secs(1_700_000_000)
    }

    fn leg(n: usize) -> ProviderCallId {
        format!("CA{n:032x}").parse().unwrap()
    }

    fn status(n: usize, call_status: CallStatus) -> LegStatus {
        LegStatus {
            call_sid: leg(n),
            call_status,
            duration: None,
        }
    }

    fn tell(known: &mut Known, status: LegStatus) -> bool {
        let news = known.is_news(&status);
        if news {
            known.told(status);
        }
        news
    }

    #[test]
    fn joining_and_leaving_calls_that_there_are_not_leaves_nothing() {
        let mut known = Known::default();
        for n in 0..10_000 {
            known.join(&leg(n), now()).unwrap();
            known.leave(&leg(n), true);
        }
        assert!(known.calls.is_empty());
    }

    #[test]
    fn what_an_old_look_saw_is_no_news_after_the_end() {
        let mut known = Known::default();
        known.look();
        assert!(tell(&mut known, status(1, CallStatus::Completed)));
        assert!(!tell(&mut known, status(1, CallStatus::InProgress)));
        known.looked();
        assert_eq!(known.legs(), [], "nothing is kept of what is over");
    }

    #[test]
    fn who_asks_is_told_once_though_the_event_comes_as_well() {
        let mut known = Known::default();
        known.join(&leg(1), now()).unwrap();
        known.look();
        assert!(tell(&mut known, status(1, CallStatus::Ringing)));
        assert!(!tell(&mut known, status(1, CallStatus::Ringing)));
        known.looked();
        known.join(&leg(1), now()).unwrap();
        assert!(tell(&mut known, status(1, CallStatus::Ringing)));
    }

    #[test]
    fn the_longest_unheard_of_makes_room_and_live_calls_do_not() {
        let mut known = Known::default();
        for n in 0..MOST_JOINED {
            assert_eq!(known.join(&leg(n), now()), Ok(None));
        }
        tell(&mut known, status(0, CallStatus::Ringing));
        assert_eq!(known.join(&leg(100), now()), Ok(Some(leg(1))));
        assert_eq!(known.joined().count(), MOST_JOINED);
        for n in (0..MOST_JOINED).chain([100]) {
            tell(&mut known, status(n, CallStatus::Ringing));
        }
        // The news of the one that was pushed out counts as its user's own.
        known.leave(&leg(1), false);
        assert_eq!(known.join(&leg(101), now()), Err(TooMany));
        assert!(tell(&mut known, status(0, CallStatus::Busy)));
        assert_eq!(known.join(&leg(101), now()), Ok(None));
    }

    #[test]
    fn a_name_that_no_call_has_is_forgotten_in_time_and_a_live_call_is_not() {
        let mut known = Known::default();
        let later = now() + std::time::Duration::from_secs(1);
        for n in 0..3 {
            known
                .join(&leg(n), if n == 2 { later } else { now() })
                .unwrap();
        }
        tell(&mut known, status(1, CallStatus::Ringing));
        known.look();
        assert_eq!(known.forget_unheard(now()), []);
        known.looked();
        assert_eq!(known.forget_unheard(now()), [leg(0)]);
        assert_eq!(known.joined().count(), 2);
    }
}
