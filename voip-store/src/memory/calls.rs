use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    time::Duration,
};

use async_trait::async_trait;
use voip_core::{
    Call, CallId, Effect, Error, ErrorKind, ProviderCallId, Result, Timestamp, UserId,
    ports::{
        ArchivedCall, CallStore, ClaimedEffect, EffectLease, Held, IdempotencyKey, Inserted,
        LegReport, LogChange, LogEntry, LogQuery, MOST_LIVE_CALLS, NewCall, Replaced, Version,
    },
};

use super::{MemoryStore, locked};

/// How long a report waits for its call.
const REPORTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A place in time order; two calls of one moment are told apart by id.
type Place = (Timestamp, CallId);

/// What is kept of calls.
#[derive(Default)]
pub(super) struct CallTables {
    calls: HashMap<CallId, Held>,
    by_leg: HashMap<ProviderCallId, CallId>,
    by_key: HashMap<IdempotencyKey, CallId>,
    /// Under each name that a log may ask for, when what was created.
    by_name: HashMap<Box<str>, BTreeSet<Place>>,
    /// Calls that no log lists, and since when.
    deleted: HashMap<CallId, Timestamp>,
    /// Calls that have not ended.
    deadlines: BTreeSet<Place>,
    effects: BTreeMap<(CallId, Effect), Waiting>,
    reports: Vec<(Timestamp, LegReport)>,
}

/// An effect that nobody has settled.
struct Waiting {
    due: Timestamp,
    attempts: u32,
}

impl CallTables {
    fn known(&self, new: &NewCall) -> Option<&Held> {
        let leg = new.call.provider_id.as_ref();
        let leg_holder = leg.and_then(|leg| self.by_leg.get(leg));
        let key_holder = new.key.as_ref().and_then(|key| self.by_key.get(key));
        let by_id = self.calls.get(&new.call.id);
        by_id.or_else(|| self.calls.get(leg_holder.or(key_holder)?))
    }

    fn insert(&mut self, new: NewCall) -> Inserted {
        if let Some(held) = self.known(&new) {
            return Inserted::Known(held.clone());
        }
        let NewCall {
            call,
            effects,
            effects_due,
            key,
        } = new;
        if let Some(key) = key {
            self.by_key.insert(key, call.id);
        }
        if let Some(leg) = &call.provider_id {
            self.by_leg.insert(leg.clone(), call.id);
        }
        let owner = call.owner.as_ref().map(UserId::as_str);
        for name in owner
            .into_iter()
            .chain([call.logged_from(), call.logged_to()])
        {
            let places = self.by_name.entry(Box::from(name)).or_default();
            places.insert((call.created_at, call.id));
        }
        if let Some(deadline) = call.state.deadline() {
            self.deadlines.insert((deadline, call.id));
        }
        self.add_effects(call.id, &effects, effects_due);
        self.calls.insert(
            call.id,
            Held {
                call,
                version: Version(0),
            },
        );
        Inserted::New
    }

    fn replace(
        &mut self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        let Some(held) = self
            .calls
            .get_mut(&call.id)
            .filter(|held| held.version == version)
        else {
            return Ok(Replaced::Conflict);
        };
        if let Some(leg) = &call.provider_id {
            if self
                .by_leg
                .get(leg)
                .is_some_and(|holder| *holder != call.id)
            {
                return Err(Error::new(ErrorKind::Refused, "another call has this leg"));
            }
            self.by_leg.insert(leg.clone(), call.id);
        }
        if let Some(deadline) = held.call.state.deadline() {
            self.deadlines.remove(&(deadline, call.id));
        }
        if let Some(deadline) = call.state.deadline() {
            self.deadlines.insert((deadline, call.id));
        }
        let version = Version(version.0 + 1);
        *held = Held {
            call: call.clone(),
            version,
        };
        self.add_effects(call.id, effects, effects_due);
        Ok(Replaced::Done(version))
    }

    /// An effect asked for again counts as new.
    fn add_effects(&mut self, call: CallId, effects: &[Effect], due: Timestamp) {
        for &effect in effects {
            self.effects
                .insert((call, effect), Waiting { due, attempts: 0 });
        }
    }

    fn claim(&mut self, now: Timestamp, lease: Timestamp, limit: usize) -> Vec<ClaimedEffect> {
        let mut due: Vec<_> = self
            .effects
            .iter_mut()
            .filter(|(_, it)| it.due <= now)
            .collect();
        due.sort_by_key(|(_, waiting)| waiting.due);
        due.truncate(limit);
        let claimed = due.into_iter().map(|(&(call, effect), waiting)| {
            waiting.due = lease;
            waiting.attempts += 1;
            ClaimedEffect {
                call,
                effect,
                attempt: waiting.attempts,
            }
        });
        claimed.collect()
    }

    fn renew(&mut self, leases: &[EffectLease], until: Timestamp) {
        for lease in leases {
            let key = (lease.call, lease.effect);
            if let Some(waiting) = self.effects.get_mut(&key)
                && waiting.due == lease.until
            {
                waiting.due = until;
            }
        }
    }

    fn log(&self, query: &LogQuery) -> Vec<LogEntry> {
        let Some(places) = self.by_name.get(&*query.name) else {
            return Vec::new();
        };
        let from_newest: Box<dyn Iterator<Item = &Place>> = match query.after {
            Some(after) => Box::new(places.range(..(after.created_at, after.id)).rev()),
            None => Box::new(places.iter().rev()),
        };
        let owned = |call: &Call| {
            call.owner
                .as_ref()
                .is_some_and(|o| o.as_str() == &*query.name)
        };
        from_newest
            .filter(|(_, id)| !self.deleted.contains_key(id))
            .filter_map(|(_, id)| self.calls.get(id))
            .filter(|held| !query.owned_only || owned(&held.call))
            .map(|held| entry(&held.call))
            .filter(|entry| query.filter.admits(entry))
            .take(query.limit)
            .collect()
    }

    /// `change` which calls are deleted, where `owner` has such a call.
    fn change_log(
        &mut self,
        owner: &UserId,
        call: &CallId,
        change: impl FnOnce(&mut HashMap<CallId, Timestamp>) -> bool,
    ) -> LogChange {
        match self.calls.get(call) {
            Some(held) if held.call.owner.as_ref() == Some(owner) => {}
            Some(_) | None => return LogChange::NoSuchCall,
        }
        if change(&mut self.deleted) {
            LogChange::Made
        } else {
            LogChange::Already
        }
    }

    /// The calls after `after`, with what is kept about them.
    pub(super) fn archived(&self, after: Option<CallId>, limit: usize) -> Vec<ArchivedCall> {
        let mut ids: Vec<_> = self.calls.keys().copied().collect();
        ids.retain(|id| after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        ids.truncate(limit);
        let calls = ids.iter().filter_map(|id| self.calls.get(id));
        let effects = |id: CallId| {
            let all = self.effects.iter();
            let mut its: Vec<_> = all
                .filter(|((call, _), _)| *call == id)
                .map(|((_, effect), waiting)| (*effect, waiting.due))
                .collect();
            its.sort_unstable_by_key(|(effect, _)| effect.as_str());
            its
        };
        calls
            .map(|held| ArchivedCall {
                call: held.call.clone(),
                deleted_at: self.deleted.get(&held.call.id).copied(),
                effects: effects(held.call.id),
            })
            .collect()
    }

    fn live_calls(&self, user: &UserId) -> Vec<Call> {
        let live = self
            .deadlines
            .iter()
            .filter_map(|(_, id)| self.calls.get(id));
        let mut found: Vec<_> = live
            .map(|held| &held.call)
            .filter(|call| call.concerns(user))
            .collect();
        found.sort_by_key(|call| std::cmp::Reverse((call.created_at, call.id)));
        found.into_iter().take(MOST_LIVE_CALLS).cloned().collect()
    }
}

/// The line of a log about `call`.
fn entry(call: &Call) -> LogEntry {
    let (ended_at, duration) = match &call.state {
        voip_core::State::Ended(ended) => (Some(ended.at), ended.duration),
        _ => (None, None),
    };
    LogEntry {
        id: call.id,
        provider_id: call.provider_id.as_ref().map(|leg| Box::from(leg.as_str())),
        from: Box::from(call.logged_from()),
        to: Box::from(call.logged_to()),
        number: call.logged_number().map(Box::from),
        direction: call.direction,
        status: call.status(),
        created_at: call.created_at,
        ended_at,
        duration,
    }
}

#[async_trait]
impl CallStore for MemoryStore {
    async fn insert(&self, new: NewCall) -> Result<Inserted> {
        Ok(locked(&self.calls).insert(new))
    }

    async fn known(&self, new: &NewCall) -> Result<Option<Held>> {
        Ok(locked(&self.calls).known(new).cloned())
    }

    async fn call(&self, id: &CallId) -> Result<Option<Held>> {
        Ok(locked(&self.calls).calls.get(id).cloned())
    }

    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>> {
        let tables = locked(&self.calls);
        Ok(tables
            .by_leg
            .get(id)
            .and_then(|id| tables.calls.get(id))
            .cloned())
    }

    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        locked(&self.calls).replace(call, version, effects, effects_due)
    }

    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>> {
        let tables = locked(&self.calls);
        let due = tables
            .deadlines
            .iter()
            .take_while(|(deadline, _)| *deadline <= now);
        Ok(due.take(limit).map(|(_, id)| *id).collect())
    }

    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>> {
        Ok(locked(&self.calls).claim(now, lease_until, limit))
    }

    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()> {
        locked(&self.calls).renew(leases, until);
        Ok(())
    }

    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()> {
        locked(&self.calls).effects.remove(&(*call, effect));
        Ok(())
    }

    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()> {
        let reports = &mut locked(&self.calls).reports;
        reports.retain(|(kept_at, _)| now.since(*kept_at) <= REPORTS_KEPT);
        reports.push((now, report.clone()));
        Ok(())
    }

    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>> {
        let reports = &mut locked(&self.calls).reports;
        let taken = reports.extract_if(.., |(_, report)| report.leg == *leg);
        Ok(taken.map(|(_, report)| report).collect())
    }

    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        Ok(locked(&self.calls).log(query))
    }

    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange> {
        let delete = |deleted: &mut HashMap<_, _>| match deleted.entry(*call) {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(at);
                true
            }
        };
        Ok(locked(&self.calls).change_log(owner, call, delete))
    }

    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange> {
        let restore = |deleted: &mut HashMap<_, _>| deleted.remove(call).is_some();
        Ok(locked(&self.calls).change_log(owner, call, restore))
    }

    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>> {
        Ok(locked(&self.calls).live_calls(user))
    }

    async fn ping(&self) -> Result<()> {
        Ok(())
    }

    async fn clear_calls(&self) -> Result<u64> {
        let cleared = std::mem::take(&mut *locked(&self.calls));
        Ok(cleared.calls.len() as u64)
    }
}
