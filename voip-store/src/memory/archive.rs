use async_trait::async_trait;
use voip_core::{
    Account, CallId, Result, UserId,
    ports::{Archive, ArchivedCall, ArchivedUser},
};

use super::{MemoryStore, locked};

#[async_trait]
impl Archive for MemoryStore {
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>> {
        Ok(locked(&self.calls).archived(after, limit))
    }

    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>> {
        Ok(locked(&self.users).archived(after, limit))
    }

    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>> {
        Ok(locked(&self.accounts).archived(after, limit))
    }
}
