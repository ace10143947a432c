use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use voip_core::ports::{
    CallStore, ClaimedEffect, EffectLease, Held, IdempotencyKey, Inserted, LegReport, LogChange,
    LogCursor, LogEntry, LogFilter, LogQuery, NewCall, Replaced, Version,
};
use voip_core::{Call, CallId, Effect, ProviderCallId, Result, Timestamp, UserId};
use voip_store::MemoryStore;

use super::{Fault, Saboteur};

#[async_trait]
impl CallStore for Saboteur {
    async fn insert(&self, mut new: NewCall) -> Result<Inserted> {
        if self.does(Fault::IgnoresKeys) {
            new.key = None;
        }
        if let Some(key) = &mut new.key
            && self.does(Fault::ForgetsWhoseKey)
        {
            key.scope = None;
        }
        if self.does(Fault::TakesAnyLeg)
            && let Some(leg) = &new.call.provider_id
            && self.store.call_by_provider_id(leg).await?.is_some()
        {
            new.call.provider_id = None;
        }
        match self.store.insert(new.clone()).await? {
            Inserted::Known(held) if self.does(Fault::TakesAnyId) => {
                let effects = &new.effects;
                self.store
                    .replace(&new.call, held.version, effects, new.effects_due)
                    .await?;
                Ok(Inserted::New)
            }
            Inserted::New => {
                let (call, version) = (new.call, Version(0));
                self.recalled().insert(call.id, Held { call, version });
                Ok(Inserted::New)
            }
            Inserted::Known(held) => {
                if self.does(Fault::RecallsWhatWasNotAdded) {
                    let (call, version) = (new.call, Version(0));
                    self.recalled().insert(call.id, Held { call, version });
                }
                Ok(Inserted::Known(held))
            }
        }
    }

    fn recall(&self, id: &CallId) -> Option<Held> {
        self.recalled().get(id).cloned()
    }

    fn recall_by_provider_id(&self, id: &ProviderCallId) -> Option<Held> {
        let recalled = self.recalled();
        let mut all = recalled.values();
        all.find(|held| held.call.provider_id.as_ref() == Some(id))
            .cloned()
    }

    async fn known(&self, new: &NewCall) -> Result<Option<Held>> {
        let mut new = new.clone();
        if self.does(Fault::KnowsNoKeys) {
            new.key = None;
        }
        if self.does(Fault::AddsWhatItLooksFor) {
            return Ok(match self.store.insert(new).await? {
                Inserted::Known(held) => Some(held),
                Inserted::New => None,
            });
        }
        self.store.known(&new).await
    }

    async fn call(&self, id: &CallId) -> Result<Option<Held>> {
        if self.does(Fault::DeletesTheCall) && self.gone().iter().any(|gone| gone.id == *id) {
            return Ok(None);
        }
        Ok(self.store.call(id).await?.map(|held| self.spoiled(held)))
    }

    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>> {
        Ok(self
            .store
            .call_by_provider_id(id)
            .await?
            .map(|held| self.spoiled(held)))
    }

    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        let mut version = version;
        if self.does(Fault::LastWriterWins) {
            version = self.present(&call.id).await?.unwrap_or(version);
        }
        if self.does(Fault::LooksThenWrites) {
            if self.present(&call.id).await? != Some(version) {
                return Ok(Replaced::Conflict);
            }
            // real time: everybody is to have looked before anybody writes.
            std::thread::sleep(Duration::from_millis(5));
            loop {
                let present = self.present(&call.id).await?.unwrap_or(version);
                let outcome = self
                    .store
                    .replace(call, present, effects, effects_due)
                    .await?;
                if outcome != Replaced::Conflict {
                    return Ok(outcome);
                }
            }
        }
        let saved = if self.does(Fault::DropsEffectsOfReplacements) {
            &[]
        } else {
            effects
        };
        if self.does(Fault::SavingRestores)
            && let Some(owner) = &call.owner
        {
            self.store.restore_log(owner, &call.id).await?;
        }
        let outcome = self
            .store
            .replace(call, version, saved, effects_due)
            .await?;
        if outcome == Replaced::Conflict
            && self.does(Fault::SavesEffectsOfConflicts)
            && let Some(held) = self.store.call(&call.id).await?
        {
            self.store
                .replace(&held.call, held.version, effects, effects_due)
                .await?;
        }
        if let Replaced::Done(version) = outcome
            && !self.does(Fault::RecallsTheBeginning)
        {
            let call = call.clone();
            self.recalled().insert(call.id, Held { call, version });
        }
        Ok(outcome)
    }

    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>> {
        let mut now = now;
        if self.does(Fault::MissesTheVeryMoment) {
            now = now - Duration::from_micros(1);
        }
        let mut due = self.store.due_calls(now, limit).await?;
        if self.does(Fault::ListsEndedCallsAsDue) && now > Timestamp::from_secs(1_700_005_000) {
            due.push(CallId::from_uuid(uuid::Uuid::from_u128(5)));
        }
        Ok(due)
    }

    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>> {
        let (mut now, mut lease_until, mut limit) = (now, lease_until, limit);
        match self.fault {
            Fault::LeasesNothing => lease_until = now,
            Fault::ClaimsTooEarly => now = now + Duration::from_micros(1),
            Fault::ClaimsTooMuch => limit += 1,
            _ => {}
        }
        let claimed = self.store.claim_effects(now, lease_until, limit).await?;
        let mine = claimed.iter().map(|it| ((it.call, it.effect), lease_until));
        self.claimed().extend(mine);
        Ok(claimed)
    }

    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()> {
        if self.does(Fault::RenewsNothing) {
            return Ok(());
        }
        let mut leases = leases.to_vec();
        if self.does(Fault::RenewsForAnybody) {
            let claimed = self.claimed();
            for lease in &mut leases {
                let key = (lease.call, lease.effect);
                lease.until = claimed.get(&key).copied().unwrap_or(lease.until);
            }
        }
        self.store.renew_leases(&leases, until).await
    }

    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()> {
        if self.does(Fault::NeverSettles) {
            return Ok(());
        }
        self.store.settle_effect(call, effect).await
    }

    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()> {
        self.store.keep_report(report, now).await
    }

    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>> {
        let mut reports = self.store.take_reports(leg).await?;
        if self.does(Fault::KeepsTakenReports) {
            for report in &reports {
                self.store
                    .keep_report(report, Timestamp::from_secs(1_700_000_000))
                    .await?;
            }
        }
        if self.does(Fault::TurnsReportsRound) {
            reports.reverse();
        }
        Ok(reports)
    }

    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        let mut query = query.clone();
        match (self.fault, &mut query.after) {
            (Fault::PagesByMomentAlone, Some(LogCursor { id, .. })) => {
                *id = CallId::from_uuid(uuid::Uuid::nil());
            }
            (Fault::RepeatsTheLastLine, Some(LogCursor { created_at, .. })) => {
                *created_at = *created_at + Duration::from_micros(1);
            }
            (Fault::FindsAnyCase, _) => query.name = query.name.to_lowercase().into(),
            (Fault::OwnsWhatItNames, _) => query.owned_only = false,
            (Fault::WantsAnyStatus, _) => query.filter.statuses.clear(),
            (Fault::WantsAnyDirection, _) => query.filter.direction = None,
            (Fault::WantsAnyParty, _) => query.filter.party = None,
            (Fault::SinceIsTooLate, _) => {
                let since = &mut query.filter.since;
                *since = since.map(|since| since + Duration::from_micros(1));
            }
            (Fault::UntilIsTooLate, _) => {
                let until = &mut query.filter.until;
                *until = until.map(|until| until + Duration::from_micros(1));
            }
            _ => {}
        }
        let asked = query.clone();
        if self.does(Fault::FiltersAfterTheLimit) {
            query.filter = LogFilter::default();
        }
        if self.does(Fault::WantsUsersNamedLikeNumbers) {
            query.filter.party = None;
        }
        let mut entries = self.store.log(&query).await?;
        match self.fault {
            Fault::FiltersAfterTheLimit => entries.retain(|entry| asked.filter.admits(entry)),
            Fault::WantsUsersNamedLikeNumbers => entries.retain(|entry| {
                let is = |party: &Arc<str>| *entry.from == **party || *entry.to == **party;
                asked.filter.party.as_ref().is_none_or(is)
            }),
            Fault::LosesTheDuration => entries.iter_mut().for_each(|entry| entry.duration = None),
            Fault::LosesTheNumberCalled => entries.iter_mut().for_each(|entry| entry.number = None),
            Fault::DeletesOfTheOwnLogOnly if !query.owned_only && &*query.name != "ann" => {
                let everything = MemoryStore::default();
                let gone = self.gone().clone();
                for call in gone {
                    let effects_due = call.created_at;
                    let new = NewCall {
                        call,
                        effects: vec![],
                        effects_due,
                        key: None,
                    };
                    everything.insert(new).await?;
                }
                entries.extend(everything.log(&query).await?);
                entries.sort_by_key(|entry| std::cmp::Reverse((entry.created_at, entry.id)));
            }
            _ => {}
        }
        if self.does(Fault::FindsNoCallees) {
            entries.retain(|entry| *entry.to != *query.name || *entry.from == *query.name);
        }
        Ok(entries)
    }

    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange> {
        let held = self.store.call(call).await?;
        let owner = match &held {
            Some(Held { call, .. }) if self.does(Fault::DeletesForAnybody) => {
                call.owner.clone().unwrap_or_else(|| owner.clone())
            }
            _ => owner.clone(),
        };
        let change = self.store.delete_log(&owner, call, at).await?;
        if let (LogChange::Made, Some(held)) = (change, held) {
            self.gone().push(held.call);
        }
        Ok(change)
    }

    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange> {
        if self.does(Fault::RestoresNothing) {
            let known = self.store.call(call).await?;
            let own = known.is_some_and(|held| held.call.owner.as_ref() == Some(owner));
            let deleted = self.gone().iter().any(|gone| gone.id == *call);
            return Ok(match (own, deleted) {
                (false, _) => LogChange::NoSuchCall,
                (true, true) => LogChange::Made,
                (true, false) => LogChange::Already,
            });
        }
        self.store.restore_log(owner, call).await
    }

    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>> {
        let mut calls = self.store.live_calls(user).await?;
        if self.does(Fault::ForgetsPeers) {
            calls.retain(|call| call.owner.as_ref() == Some(user));
        }
        if self.does(Fault::ListsOldestFirst) {
            calls.reverse();
        }
        Ok(calls)
    }

    async fn ping(&self) -> Result<()> {
        self.store.ping().await
    }

    async fn clear_calls(&self) -> Result<u64> {
        let one = CallId::from_uuid(uuid::Uuid::from_u128(1));
        let held = self.store.call(&one).await?;
        if self.does(Fault::ClearsNothing) {
            return Ok(if held.is_some() { 3 } else { 0 });
        }
        let cleared = self.store.clear_calls().await?;
        if !self.does(Fault::RecallsWhatIsDeleted) {
            self.recalled().clear();
        }
        if let Some(Held { call, .. }) = held
            && self.does(Fault::KeepsKeysWhenClearing)
        {
            // Another call keeps the key taken.
            let call = Call {
                id: CallId::fresh(),
                provider_id: None,
                owner: None,
                ..call
            };
            let key = IdempotencyKey::new(None, "word").ok();
            let new = NewCall {
                call,
                effects: vec![],
                effects_due: Timestamp::from_secs(0),
                key,
            };
            self.store.insert(new).await?;
        }
        Ok(cleared)
    }
}
