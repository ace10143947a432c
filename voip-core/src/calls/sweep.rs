//! Picking up what time or a crash has left.

use std::{sync::Arc, time::Duration};

use crate::{
    Calls, Result, Signal,
    calls::{Inner, LEASE},
    ports::ClaimedEffect,
};

/// How many overdue calls and effects one sweep takes.
const BATCH: usize = 256;

/// More effects than a node has slots; the rest waits for its lease.
const MANY: usize = 10_000;

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

    /// Takes up every effect that an earlier life of this node left behind,
    /// whether or not its lease is over: for a node that is the only one on
    /// its storage, before it begins anything of its own.
    ///
    /// # Errors
    /// When storage is out of order.
    pub async fn take_over(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        self.run(async move {
            let now = inner.ports.clock.now();
            for left in inner.ports.calls.claim_effects(now + LEASE, now + LEASE * 2, MANY).await? {
                inner.take_up(left).await?;
            }
            Ok(())
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
    async fn sweep(self: Arc<Self>) -> Result<()> {
        let now = self.ports.clock.now();
        for id in self.ports.calls.due_calls(now, BATCH).await? {
            if let Some(held) = self.ports.calls.call(&id).await? {
                self.note(held, Signal::DeadlineCame).await?;
            }
        }
        for left in self.ports.calls.claim_effects(now, now + LEASE, BATCH).await? {
            self.take_up(left).await?;
        }
        Ok(())
    }

    async fn take_up(self: &Arc<Self>, left: ClaimedEffect) -> Result<()> {
        let Some(held) = self.ports.calls.call(&left.call).await? else { return Ok(()) };
        if left.attempt > MOST_ATTEMPTS {
            tracing::error!(call = %left.call, effect = left.effect.as_str(), "an effect is given up");
            self.settle(&held.call, left.effect).await;
            return Ok(());
        }
        tracing::info!(call = %left.call, effect = left.effect.as_str(), attempt = left.attempt, "an effect left behind is taken up");
        self.spawn_effect(held.call, left.effect);
        Ok(())
    }
}
