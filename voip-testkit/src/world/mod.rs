//! A world in virtual time: the simulated provider, a clock, and an
//! application under test between them.
//!
//! Nothing waits: the world lets everything that can happen now happen, then
//! moves the clock to the next thing due. Whole days of calls pass in
//! milliseconds, the same way every time.
//!
//! It needs a single-threaded runtime and adapters that wait for nothing but
//! the clock: then "nothing more can happen now" is plain to see.

mod provider;

use std::{fmt, future::Future, pin::pin, sync::Arc, task::Poll, time::Duration};

use async_trait::async_trait;
use futures_util::future::{join_all, poll_fn};
use voip_core::{Timestamp, ports::Clock};
use voip_sim::webhook::{Webhook, WebhookAnswer};

pub use provider::Provider;

use crate::ManualClock;

/// The application under test, as the world sees it.
#[async_trait]
pub trait AppUnderTest: fmt::Debug + Send + Sync + 'static {
    /// Answers a webhook of the provider.
    async fn webhook(&self, webhook: &Webhook) -> WebhookAnswer;

    /// Does what has become due.
    async fn sweep(&self);
}

/// A world in virtual time.
#[derive(Debug)]
pub struct World<A> {
    /// The application under test.
    pub app: A,
    /// The simulated provider.
    pub provider: Arc<Provider>,
    /// The clock of both.
    pub clock: Arc<ManualClock>,
    /// Whether webhooks that are due together are answered together, so that
    /// they race, rather than one by one.
    pub together: bool,
}

/// How far the clock moves at a time where nothing is due earlier; the
/// application sweeps at each of these.
const STRIDE: Duration = Duration::from_secs(1);

/// More turns than any chain of tasks needs to come to rest.
const TURNS: usize = 48;

impl<A: AppUnderTest> World<A> {
    /// A world of this application, provider and clock.
    pub fn new(app: A, provider: Arc<Provider>, clock: Arc<ManualClock>) -> Self {
        Self {
            app,
            provider,
            clock,
            together: false,
        }
    }

    /// Lets `span` pass.
    pub async fn pass(&self, span: Duration) {
        let end = self.clock.now() + span;
        loop {
            self.rest().await;
            let now = self.clock.now();
            if now >= end {
                return;
            }
            let due = self.provider.next_due().unwrap_or(end);
            // A provider that is late is due now.
            let next = due
                .max(now + Duration::from_micros(1))
                .min(now + STRIDE)
                .min(end);
            self.clock.advance_to(next);
            self.app.sweep().await;
        }
    }

    /// Lets time pass until `wanted` holds.
    ///
    /// # Panics
    /// When it does not hold after a whole day.
    pub async fn until(&self, what: &str, mut wanted: impl FnMut(&Self) -> bool) {
        let end = self.clock.now() + Duration::from_secs(24 * 60 * 60);
        loop {
            self.rest().await;
            if wanted(self) {
                return;
            }
            assert!(
                self.clock.now() < end,
                "after a day there is still no: {what}"
            );
            self.pass(STRIDE).await;
        }
    }

    /// Lets time pass until `work` is done.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            let now = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            if let Poll::Ready(done) = now {
                return done;
            }
            self.rest().await;
            let now = poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await;
            if let Poll::Ready(done) = now {
                return done;
            }
            self.pass(STRIDE).await;
        }
    }

    /// Lets everything happen that can happen without time passing.
    pub async fn rest(&self) {
        loop {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            let due = self.provider.due(self.clock.now());
            if due.is_empty() {
                return;
            }
            if self.together {
                join_all(due.iter().map(|webhook| self.deliver(webhook))).await;
            } else {
                for webhook in &due {
                    self.deliver(webhook).await;
                }
            }
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn deliver(&self, webhook: &Webhook) {
        let answer = self.app.webhook(webhook).await;
        self.provider.answered(self.clock.now(), webhook.id, answer);
    }
}
