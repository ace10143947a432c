//! The port to the storage of accounts.

use std::fmt;

use async_trait::async_trait;

use crate::{Account, Email, PasswordHash, Result, UserId};

/// Keeps who can log in, and what their passwords are checked against.
///
/// # Contract
/// - `a_created_account_is_found_by_email_and_by_user`
/// - `an_email_of_another_account_is_taken`
/// - `a_user_has_one_account`
/// - `one_of_many_who_want_an_email_gets_it`
/// - `a_password_is_replaced_only_where_it_is_still_the_one_held`
/// - `clearing_accounts_leaves_none`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AccountStore: fmt::Debug + Send + Sync + 'static {
    /// Adds `account`, unless its e-mail or its user has one. All or nothing,
    /// and durable on return.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn create(&self, account: &Account) -> Result<Created>;

    /// The account with this e-mail.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>>;

    /// The account of this user.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn account_of(&self, user: &UserId) -> Result<Option<Account>>;

    /// Puts `new` in the place of `held`, unless somebody else has replaced
    /// `held` or there is no such account. Durable on return.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced>;

    /// Deletes every account; returns how many it were.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn clear_accounts(&self) -> Result<u64>;
}

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// Saved.
    Done,
    /// Another account has this e-mail; nothing was changed.
    EmailTaken,
    /// The user has an account already; nothing was changed.
    UserTaken,
}

/// What became of a password's replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordReplaced {
    /// Saved.
    Done,
    /// The account has another password by now, or is gone; nothing was changed.
    NotHeld,
}
