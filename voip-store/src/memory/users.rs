use std::{cmp::Reverse, collections::HashMap};

use async_trait::async_trait;
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{ArchivedUser, Registered, UserStore},
};

use super::{MemoryStore, locked};

/// What is kept of users.
#[derive(Default)]
pub(super) struct UserTables {
    users: HashMap<UserId, User>,
    by_number: HashMap<PhoneNumber, UserId>,
    /// With each device whose it is and when it came, counted in
    /// registrations: that decides between two seen at the same moment.
    devices: HashMap<PushToken, (UserId, u64, Device)>,
    registrations: u64,
}

impl UserTables {
    fn register(&mut self, user: &User, device: Option<Device>) -> Registered {
        if let Some(number) = &user.phone
            && self
                .by_number
                .get(number)
                .is_some_and(|holder| *holder != user.id)
        {
            return Registered::NumberTaken;
        }
        match self.users.get_mut(&user.id) {
            Some(known) => {
                if let Some(old) = known.phone.take() {
                    self.by_number.remove(&old);
                }
                known.phone.clone_from(&user.phone);
            }
            None => {
                self.users.insert(user.id.clone(), user.clone());
            }
        }
        if let Some(number) = &user.phone {
            self.by_number.insert(number.clone(), user.id.clone());
        }
        if let Some(device) = device {
            self.registrations += 1;
            let entry = (user.id.clone(), self.registrations, device);
            self.devices.insert(entry.2.token.clone(), entry);
        }
        Registered::Done
    }

    /// The users after `after`, with their devices.
    pub(super) fn archived(&self, after: Option<&UserId>, limit: usize) -> Vec<ArchivedUser> {
        let users = self.users.values();
        let mut users: Vec<_> = users
            .filter(|user| after.is_none_or(|after| user.id > *after))
            .collect();
        users.sort_unstable_by_key(|user| &user.id);
        users.truncate(limit);
        let archived = users.into_iter().map(|user| ArchivedUser {
            user: user.clone(),
            devices: self.devices(&user.id),
        });
        archived.collect()
    }

    fn devices(&self, user: &UserId) -> Vec<Device> {
        let mut found: Vec<_> = self
            .devices
            .values()
            .filter(|(holder, _, _)| holder == user)
            .collect();
        found.sort_by_key(|(_, count, device)| Reverse((device.last_seen, *count)));
        found
            .into_iter()
            .map(|(_, _, device)| device.clone())
            .collect()
    }
}

#[async_trait]
impl UserStore for MemoryStore {
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered> {
        Ok(locked(&self.users).register(user, device))
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        Ok(locked(&self.users).users.get(id).cloned())
    }

    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>> {
        let tables = locked(&self.users);
        Ok(tables
            .by_number
            .get(number)
            .and_then(|id| tables.users.get(id))
            .cloned())
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        Ok(locked(&self.users).devices(user))
    }

    async fn forget_device(&self, token: &PushToken) -> Result<()> {
        locked(&self.users).devices.remove(token);
        Ok(())
    }

    async fn clear_users(&self) -> Result<u64> {
        let cleared = std::mem::take(&mut *locked(&self.users));
        Ok(cleared.users.len() as u64)
    }
}
