use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use voip_core::{Timestamp, ports::Clock};
use voip_sim::{
    engine::{Engine, EngineConfig},
    inspect::{CallView, Orphan, RoomView},
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

    /// A voice client places a call through the TwiML App, with parameters of its own choosing.
    ///
    /// # Panics
    /// When the identity is none, or the provider has no application.
    pub fn place_client_call(&self, identity: &str, parameters: &[(&str, &str)]) -> CallSid {
        let now = self.clock.now().to_datetime();
        let parameters: Vec<(String, String)> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.engine()
            .place_client_call(now, identity, &parameters)
            .expect("the test gives an identity, and the provider an application")
    }

    /// A voice client signs in: calls to it ring until it answers or declines.
    pub fn register_client(&self, identity: &str) {
        self.engine().register_client(identity);
    }

    /// The far end of a ringing leg answers by hand; one that does not ring is left alone.
    pub fn pick_up(&self, leg: &CallSid) {
        let now = self.clock.now().to_datetime();
        // It may stop ringing at this very moment.
        let _ = self.engine().pick_up(now, leg);
    }

    /// The far end of a ringing leg declines; one that does not ring is left alone.
    pub fn reject(&self, leg: &CallSid) {
        let now = self.clock.now().to_datetime();
        // As with an answer.
        let _ = self.engine().reject(now, leg);
    }

    /// The far end of a leg presses keys; one that is not answered is left alone.
    pub fn press(&self, leg: &CallSid, keys: &str) {
        let now = self.clock.now().to_datetime();
        // It may end at this very moment.
        let _ = self.engine().press(now, leg, keys);
    }

    /// The legs that a leg dialled, oldest first.
    pub fn children(&self, leg: &CallSid) -> Vec<CallView> {
        let mut legs = self.legs();
        legs.retain(|other| other.parent.as_ref() == Some(leg));
        legs
    }

    /// All conferences, oldest first.
    pub fn rooms(&self) -> Vec<RoomView> {
        self.engine().rooms()
    }

    /// Live legs whose partners have all gone.
    pub fn orphans(&self) -> Vec<Orphan> {
        let now = self.clock.now().to_datetime();
        self.engine().orphans(now)
    }

    /// The longest that a leg which had been connected with somebody was alone.
    pub fn longest_alone(&self) -> Duration {
        let now = self.clock.now().to_datetime();
        self.engine().longest_alone(now)
    }

    /// Rules of the simulated world that do not hold; none, unless the simulator has a bug.
    pub fn broken_invariants(&self) -> Vec<String> {
        self.engine().broken_invariants()
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
