use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use voip_core::{
    Call, CallId, Effect, Error, ErrorKind, ProviderCallId, Result, Timestamp, UserId,
    ports::{
        CallStore, ClaimedEffect, EffectLease, Held, Inserted, LegReport, LogChange, LogEntry,
        LogQuery, NewCall, Replaced, Version,
    },
};

use super::{Done, Find, Found, Replacing, Saved, Server, ServerStore, Waiting, Write};

/// How long an effect that was carried out waits for a write to take it along.
const LINGER: Duration = Duration::from_millis(20);

/// How long clearing may take, of however many calls.
const CLEARING: Duration = Duration::from_secs(600);

#[async_trait]
impl<D: Server> CallStore for ServerStore<D> {
    async fn insert(&self, mut new: NewCall) -> Result<Inserted> {
        D::fit(&mut new.call);
        let call = new.call.clone();
        match self.write(Write::Insert(Box::new(new))).await? {
            Done::Inserted(inserted) => {
                if inserted == Inserted::New {
                    self.recalling.added(call);
                }
                Ok(inserted)
            }
            Done::Undone => Err(Error::new(
                ErrorKind::Unavailable,
                "a call with the same id, leg or key is just being deleted",
            )),
            Done::Saved(_) | Done::Settled => Err(mixed_up().ambiguous()),
        }
    }

    async fn known(&self, new: &NewCall) -> Result<Option<Held>> {
        if new.key.is_none() {
            // Both at once: they are looked up together with what others look up.
            let by_id = self.find_call(Find::Call(new.call.id));
            let by_leg = async {
                match &new.call.provider_id {
                    Some(leg) => self.find_call(Find::Leg(leg.clone())).await,
                    None => Ok(None),
                }
            };
            let (by_id, by_leg) = tokio::try_join!(by_id, by_leg)?;
            return Ok(by_id.or(by_leg));
        }
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let known = D::known(lease.db(), &new.call, new.key.as_ref());
        let known = clock.run(known).await;
        lease.read(known)
    }

    async fn call(&self, id: &CallId) -> Result<Option<Held>> {
        self.find_call(Find::Call(*id)).await
    }

    async fn call_by_provider_id(&self, id: &ProviderCallId) -> Result<Option<Held>> {
        self.find_call(Find::Leg(id.clone())).await
    }

    fn recall(&self, id: &CallId) -> Option<Held> {
        self.recalling.call(id)
    }

    fn recall_by_provider_id(&self, id: &ProviderCallId) -> Option<Held> {
        self.recalling.call_by_leg(id)
    }

    async fn replace(
        &self,
        call: &Call,
        version: Version,
        effects: &[Effect],
        effects_due: Timestamp,
    ) -> Result<Replaced> {
        let mut replacing = Replacing {
            call: call.clone(),
            version,
            gets_leg: call.provider_id.is_some() && self.recalling.lacks_leg(&call.id),
            effects: effects.to_vec(),
            effects_due,
        };
        D::fit(&mut replacing.call);
        let saved = replacing.call.clone();
        match self.write(Write::Replace(Box::new(replacing))).await? {
            Done::Saved(Saved::As(replaced)) => {
                match replaced {
                    Replaced::Done(version) => self.recalling.saved(saved, version),
                    Replaced::Conflict => self.recalling.conflicted(saved.id, version),
                }
                Ok(replaced)
            }
            Done::Saved(Saved::LegTaken) => {
                Err(Error::new(ErrorKind::Refused, "another call has this leg"))
            }
            Done::Inserted(_) | Done::Settled | Done::Undone => Err(mixed_up().ambiguous()),
        }
    }

    async fn due_calls(&self, now: Timestamp, limit: usize) -> Result<Vec<CallId>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let due = clock.run(D::due_calls(lease.db(), now, limit)).await;
        lease.read(due)
    }

    async fn claim_effects(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<ClaimedEffect>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let work = async {
            // What is settled must not be claimed, so it goes first.
            let load = self.settling.take_in_turn().await;
            if !load.settles.is_empty() {
                D::settle(lease.db(), &load.settles).await?;
            }
            load.settled();
            D::claim(lease.db(), now, lease_until, limit).await
        };
        let claimed = clock.run(work).await;
        let claimed = lease.wrote(claimed)?;
        for claimed in &claimed {
            self.settling
                .hold(claimed.call, &[claimed.effect], lease_until);
        }
        Ok(claimed)
    }

    async fn renew_leases(&self, leases: &[EffectLease], until: Timestamp) -> Result<()> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let work = async {
            // While none are deleted: what is to be is known by its moment.
            let load = self.settling.take_in_turn().await;
            if !load.settles.is_empty() {
                D::settle(lease.db(), &load.settles).await?;
            }
            D::renew(lease.db(), leases, until).await?;
            self.settling.renew(leases, until);
            load.settled();
            Ok(())
        };
        let renewed = clock.run(work).await;
        lease.wrote(renewed)
    }

    async fn settle_effect(&self, call: &CallId, effect: Effect) -> Result<()> {
        match self.settling.add(*call, effect) {
            Waiting::First => {
                let writes = Arc::downgrade(&self.writes);
                tokio::spawn(async move {
                    tokio::time::sleep(LINGER).await;
                    if let Some(writes) = writes.upgrade() {
                        // Where it comes to nothing, the next write takes it along.
                        let _ = writes.submit(Write::Settle).await;
                    }
                });
                Ok(())
            }
            Waiting::Some => Ok(()),
            Waiting::Many => self.write(Write::Settle).await.map(drop),
        }
    }

    async fn keep_report(&self, report: &LegReport, now: Timestamp) -> Result<()> {
        self.recalling.keeps_report(&report.leg);
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let kept = clock.run(D::keep_report(lease.db(), report, now)).await;
        lease.wrote(kept)
    }

    async fn take_reports(&self, leg: &ProviderCallId) -> Result<Vec<LegReport>> {
        // Every call asks, and nearly never there is one.
        if self.recalling.is_unreported(leg) {
            return Ok(Vec::new());
        }
        match self.find(Find::Reports(leg.clone())).await? {
            Found::Reports(true) => {}
            Found::Reports(false) => return Ok(Vec::new()),
            Found::Call(_) | Found::User(_) | Found::Devices(_) => return Err(mixed_up()),
        }
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let taken = clock.run(D::take_reports(lease.db(), leg)).await;
        lease.wrote(taken)
    }

    async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let page = if query.filter.is_all() {
            clock.run(D::page(lease.db(), query)).await
        } else {
            clock.run(D::filtered(lease.db(), query)).await
        };
        lease.read(page)
    }

    async fn delete_log(&self, owner: &UserId, call: &CallId, at: Timestamp) -> Result<LogChange> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let deleted = clock.run(D::delete_log(lease.db(), owner, call, at)).await;
        lease.wrote(deleted)
    }

    async fn restore_log(&self, owner: &UserId, call: &CallId) -> Result<LogChange> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let restored = clock.run(D::restore_log(lease.db(), owner, call)).await;
        lease.wrote(restored)
    }

    async fn live_calls(&self, user: &UserId) -> Result<Vec<Call>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let live = clock.run(D::live_calls(lease.db(), user)).await;
        lease.read(live)
    }

    /// Answers once the server has answered and has our tables.
    async fn ping(&self) -> Result<()> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let answered = clock.run(D::ping(lease.db())).await;
        lease.read(answered)
    }

    async fn clear_calls(&self) -> Result<u64> {
        let lease = self.connections.lease_for(CLEARING).await;
        let mut lease = lease.map_err(|fault| fault.in_write())?;
        let clock = lease.clock();
        let cleared = clock.run(D::clear_calls(lease.db())).await;
        self.settling.clear();
        self.recalling.clear();
        lease.wrote(cleared)
    }
}

impl<D: Server> ServerStore<D> {
    async fn find_call(&self, find: Find) -> Result<Option<Held>> {
        match self.find(find).await? {
            Found::Call(held) => Ok(held),
            Found::User(_) | Found::Devices(_) | Found::Reports(_) => Err(mixed_up()),
        }
    }

    pub(super) async fn write(&self, write: Write) -> Result<Done> {
        let done = self.writes.submit(write).await;
        done.map_err(|fault| fault.in_write())
    }
}

/// The lanes told of another kind of work: our bug.
pub(super) fn mixed_up() -> Error {
    Error::new(ErrorKind::Internal, "a database operation was mixed up")
}
