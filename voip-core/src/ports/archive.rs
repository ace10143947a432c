//! The port to everything that storage keeps, for moving it elsewhere.

use std::fmt;

use async_trait::async_trait;

use crate::{Account, Call, CallId, Device, Effect, Result, Timestamp, User, UserId};

/// Lists what storage keeps, page by page, so that another storage can take it.
///
/// What is written meanwhile may or may not be listed; what was there before
/// and stays is, once. Each list is in the order of its ids, compared byte by
/// byte, so a list can be taken up again after its last id.
///
/// # Contract
/// - `every_call_is_listed_once_and_whole`
/// - `a_listed_call_comes_with_what_is_kept_about_it`
/// - `every_user_is_listed_once_with_their_devices`
/// - `every_account_is_listed_once`
#[async_trait]
pub trait Archive: fmt::Debug + Send + Sync + 'static {
    /// Up to `limit` calls after the one with the id `after`.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>>;

    /// Up to `limit` users after the one with the id `after`.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>>;

    /// Up to `limit` accounts after that of the user `after`.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>>;
}

/// A call with what is kept about it. How often it was replaced is not said:
/// that is storage's own affair.
#[derive(Clone, Debug, PartialEq)]
pub struct ArchivedCall {
    /// The call.
    pub call: Call,
    /// Since when no log lists it, where its owner took it out of the logs.
    pub deleted_at: Option<Timestamp>,
    /// What is still to be done about it, in the order of
    /// [`Effect::as_str`], and when each is due.
    pub effects: Vec<(Effect, Timestamp)>,
}

/// A user with their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchivedUser {
    /// The user.
    pub user: User,
    /// Their devices, last seen first.
    pub devices: Vec<Device>,
}
