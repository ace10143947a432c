//! Picking up what time or a crash has left.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::{
    CallId, Calls, Result, Signal, Timestamp,
    calls::{Inner, LEASE, carry_out::Claim, missed::About},
    ports::{ClaimedEffect, EffectLease},
};

/// How many overdue calls and effects one sweep takes.
const BATCH: usize = 256;

/// More effects than a node has slots; the rest waits for its lease.
const MANY: usize = 10_000;

/// Further ahead than any deadline or lease.
const FAR_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// How often it is looked which leases have to be renewed.
const RENEWAL: Duration = Duration::from_millis(500);

/// After this many tries nobody will miss an effect any more.
const MOST_ATTEMPTS: u32 = 12;

/// The same of a hang-up: after more than a day, when no provider lets a leg live
/// any longer.
const MOST_HANG_UPS: u32 = 1_000;

impl Calls {
    /// Applies every deadline that has come and takes up every effect that
    /// somebody left behind. Any node may sweep at any time.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn sweep(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            match inner.sweep().await {
                Ok(()) => inner.go_on().await,
                Err(error) => {
                    inner.storage.failed();
                    Err(error)
                }
            }
        })
        .await?
    }

    /// Takes up what an earlier life of this node left behind: for a node that
    /// is the only one on its storage, before it begins anything of its own.
    ///
    /// That is every effect, whether or not its lease is over, and every call
    /// that was under way: what the provider reported meanwhile found nobody,
    /// so the provider is asked.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn take_over(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let now = inner.ports.clock.now();
            // No lease counts: whoever had one is dead.
            let any = now + FAR_AHEAD;
            let lease = now + LEASE;
            let left = inner.ports.calls.claim_effects(any, lease, MANY);
            // However often an effect was cut off, that was no failure of its own.
            for left in left.await? {
                inner.take_up(left, lease).await?;
            }
            inner.look_up_live(any).await
        })
        .await?
    }

    /// Asks the provider about every call that is under way: for a node that
    /// joins others on their storage. They may all have been gone, and then what
    /// the provider reported meanwhile found nobody. Effects stay with whoever
    /// holds them, and fall to any node when their lease is over.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn catch_up(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let any = inner.ports.clock.now() + FAR_AHEAD;
            inner.look_up_live(any).await
        })
        .await?
    }

    /// Sweeps every `pause`, for ever; to be dropped when the node stops.
    pub async fn keep_sweeping(&self, pause: Duration) {
        let clock = &self.inner.ports.clock;
        let sweeping = async {
            loop {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "a sweep failed");
                }
                clock.sleep_until(clock.now() + pause).await;
            }
        };
        // Beside it, for a sweep of many calls may take longer than a lease.
        let renewing = async {
            loop {
                clock.sleep_until(clock.now() + RENEWAL).await;
                if let Err(error) = self.inner.renew_leases().await {
                    tracing::warn!(%error, "leases were not renewed");
                }
            }
        };
        tokio::join!(sweeping, renewing);
    }
}

impl Inner {
    /// Asks the provider about the calls that have a deadline before `until`: as
    /// many as there are places for now, the others with the next sweeps.
    async fn look_up_live(self: &Arc<Self>, until: Timestamp) -> Result<()> {
        for id in self.ports.calls.due_calls(until, MANY).await? {
            self.lost_sight_of(About::Call(id));
        }
        self.ask_what_was_missed().await
    }

    /// Storage works: what waited for that goes on.
    async fn go_on(self: &Arc<Self>) -> Result<()> {
        if self.storage.works() {
            tracing::info!("storage is back");
            self.leases.wake();
        }
        self.ask_what_was_missed().await
    }

    /// Says of what goes on here that it does, and puts off what is to rest.
    async fn renew_leases(&self) -> Result<()> {
        let store = &self.ports.calls;
        let now = self.ports.clock.now();
        let renewals = self.leases.to_renew(now);
        if !renewals.going.is_empty() {
            let until = now + LEASE;
            store.renew_leases(&renewals.going, until).await?;
            self.leases.renewed(&renewals.going, until);
        }
        let mut resting: BTreeMap<Timestamp, Vec<EffectLease>> = BTreeMap::new();
        for (held, until) in renewals.resting {
            resting.entry(until).or_default().push(held);
        }
        for (until, held) in resting {
            store.renew_leases(&held, until).await?;
            for held in &held {
                self.leases.laid_down(held);
            }
        }
        Ok(())
    }

    async fn sweep(self: &Arc<Self>) -> Result<()> {
        self.renew_leases().await?;
        let now = self.ports.clock.now();
        for id in self.ports.calls.due_calls(now, BATCH).await? {
            // One call in trouble must not keep the others waiting.
            if let Err(error) = self.deadline_came(&id).await {
                tracing::error!(call = %id, %error, "a deadline could not be applied");
            }
        }
        // Not only the first: a hang-up may stand behind a thousand look-ups.
        for _ in 0..MANY / BATCH {
            let lease = now + LEASE;
            let claimed = self.ports.calls.claim_effects(now, lease, BATCH);
            let claimed = claimed.await?;
            let last = claimed.len() < BATCH;
            for left in claimed {
                // Storage was so slow that the lease of what goes on here ended.
                if self.leases.again(left.call, left.effect, lease) {
                    continue;
                }
                let most = match left.effect.ends_a_leg() {
                    true => MOST_HANG_UPS,
                    false => MOST_ATTEMPTS,
                };
                if left.attempt > most {
                    self.give_up(left).await?;
                } else {
                    self.take_up(left, lease).await?;
                }
            }
            if last {
                break;
            }
        }
        Ok(())
    }

    async fn deadline_came(self: &Arc<Self>, id: &CallId) -> Result<()> {
        let Some(mut held) = self.ports.calls.call(id).await? else {
            return Ok(());
        };
        // Whoever put the call on record may have died before looking for what
        // was said of it earlier.
        if self.apply_kept_reports(&held.call).await?.is_some() {
            held = self.reload(id).await?;
        }
        self.note(held, Signal::DeadlineCame).await.map(drop)
    }

    async fn take_up(self: &Arc<Self>, left: ClaimedEffect, lease: Timestamp) -> Result<()> {
        let held = match self.ports.calls.call(&left.call).await {
            Ok(Some(held)) => held,
            Ok(None) => return Ok(()),
            Err(error) => {
                // One call in trouble must not keep the others waiting.
                tracing::error!(call = %left.call, %error, "a call could not be read");
                return Ok(());
            }
        };
        tracing::info!(call = %left.call, effect = left.effect.as_str(), attempt = left.attempt, "an effect left behind is taken up");
        self.spawn_effect(held.call, left.effect, Claim::Again, Some(lease));
        Ok(())
    }

    async fn give_up(&self, left: ClaimedEffect) -> Result<()> {
        let Some(held) = self.ports.calls.call(&left.call).await? else {
            return Ok(());
        };
        tracing::error!(call = %left.call, effect = left.effect.as_str(), "an effect is given up");
        self.settle(&held.call, left.effect).await;
        Ok(())
    }
}
