mod store;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use voip_core::ports::{CallStore as _, Held, Version};
use voip_core::{Call, CallId, Effect, Result, State, Timestamp};
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
    RecallsTheBeginning,
    RecallsWhatIsDeleted,
    RecallsWhatWasNotAdded,
    LastWriterWins,
    SavesEffectsOfConflicts,
    LooksThenWrites,
    DropsEffectsOfReplacements,
    NeverSettles,
    LeasesNothing,
    ClaimsTooEarly,
    ClaimsTooMuch,
    RenewsNothing,
    RenewsForAnybody,
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
    /// Calls as they were saved.
    recalled: Mutex<HashMap<CallId, Held>>,
    /// Until when effects are claimed.
    claimed: Mutex<HashMap<(CallId, Effect), Timestamp>>,
}

impl Saboteur {
    fn does(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn present(&self, id: &CallId) -> Result<Option<Version>> {
        Ok(self.store.call(id).await?.map(|held| held.version))
    }

    fn recalled(&self) -> MutexGuard<'_, HashMap<CallId, Held>> {
        self.recalled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claimed(&self) -> MutexGuard<'_, HashMap<(CallId, Effect), Timestamp>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
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

async fn fresh() -> Saboteur {
    Saboteur {
        store: MemoryStore::default(),
        fault: Fault::Nothing,
        deleted: Mutex::default(),
        recalled: Mutex::default(),
        claimed: Mutex::default(),
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
    RecallsTheBeginning by what_is_recalled_is_as_it_was_saved_last
        as recalling_what_was_saved_first_is_caught;
    RecallsWhatWasNotAdded by what_is_recalled_is_as_it_was_saved_last
        as recalling_what_was_not_added_is_caught;
    RecallsWhatIsDeleted by what_is_recalled_is_as_it_was_saved_last
        as recalling_what_is_deleted_is_caught;
    LastWriterWins by a_stale_version_conflicts_and_changes_nothing as a_lost_update_is_caught;
    SavesEffectsOfConflicts by a_stale_version_conflicts_and_changes_nothing
        as effects_of_a_conflict_are_caught;
    LooksThenWrites by one_of_many_racing_writers_wins as a_look_before_the_write_is_caught;
    DropsEffectsOfReplacements by effects_are_saved_with_the_call as dropped_effects_are_caught;
    NeverSettles by a_settled_effect_is_never_claimed as an_effect_never_settled_is_caught;
    LeasesNothing by a_claimed_effect_is_hidden_until_its_lease_ends as a_missing_lease_is_caught;
    ClaimsTooEarly by a_claimed_effect_is_hidden_until_its_lease_ends as an_early_claim_is_caught;
    ClaimsTooMuch by a_claimed_effect_is_hidden_until_its_lease_ends as a_greedy_claim_is_caught;
    RenewsNothing by a_renewed_lease_hides_its_effect_for_longer as a_lease_not_renewed_is_caught;
    RenewsForAnybody by a_renewed_lease_hides_its_effect_for_longer
        as a_foreign_lease_renewed_is_caught;
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
