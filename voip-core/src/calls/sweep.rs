//! Picking up what time or a crash has left.

use std::{sync::Arc, time::Duration};

use crate::{
    CallId, Calls, Effect, Result, Signal, Timestamp,
    calls::{Inner, LEASE, carry_out::Claim, slots::LOOK_UPS},
    ports::{ClaimedEffect, Held},
};

/// How many overdue calls and effects one sweep takes.
const BATCH: usize = 256;

/// More effects than a node has slots; the rest waits for its lease.
const MANY: usize = 10_000;

/// Further ahead than any deadline or lease.
const FAR_AHEAD: Duration = Duration::from_secs(24 * 60 * 60);

/// After this many tries nobody will miss an effect any more.
const MOST_ATTEMPTS: u32 = 12;

impl Calls {
    /// Applies every deadline that has come and takes up every effect that
    /// somebody left behind. Any node may sweep at any time.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn sweep(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move { inner.sweep().await }).await?
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
            // However often an effect was cut off, that was no failure of its own.
            for left in inner
                .ports
                .calls
                .claim_effects(any, now + LEASE, MANY)
                .await?
            {
                inner.take_up(left).await?;
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
        loop {
            if let Err(error) = self.sweep().await {
                tracing::warn!(%error, "a sweep failed");
            }
            clock.sleep_until(clock.now() + pause).await;
        }
    }
}

impl Inner {
    /// Asks the provider about the calls that have a deadline before `until`.
    async fn look_up_live(self: &Arc<Self>, until: Timestamp) -> Result<()> {
        for id in self.ports.calls.due_calls(until, LOOK_UPS).await? {
            match self.ports.calls.call(&id).await? {
                // Without a leg its dial was left behind, and is taken up.
                Some(Held { call, .. }) if call.provider_id.is_some() => {
                    self.spawn_effect(call, Effect::LookUp, Claim::Again);
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    async fn sweep(self: Arc<Self>) -> Result<()> {
        let now = self.ports.clock.now();
        for id in self.ports.calls.due_calls(now, BATCH).await? {
            // One call in trouble must not keep the others waiting.
            if let Err(error) = self.deadline_came(&id).await {
                tracing::error!(call = %id, %error, "a deadline could not be applied");
            }
        }
        // Not only the first: a hang-up may stand behind a thousand look-ups.
        for _ in 0..MANY / BATCH {
            let claimed = self.ports.calls.claim_effects(now, now + LEASE, BATCH);
            let claimed = claimed.await?;
            let last = claimed.len() < BATCH;
            for left in claimed {
                if left.attempt > MOST_ATTEMPTS {
                    self.give_up(left).await?;
                } else {
                    self.take_up(left).await?;
                }
            }
            if last {
                break;
            }
        }
        Ok(())
    }

    async fn deadline_came(self: &Arc<Self>, id: &CallId) -> Result<()> {
        match self.ports.calls.call(id).await? {
            Some(held) => self.note(held, Signal::DeadlineCame).await.map(drop),
            None => Ok(()),
        }
    }

    async fn take_up(self: &Arc<Self>, left: ClaimedEffect) -> Result<()> {
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
        self.spawn_effect(held.call, left.effect, Claim::Again);
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
