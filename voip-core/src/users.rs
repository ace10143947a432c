//! Registering people and their devices.

use std::sync::Arc;

use crate::{
    Device, Error, PhoneNumber, User, UserId,
    ports::{Clock, Registered, UserStore},
};

/// The user service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Users {
    store: Arc<dyn UserStore>,
    clock: Arc<dyn Clock>,
}

/// Why a user was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The number rings somebody else.
    #[error("this phone number belongs to another user")]
    NumberTaken,
    /// Storage failed us.
    #[error(transparent)]
    Storage(#[from] Error),
}

impl Users {
    /// The service over this storage.
    pub fn new(store: Arc<dyn UserStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Registers a user with a number and a device, or updates them.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn register(
        &self,
        id: UserId,
        phone: PhoneNumber,
        device: impl FnOnce(crate::Timestamp) -> Device,
    ) -> Result<(), RegisterError> {
        let now = self.clock.now();
        let user = User {
            id,
            phone: Some(phone),
            created_at: now,
        };
        match self.store.register(&user, Some(device(now))).await? {
            Registered::Done => Ok(()),
            Registered::NumberTaken => Err(RegisterError::NumberTaken),
        }
    }
}
