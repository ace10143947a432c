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

/// The most devices of one user. With one more, the one that registered longest
/// ago is forgotten: each is pushed to whenever the user is called.
pub const MOST_DEVICES: usize = 50;

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
            Registered::Done => {
                self.forget_old_devices(&user.id).await?;
                Ok(())
            }
            Registered::NumberTaken => Err(RegisterError::NumberTaken),
        }
    }

    async fn forget_old_devices(&self, id: &UserId) -> Result<(), Error> {
        let mut devices = self.store.devices(id).await?;
        let Some(too_many) = devices.len().checked_sub(MOST_DEVICES) else {
            return Ok(());
        };
        devices.sort_by_key(|device| device.last_seen);
        for device in &devices[..too_many] {
            self.store.forget_device(&device.token).await?;
        }
        Ok(())
    }
}
