use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use voip_core::{
    Call, CallId, Effect, ProviderCallId, Result, State, Timestamp, UserId,
    ports::{
        CallStore, ClaimedEffect, Held, IdempotencyKey, Inserted, LegReport, LogChange, LogCursor,
        LogEntry, LogFilter, LogQuery, NewCall, Replaced, Version,
    },
};
use voip_store::MemoryStore;
use voip_testkit::suites::call_store;

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    ForgetsTheBridge,
    LosesTheAnswerAfterTheEnd,
    TakesAnyId,
    TakesAnyLeg,
    IgnoresKeys,
    ForgetsWhoseKey,
    KnowsNoKeys,
    AddsWhatItLooksFor,
    LastWriterWins,
    SavesEffectsOfConflicts,
    LooksThenWrites,
    DropsEffectsOfReplacements,
    NeverSettles,
    LeasesNothing,
    ClaimsTooEarly,
    ClaimsTooMuch,
    MissesTheVeryMoment,
    ListsEndedCallsAsDue,
    KeepsTakenReports,
    TurnsReportsRound,
    PagesByMomentAlone,
    RepeatsTheLastLine,
    FindsNoCallees,
    FindsAnyCase,
    OwnsWhatItNames,
    LosesTheDuration,
    LosesTheNumberCalled,
    WantsAnyStatus,
    WantsAnyDirection,
    WantsAnyParty,
    WantsUsersNamedLikeNumbers,
    SinceIsTooLate,
    UntilIsTooLate,
    FiltersAfterTheLimit,
    DeletesForAnybody,
    DeletesOfTheOwnLogOnly,
    DeletesTheCall,
    SavingRestores,
    RestoresNothing,
    ForgetsPeers,
    ListsOldestFirst,
    ClearsNothing,
    KeepsKeysWhenClearing,
}

#[derive(Debug)]
struct Saboteur {
    store: MemoryStore,
    fault: Fault,
    /// Calls as they were when they were deleted.
    deleted: Mutex<Vec<Call>>,
}

impl Saboteur {
    fn does(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn present(&self, id: &CallId) -> Result<Option<Version>> {
        Ok(self.store.call(id).await?.map(|held| held.version))
    }

    fn gone(&self) -> MutexGuard<'_, Vec<Call>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spoiled(&self, mut held: Held) -> Held {
        match &mut held.call.state {
            State::InProgress { bridge, .. } if self.does(Fault::ForgetsTheBridge) => {
                *bridge = None;
            }
            State::Ended(ended) if self.does(Fault::LosesTheAnswerAfterTheEnd) => {
                ended.answered_at = None;
            }
            _ => {}
        }
        held
    }
}

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
            outcome => Ok(outcome),
        }
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
        self.store.claim_effects(now, lease_until, limit).await
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

async fn fresh() -> Saboteur {
    Saboteur {
        store: MemoryStore::default(),
        fault: Fault::Nothing,
        deleted: Mutex::default(),
    }
}

mod without_a_fault {
    voip_testkit::call_store_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let store = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { call_store::$case(&store).await }).await;
            }
        )+
    };
}

caught! {
    ForgetsTheBridge by an_inserted_call_is_read_back_whole as a_lost_bridge_is_caught;
    LosesTheAnswerAfterTheEnd by an_inserted_call_is_read_back_whole as a_lost_answer_is_caught;
    TakesAnyId by the_same_id_is_inserted_once as a_second_call_of_one_id_is_caught;
    TakesAnyLeg by the_same_provider_id_is_inserted_once as a_second_call_of_one_leg_is_caught;
    IgnoresKeys by the_same_key_is_inserted_once as an_ignored_key_is_caught;
    ForgetsWhoseKey by the_same_key_is_inserted_once as a_key_shared_by_users_is_caught;
    KnowsNoKeys by what_an_insert_would_meet_is_known_before as a_key_not_known_before_is_caught;
    AddsWhatItLooksFor by what_an_insert_would_meet_is_known_before
        as a_look_that_adds_is_caught;
    LastWriterWins by a_stale_version_conflicts_and_changes_nothing as a_lost_update_is_caught;
    SavesEffectsOfConflicts by a_stale_version_conflicts_and_changes_nothing
        as effects_of_a_conflict_are_caught;
    LooksThenWrites by one_of_many_racing_writers_wins as a_look_before_the_write_is_caught;
    DropsEffectsOfReplacements by effects_are_saved_with_the_call as dropped_effects_are_caught;
    NeverSettles by a_settled_effect_is_never_claimed as an_effect_never_settled_is_caught;
    LeasesNothing by a_claimed_effect_is_hidden_until_its_lease_ends as a_missing_lease_is_caught;
    ClaimsTooEarly by a_claimed_effect_is_hidden_until_its_lease_ends as an_early_claim_is_caught;
    ClaimsTooMuch by a_claimed_effect_is_hidden_until_its_lease_ends as a_greedy_claim_is_caught;
    MissesTheVeryMoment by due_calls_are_those_whose_deadline_has_come
        as a_deadline_seen_late_is_caught;
    ListsEndedCallsAsDue by due_calls_are_those_whose_deadline_has_come
        as an_ended_call_that_is_due_is_caught;
    KeepsTakenReports by a_report_on_an_unknown_leg_is_kept_until_taken
        as a_report_taken_twice_is_caught;
    TurnsReportsRound by a_report_on_an_unknown_leg_is_kept_until_taken
        as reports_out_of_order_are_caught;
    PagesByMomentAlone by the_log_lists_newest_first_in_pages as a_gap_between_pages_is_caught;
    RepeatsTheLastLine by the_log_lists_newest_first_in_pages as a_line_on_two_pages_is_caught;
    FindsNoCallees by the_log_finds_calls_by_owner_and_by_either_party
        as a_log_without_callees_is_caught;
    FindsAnyCase by the_log_finds_calls_by_owner_and_by_either_party as a_log_in_any_case_is_caught;
    OwnsWhatItNames by the_log_finds_calls_by_owner_and_by_either_party
        as owning_what_one_is_named_in_is_caught;
    LosesTheDuration by the_log_finds_calls_by_owner_and_by_either_party
        as a_lost_duration_is_caught;
    LosesTheNumberCalled by the_log_finds_calls_by_owner_and_by_either_party
        as a_lost_number_is_caught;
    WantsAnyStatus by the_log_lists_what_is_asked_for_and_nothing_else
        as an_ignored_status_is_caught;
    WantsAnyDirection by the_log_lists_what_is_asked_for_and_nothing_else
        as an_ignored_direction_is_caught;
    WantsAnyParty by the_log_lists_what_is_asked_for_and_nothing_else
        as an_ignored_party_is_caught;
    WantsUsersNamedLikeNumbers by the_log_lists_what_is_asked_for_and_nothing_else
        as a_user_taken_for_a_number_is_caught;
    SinceIsTooLate by the_log_lists_what_is_asked_for_and_nothing_else
        as a_late_beginning_is_caught;
    UntilIsTooLate by the_log_lists_what_is_asked_for_and_nothing_else as a_late_end_is_caught;
    FiltersAfterTheLimit by the_log_lists_what_is_asked_for_and_nothing_else
        as a_page_cut_before_it_is_filtered_is_caught;
    DeletesForAnybody by a_deleted_call_is_in_no_log_until_it_is_restored
        as a_foreign_deletion_is_caught;
    DeletesOfTheOwnLogOnly by a_deleted_call_is_in_no_log_until_it_is_restored
        as a_call_left_in_other_logs_is_caught;
    DeletesTheCall by a_deleted_call_is_in_no_log_until_it_is_restored
        as a_call_deleted_whole_is_caught;
    SavingRestores by a_deleted_call_is_in_no_log_until_it_is_restored
        as a_deletion_undone_by_a_step_is_caught;
    RestoresNothing by a_deleted_call_is_in_no_log_until_it_is_restored
        as a_restoration_that_is_none_is_caught;
    ForgetsPeers by live_calls_of_a_user_are_those_not_ended as a_forgotten_peer_is_caught;
    ListsOldestFirst by live_calls_of_a_user_are_those_not_ended as the_oldest_first_is_caught;
    ClearsNothing by clearing_calls_leaves_none as clearing_nothing_is_caught;
    KeepsKeysWhenClearing by clearing_calls_leaves_none as a_key_left_by_clearing_is_caught;
}
