//! The suite of [`CallStore`]: [`call_store_suite!`](crate::call_store_suite)
//! gives an adapter a test for every promise of the port.

mod deleting;
mod effects;
mod inserting;
mod log_filters;
mod logs;
mod recalling;
mod replacing;
mod reports;
pub(super) mod samples;

use voip_core::ports::CallStore;

pub use deleting::a_deleted_call_is_in_no_log_until_it_is_restored;
pub use effects::{
    a_claimed_effect_is_hidden_until_its_lease_ends, a_renewed_lease_hides_its_effect_for_longer,
    a_settled_effect_is_never_claimed, effects_are_saved_with_the_call,
};
pub use inserting::{
    an_inserted_call_is_read_back_whole, the_same_id_is_inserted_once,
    the_same_key_is_inserted_once, the_same_provider_id_is_inserted_once,
    what_an_insert_would_meet_is_known_before,
};
pub use log_filters::the_log_lists_what_is_asked_for_and_nothing_else;
pub use logs::{
    clearing_calls_leaves_none, live_calls_of_a_user_are_those_not_ended,
    the_log_finds_calls_by_owner_and_by_either_party, the_log_lists_newest_first_in_pages,
};
pub use recalling::what_is_recalled_is_as_it_was_saved_last;
pub use replacing::{
    a_stale_version_conflicts_and_changes_nothing, due_calls_are_those_whose_deadline_has_come,
    one_of_many_racing_writers_wins,
};
pub use reports::a_report_on_an_unknown_leg_is_kept_until_taken;

/// What the suite needs around a call store: nothing but the store, empty.
///
/// Every store is its own fixture; a type that holds a store and what it lives
/// on, such as a temporary folder, implements this itself.
pub trait CallStoreFixture: Send + Sync {
    /// The store that is tried.
    fn calls(&self) -> &dyn CallStore;
}

impl<T: CallStore> CallStoreFixture for T {
    fn calls(&self) -> &dyn CallStore {
        self
    }
}

/// Gives a test for every promise of [`CallStore`](voip_core::ports::CallStore).
///
/// `$fresh` is an async function without arguments that gives an empty
/// [`CallStoreFixture`](crate::suites::call_store::CallStoreFixture). The crate
/// that uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`: some cases race on several threads.
///
/// ```
/// # use voip_store::MemoryStore;
/// async fn fresh() -> MemoryStore {
///     MemoryStore::default()
/// }
///
/// mod calls {
///     voip_testkit::call_store_suite!(super::fresh);
/// }
/// ```
#[macro_export]
macro_rules! call_store_suite {
    ($fresh:path) => {
        $crate::call_store_suite! {
            $fresh;
            an_inserted_call_is_read_back_whole
            the_same_id_is_inserted_once
            the_same_provider_id_is_inserted_once
            the_same_key_is_inserted_once
            what_an_insert_would_meet_is_known_before
            what_is_recalled_is_as_it_was_saved_last
            a_stale_version_conflicts_and_changes_nothing
            one_of_many_racing_writers_wins
            effects_are_saved_with_the_call
            a_settled_effect_is_never_claimed
            a_claimed_effect_is_hidden_until_its_lease_ends
            a_renewed_lease_hides_its_effect_for_longer
            due_calls_are_those_whose_deadline_has_come
            a_report_on_an_unknown_leg_is_kept_until_taken
            the_log_lists_newest_first_in_pages
            the_log_finds_calls_by_owner_and_by_either_party
            the_log_lists_what_is_asked_for_and_nothing_else
            a_deleted_call_is_in_no_log_until_it_is_restored
            live_calls_of_a_user_are_those_not_ended
            clearing_calls_leaves_none
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fresh().await;
                let store = $crate::suites::call_store::CallStoreFixture::calls(&fixture);
                $crate::suites::call_store::$case(store).await;
            }
        )+
    };
}
