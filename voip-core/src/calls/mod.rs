//! The call service: every way into the system ends here.
//!
//! A signal is applied by loading the call, stepping it, saving it together
//! with its effects, and only then telling and carrying out. Saving uses
//! optimistic versions: whoever comes second reloads and steps again.
//!
//! Work that has begun is finished even if the caller stops waiting: each
//! public method is an `Errand`, and [`Calls::finish`] waits for all.

mod answer;
mod applying;
mod carry_out;
mod client_call;
mod delete_log;
mod entering;
mod errand;
mod guard;
mod hold;
mod incoming;
mod leases;
mod log_page;
mod missed;
mod place;
mod plans;
mod room;
mod settings;
mod slots;
mod start;
mod storage;
mod sweep;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Call, Effect, Event, ProviderCallId, Result, Timestamp, UserId,
    ports::{
        Cache, CallStore, Clock, EventBus, LogEntry, LogQuery, PushSender, RateLimiter, Telephony,
        UserStore,
    },
};

pub use answer::{AnswerError, HangUpError};
pub use client_call::ClientDial;
pub use delete_log::DeleteLogError;
pub use guard::{SpendGuard, SpendRefusal};
pub use hold::HoldError;
pub use incoming::InboundCall;
pub use settings::{CallSettings, Phrases};
pub use start::{StartCall, StartError, Started};

use applying::ApplyError;
use carry_out::Claim;
use entering::Entrance;
use errand::Errand;
use leases::{LEASE, Leases};
use missed::Missed;
use slots::{NoSlot, Slots};
use storage::Storage;

/// Everything outside that the services need.
#[derive(Clone, Debug)]
pub struct Ports {
    /// The telephony provider.
    pub telephony: Arc<dyn Telephony>,
    /// Where calls are kept.
    pub calls: Arc<dyn CallStore>,
    /// Where users are kept.
    pub users: Arc<dyn UserStore>,
    /// The push services.
    pub push: Arc<dyn PushSender>,
    /// Copies of what is read often.
    pub cache: Arc<dyn Cache>,
    /// What carries events to all nodes.
    pub bus: Arc<dyn EventBus>,
    /// What counts the calls that users start.
    pub limiter: Arc<dyn RateLimiter>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The call service. Cheap to clone; clones are the same service.
#[derive(Clone)]
pub struct Calls {
    inner: Arc<Inner>,
}

/// How much is still to be done on one node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Effects being carried out, or about to be tried again.
    pub under_way: usize,
    /// Effects left alone for a while, after failures or for want of a place.
    pub resting: usize,
    /// Calls that the provider is still to be asked about.
    pub to_look_up: usize,
}

struct Inner {
    ports: Ports,
    settings: CallSettings,
    tasks: TaskTracker,
    slots: Slots,
    leases: Leases,
    missed: Missed,
    storage: Storage,
    entrance: Entrance,
    /// Cancelled when nothing new is to be begun.
    closing: CancellationToken,
}

/// How long what cannot be carried out now is left alone.
const REST: Duration = Duration::from_secs(120);

impl Calls {
    /// The service over these ports.
    pub fn new(ports: Ports, settings: CallSettings) -> Self {
        let inner = Inner {
            ports,
            settings,
            tasks: TaskTracker::new(),
            slots: Slots::default(),
            leases: Leases::default(),
            missed: Missed::default(),
            storage: Storage::default(),
            entrance: Entrance::default(),
            closing: CancellationToken::new(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// One page of a call log.
    ///
    /// # Errors
    /// Those of [`CallStore::log`].
    pub async fn log(&self, query: &LogQuery) -> Result<Vec<LogEntry>> {
        self.inner.ports.calls.log(query).await
    }

    /// The calls of a user that have not ended, newest first.
    ///
    /// # Errors
    /// Those of [`CallStore::live_calls`].
    pub async fn live(&self, user: &UserId) -> Result<Vec<Call>> {
        self.inner.ports.calls.live_calls(user).await
    }

    /// The call with this leg: the provider's name for it.
    ///
    /// # Errors
    /// Those of [`CallStore::call_by_provider_id`].
    pub async fn with_leg(&self, leg: &ProviderCallId) -> Result<Option<Call>> {
        let held = self.inner.ports.calls.call_by_provider_id(leg).await?;
        Ok(held.map(|held| held.call))
    }

    /// Whether the service can do its work now.
    ///
    /// # Errors
    /// Those of [`CallStore::ping`].
    pub async fn ready(&self) -> Result<()> {
        self.inner.ports.calls.ping().await
    }

    /// What is still to be done on this node.
    pub fn backlog(&self) -> Backlog {
        let (under_way, resting) = self.inner.leases.count();
        Backlog {
            under_way,
            resting,
            to_look_up: self.inner.missed.len(),
        }
    }

    /// Takes no new background work and waits for what has begun. What only
    /// waits to be tried again is left to the next start.
    pub async fn finish(&self) {
        self.inner.closing.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    /// Waits until nothing that has begun is left; new work may begin
    /// meanwhile. For tests, which have nothing else to wait for.
    pub async fn settled(&self) {
        while !self.inner.tasks.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    /// Runs `work` to its end, whether or not the caller keeps waiting.
    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        Errand::new(work, &self.inner.tasks).await
    }
}

impl Inner {
    async fn tell(&self, events: Vec<Event>) {
        for event in events {
            let call = event.call;
            if let Err(error) = self.ports.bus.publish(Arc::new(event)).await {
                // Clients that miss it are brought up to date when they come back.
                tracing::warn!(%call, %error, "an event could not be published");
            }
        }
    }

    /// Begins to carry out effects that were just saved, and are this node's
    /// for the time of a lease.
    fn begin(self: &Arc<Self>, call: &Call, effects: &[Effect], lease: Timestamp) {
        for &effect in effects {
            // Whoever starts a call places it and waits for the outcome.
            if effect != Effect::Dial {
                self.spawn_effect(call.clone(), effect, Claim::First, Some(lease));
            }
        }
    }

    /// Carries out an effect in the background, and holds its lease meanwhile;
    /// `None` where storage does not know of it. False where no place is free.
    fn spawn_effect(
        self: &Arc<Self>,
        call: Call,
        effect: Effect,
        claim: Claim,
        lease: Option<Timestamp>,
    ) -> bool {
        let slot = match self.slots.take(call.id, effect, claim) {
            Ok(slot) => slot,
            // Whoever asks the provider now does it for this effect too.
            Err(NoSlot::Asked) => {
                if let Some(lease) = lease
                    && !self.leases.again(call.id, effect, lease)
                {
                    let rests = self.ports.clock.now() + REST;
                    self.leases.rest(call.id, effect, lease, rests);
                }
                return true;
            }
            Err(NoSlot::Busy) => {
                tracing::warn!(call = %call.id, effect = effect.as_str(), "effect postponed: all slots are busy");
                if let Some(lease) = lease {
                    let rests = self.ports.clock.now() + REST;
                    self.leases.rest(call.id, effect, lease, rests);
                }
                return false;
            }
        };
        let hand = self.leases.begin(call.id, effect, lease);
        let inner = Arc::clone(self);
        self.tasks
            .spawn(inner.carry_out(call, effect, claim, slot, hand));
        true
    }
}

impl fmt::Debug for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calls")
            .field("ports", &self.inner.ports)
            .finish_non_exhaustive()
    }
}
