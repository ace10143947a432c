//! The port to the storage of calls.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    Call, CallId, Effect, ProviderCallId, Result, Timestamp, UserId,
    ports::{LegReport, LogChange, LogEntry, LogQuery},
};

/// The most calls that [`CallStore::live_calls`] lists.
pub const MOST_LIVE_CALLS: usize = 100;

/// Keeps calls, and with each the effects that are still to be carried out.
///
/// Writes are durable when they return: power may fail right after. A dropped
/// future may or may not have written.
///
/// # Contract
/// - `an_inserted_call_is_read_back_whole`
/// - `the_same_id_is_inserted_once`
/// - `the_same_provider_id_is_inserted_once`
/// - `the_same_key_is_inserted_once`
/// - `what_an_insert_would_meet_is_known_before`
/// - `what_is_recalled_is_as_it_was_saved_last`
/// - `a_stale_version_conflicts_and_changes_nothing`
/// - `one_of_many_racing_writers_wins`
/// - `effects_are_saved_with_the_call`
/// - `a_settled_effect_is_never_claimed`
/// - `a_claimed_effect_is_hidden_until_its_lease_ends`
/// - `a_renewed_lease_hides_its_effect_for_longer`
/// - `due_calls_are_those_whose_deadline_has_come`
/// - `a_report_on_an_unknown_leg_is_kept_until_taken`
/// - `the_log_lists_newest_first_in_pages`
/// - `the_log_finds_calls_by_owner_and_by_either_party`
/// - `the_log_lists_what_is_asked_for_and_nothing_else`
/// - `a_deleted_call_is_in_no_log_until_it_is_restored`
/// - `live_calls_of_a_user_are_those_not_ended`
/// - `clearing_calls_leaves_none`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait CallStore: fmt::Debug + Send + Sync + 'static {
    /// Adds a call with its effects, unless one with the same id, provider id
    /// or idempotency key exists.
    ///
    /// The effects are held for the caller until `effects_due`; whoever asks
    /// [`claim_effects`](Self::claim_effects) after that gets what is left.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn insert(&self, new: NewCall) -> Result<Inserted>;

    /// The call that keeps `new` from being added: what
    /// [`insert`](Self::insert) would answer, without adding anything.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn known(&self, new: &NewCall) -> Result<Option<Held>>;

    /// The call with this id.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn call(&self, id: &CallId) -> Result<Option<Held>>;

    /// The call with this leg.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>>;

    /// The call with this id as this very program saved it last, where it
    /// remembers; nobody is asked. Another program may have changed it since, so
    /// it is good for a [`replace`](Self::replace), which finds out by the version,
    /// and for nothing else. Nothing, where remembering would save nothing.
    fn recall(&self, _id: &CallId) -> Option<Held> {
        None
    }

    /// As [`recall`](Self::recall), by its leg.
    fn recall_by_provider_id(&self, _id: &ProviderCallId) -> Option<Held> {
        None
    }

    /// Replaces a call that was read at `version`, and adds `effects`, held
    /// for the caller until `effects_due`.
    ///
    /// Only what a step may change is saved: leg, far side, state and the count
    /// of events. Id, direction, parties, users and `created_at` stay as they
    /// were inserted.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order; `Refused` where another
    /// call has the leg already.
    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced>;

    /// Up to `limit` calls whose deadline has come, the longest overdue first.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>>;

    /// Takes up to `limit` effects that are due and hides them from everybody
    /// else until `lease_until`.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>>;

    /// Moves the end of leases that the caller has: of its own effects that it
    /// saved or claimed, each held until the moment it names. One that ended
    /// otherwise, as the effect is settled or somebody else has taken it since,
    /// is left as it is. Need not be durable on return.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()>;

    /// Deletes an effect that has been carried out; one that is not there is
    /// fine. Need not be durable on return: whoever
    /// takes an effect up looks first whether it still has to be done.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()>;

    /// Keeps a report on a leg that no call has yet. The store may
    /// forget reports after a day. Whoever keeps one looks for the call once more
    /// afterwards, and takes the reports where there is one by then.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()>;

    /// Takes back the reports kept for a leg, in the order they were kept. Where
    /// a call has the leg, those that another program has kept since may be left
    /// to that program.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>>;

    /// One page of a call log.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>>;

    /// Takes a call of `owner` out of every log that lists it; everything else
    /// finds it as before. It stays out, whatever is saved of it, until it is
    /// restored.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange>;

    /// Puts a call of `owner` back into the logs it was taken out of, as it now
    /// is.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange>;

    /// The calls of `user`, as owner or as the other user concerned, that have
    /// not ended; newest first, at most [`MOST_LIVE_CALLS`].
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>>;

    /// Whether storage answers.
    ///
    /// # Errors
    /// `Unavailable` when it does not.
    async fn ping(&self) -> Result<()>;

    /// Deletes every call with everything kept about it; returns how many.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn clear_calls(&self) -> Result<u64>;
}

/// A call as it was read, with the version that a replacement must name.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The call.
    pub call: Call,
    /// Counts the replacements since the insert.
    pub version: Version,
}

/// How often a call has been replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u64);

/// A call to be added.
#[derive(Clone, Debug)]
pub struct NewCall {
    /// The call.
    pub call: Call,
    /// What is to be done about it.
    pub effects: Vec<Effect>,
    /// Until when the effects are the caller's alone.
    pub effects_due: Timestamp,
    /// The client's word for "this very request", where it gave one.
    pub key: Option<IdempotencyKey>,
}

/// A client's word for one request, within the requests of one user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey {
    /// Whose request; `None` where nobody is named.
    pub scope: Option<UserId>,
    /// The word: 1 to 255 bytes of visible ASCII.
    key: Arc<str>,
}

/// The text cannot be an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key is 1 to 255 visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl IdempotencyKey {
    /// The key `key` of the user `scope`.
    ///
    /// # Errors
    /// When `key` is empty, too long, or not visible ASCII.
    pub fn new(scope: Option<UserId>, key: &str) -> Result<Self, InvalidIdempotencyKey> {
        if key.is_empty() || key.len() > 255 || !key.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(InvalidIdempotencyKey);
        }
        Ok(Self {
            scope,
            key: Arc::from(key),
        })
    }

    /// The word itself.
    pub fn as_str(&self) -> &str {
        &self.key
    }
}

/// What became of an insert.
#[allow(clippy::large_enum_variant)] // Made once a call and matched at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Inserted {
    /// The call was added, at version 0.
    New,
    /// A call with the same id, provider id or key was there; this one.
    Known(Held),
}

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The call was replaced; this is its new version.
    Done(Version),
    /// Somebody else replaced it first. Nothing was changed: reload and step
    /// again.
    Conflict,
}

/// An effect that is somebody's for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectLease {
    /// The call it is about.
    pub call: CallId,
    /// What is to be done.
    pub effect: Effect,
    /// Until when it is theirs alone, as it was last saved, claimed or renewed.
    pub until: Timestamp,
}

/// An effect somebody left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimedEffect {
    /// The call it is about.
    pub call: CallId,
    /// What is to be done.
    pub effect: Effect,
    /// How often it has been claimed, this time included.
    pub attempt: u32,
}
