use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use voip_core::{Timestamp, ports::Clock};
use voip_sim::{
    engine::{Engine, EngineConfig},
    inspect::CallView,
    rest::{RestReply, RestRequest},
    sid::CallSid,
    webhook::{Webhook, WebhookAnswer, WebhookId},
};

use crate::ManualClock;

/// The simulated provider of a [`World`](super::World).
#[derive(Debug)]
pub struct Provider {
    engine: Mutex<Engine>,
    clock: Arc<ManualClock>,
}

impl Provider {
    /// A provider that lives by `clock`.
    pub fn new(config: EngineConfig, clock: Arc<ManualClock>) -> Self {
        Self {
            engine: Mutex::new(Engine::new(config)),
            clock,
        }
    }

    /// Answers a REST request now.
    pub fn rest(&self, request: &RestRequest<'_>) -> RestReply {
        let now = self.clock.now().to_datetime();
        self.engine().rest(now, request)
    }

    /// Somebody calls `to`, a number of the application.
    ///
    /// # Panics
    /// When a number is none.
    pub fn place_call(&self, from: &str, to: &str) -> CallSid {
        let now = self.clock.now().to_datetime();
        self.engine()
            .place_call(now, from, to)
            .expect("the test gives numbers in E.164 form")
    }

    /// The far end of a leg hangs up; one that is over is left alone.
    pub fn hang_up(&self, leg: &CallSid) {
        let now = self.clock.now().to_datetime();
        // The far end may hang up at the very moment the leg ends.
        let _ = self.engine().hang_up(now, leg);
    }

    /// One leg.
    ///
    /// # Panics
    /// When there is no such leg.
    pub fn leg(&self, leg: &CallSid) -> CallView {
        self.engine()
            .call(leg)
            .expect("the test asks for a leg of this provider")
    }

    /// All legs, oldest first.
    pub fn legs(&self) -> Vec<CallView> {
        self.engine().calls()
    }

    /// Reaches the engine for all the rest: scripts, faults, histories.
    pub fn engine(&self) -> MutexGuard<'_, Engine> {
        // A panic in a test that holds it ends that test anyway.
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.engine().next_due().map(Timestamp::from)
    }

    pub(super) fn due(&self, now: Timestamp) -> Vec<Webhook> {
        let mut engine = self.engine();
        engine.advance(now.to_datetime());
        std::iter::from_fn(|| engine.poll()).collect()
    }

    pub(super) fn answered(&self, now: Timestamp, webhook: WebhookId, answer: WebhookAnswer) {
        self.engine().answered(now.to_datetime(), webhook, answer);
    }
}
