use async_trait::async_trait;
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{Registered, UserStore},
};

use super::{Server, ServerStore};

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
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let user = clock.run(D::user_by_number(lease.db(), number)).await;
        lease.read(user)
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let devices = clock.run(D::devices(lease.db(), user)).await;
        lease.read(devices)
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
