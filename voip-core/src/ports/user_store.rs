//! The port to the storage of users and their devices.

use std::fmt;

use async_trait::async_trait;

use crate::{Device, PhoneNumber, PushToken, Result, User, UserId};

/// Keeps users and their devices.
///
/// # Contract
/// - `a_registered_user_is_found_by_name_and_by_number`
/// - `registering_again_updates`
/// - `a_number_of_another_user_is_taken`
/// - `a_user_may_have_many_devices`
/// - `a_token_moves_to_the_user_who_registered_it_last`
/// - `a_forgotten_device_stays_forgotten`
/// - `clearing_users_leaves_none`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait UserStore: fmt::Debug + Send + Sync + 'static {
    /// Adds `user`, or updates the number of the one with that id (their
    /// `created_at` stays), and adds `device` where given: a token that another
    /// user had moves over. All or nothing, and durable on return.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered>;

    /// The user with this id.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn user(&self, id: &UserId) -> Result<Option<User>>;

    /// The user whom this number rings.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>>;

    /// The devices of a user, last seen first.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn devices(&self, user: &UserId) -> Result<Vec<Device>>;

    /// Forgets the device with this token; one that is not there is fine.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn forget_device(&self, token: &PushToken) -> Result<()>;

    /// Deletes every user with their devices; returns how many users it were.
    ///
    /// # Errors
    /// `Unavailable` when storage is out of order.
    async fn clear_users(&self) -> Result<u64>;
}

/// What became of a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registered {
    /// Saved.
    Done,
    /// The number rings another user; nothing was changed.
    NumberTaken,
}
