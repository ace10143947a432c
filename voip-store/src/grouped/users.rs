use async_trait::async_trait;
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{Registered, UserStore},
};

use super::{Find, Found, Server, ServerStore, calls::mixed_up};

#[async_trait]
impl<D: Server> UserStore for ServerStore<D> {
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let registered = D::register(lease.db(), user, device.as_ref());
        let registered = clock.run(registered).await;
        lease.wrote(registered)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let user = clock.run(D::user(lease.db(), id)).await;
        lease.read(user)
    }

    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>> {
        match self.find(Find::Number(number.clone())).await? {
            Found::User(user) => Ok(user),
            Found::Call(_) | Found::Devices(_) | Found::Reports(_) => Err(mixed_up()),
        }
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        match self.find(Find::Devices(user.clone())).await? {
            Found::Devices(devices) => Ok(devices),
            Found::Call(_) | Found::User(_) | Found::Reports(_) => Err(mixed_up()),
        }
    }

    async fn forget_device(&self, token: &PushToken) -> Result<()> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let forgotten = clock.run(D::forget_device(lease.db(), token)).await;
        lease.wrote(forgotten)
    }

    async fn clear_users(&self) -> Result<u64> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let cleared = clock.run(D::clear_users(lease.db())).await;
        lease.wrote(cleared)
    }
}
