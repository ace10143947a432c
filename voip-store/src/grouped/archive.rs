use std::collections::HashMap;

use async_trait::async_trait;
use voip_core::{
    Account, CallId, Device, Result, UserId,
    ports::{Archive, ArchivedCall, ArchivedUser},
};

use super::{Server, ServerStore, Write};
use crate::row::id_bytes;

#[async_trait]
impl<D: Server> Archive for ServerStore<D> {
    async fn calls_after(&self, after: Option<CallId>, limit: usize) -> Result<Vec<ArchivedCall>> {
        // What was settled and not yet written would be listed again.
        if !self.settling.is_empty() {
            let settled = self.writes.submit(Write::Settle).await;
            settled.map_err(|fault| fault.in_write())?;
        }
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let calls = clock.run(calls_after::<D>(lease.db(), after, limit)).await;
        lease.read(calls)
    }

    async fn users_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<ArchivedUser>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let users = clock.run(users_after::<D>(lease.db(), after, limit)).await;
        lease.read(users)
    }

    async fn accounts_after(&self, after: Option<&UserId>, limit: usize) -> Result<Vec<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let accounts = clock
            .run(D::accounts_after(lease.db(), name(after), limit))
            .await;
        lease.read(accounts)
    }
}

/// The calls after `after`, with what is kept about them.
async fn calls_after<D: Server>(
    db: &mut D::Connection,
    after: Option<CallId>,
    limit: usize,
) -> Result<Vec<ArchivedCall>, sqlx::Error> {
    // No id comes before the empty one.
    let after = after.as_ref().map(id_bytes).unwrap_or_default();
    let mut calls = D::calls_after(db, after, limit).await?;
    let Some(last) = calls.last().map(|last| last.call.id) else {
        return Ok(calls);
    };
    for (id, effect, due) in D::effects_of(db, after, &last).await? {
        // Both lists are in the order of ids.
        if let Ok(place) = calls.binary_search_by_key(&id, |archived| archived.call.id) {
            calls[place].effects.push((effect, due));
        }
    }
    Ok(calls)
}

/// The users after `after`, with their devices.
async fn users_after<D: Server>(
    db: &mut D::Connection,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<ArchivedUser>, sqlx::Error> {
    let users = D::users_after(db, name(after), limit).await?;
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&UserId> = users.iter().map(|user| &user.id).collect();
    let mut devices: HashMap<UserId, Vec<Device>> = HashMap::new();
    for (user, device) in D::devices(db, &ids).await? {
        devices.entry(user).or_default().push(device);
    }
    let archived = users.into_iter().map(|user| ArchivedUser {
        devices: devices.remove(&user.id).unwrap_or_default(),
        user,
    });
    Ok(archived.collect())
}

/// No user is called by the empty name, and none comes before it.
fn name(after: Option<&UserId>) -> &str {
    after.map_or("", UserId::as_str)
}
