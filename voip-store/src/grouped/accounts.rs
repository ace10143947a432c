use async_trait::async_trait;
use voip_core::{
    Account, Email, PasswordHash, Result, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};

use super::{Server, ServerStore};

#[async_trait]
impl<D: Server> AccountStore for ServerStore<D> {
    async fn create(&self, account: &Account) -> Result<Created> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let created = clock.run(D::create(lease.db(), account)).await;
        lease.wrote(created)
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let account = clock.run(D::account_by_email(lease.db(), email)).await;
        lease.read(account)
    }

    async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let account = clock.run(D::account_of(lease.db(), user)).await;
        lease.read(account)
    }

    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let replaced = D::replace_password(lease.db(), user, held, new);
        let replaced = clock.run(replaced).await;
        lease.wrote(replaced)
    }

    async fn clear_accounts(&self) -> Result<u64> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let cleared = clock.run(D::clear_accounts(lease.db())).await;
        lease.wrote(cleared)
    }
}
