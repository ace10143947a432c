//! The task that lets time pass for the engine and sends what is due.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock::ShellClock;
use super::deliver::Postman;
use crate::engine::{Engine, EngineConfig};

/// The engine, shared by the server, the driver and the handle. Every use is a short turn; none
/// of them waits for anything while it holds the lock.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Inner>);

struct Inner {
    engine: Mutex<Engine>,
    fed: Notify,
    /// Counts what was done to the engine, for those who wait for a change.
    changed: watch::Sender<u64>,
    clock: ShellClock,
    #[cfg(feature = "media")]
    exchange: std::sync::OnceLock<Arc<crate::browser::ExchangeHandle>>,
}

impl Shared {
    pub(crate) fn new(config: EngineConfig) -> Self {
        Self(Arc::new(Inner {
            engine: Mutex::new(Engine::new(config)),
            fed: Notify::new(),
            changed: watch::Sender::new(0),
            clock: ShellClock::start(),
            #[cfg(feature = "media")]
            exchange: std::sync::OnceLock::new(),
        }))
    }

    /// Lets everybody know how browsers are reached, once.
    #[cfg(feature = "media")]
    pub(crate) fn with_exchange(&self, exchange: Arc<crate::browser::ExchangeHandle>) {
        self.0.exchange.get_or_init(|| exchange);
    }

    /// How browsers are reached.
    #[cfg(feature = "media")]
    pub(crate) fn exchange(&self) -> Option<Arc<crate::browser::ExchangeHandle>> {
        self.0.exchange.get().cloned()
    }

    /// Uses the engine, and lets the driver see what became due by that.
    pub(crate) fn turn<R>(&self, with: impl FnOnce(&mut Engine, OffsetDateTime) -> R) -> R {
        let result = self.quiet_turn(with);
        self.0.fed.notify_one();
        self.0
            .changed
            .send_modify(|turns| *turns = turns.wrapping_add(1));
        result
    }

    /// Looks at the engine, which changes nothing.
    pub(crate) fn look<R>(&self, with: impl FnOnce(&Engine, OffsetDateTime) -> R) -> R {
        self.quiet_turn(|engine, now| with(engine, now))
    }

    /// Tells of every change to the engine from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    fn quiet_turn<R>(&self, with: impl FnOnce(&mut Engine, OffsetDateTime) -> R) -> R {
        // A panic inside a turn is a bug of the engine; the tests that caused it should see that
        // panic and not a poisoned lock somewhere else.
        let mut engine = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner);
        with(&mut engine, self.0.clock.now())
    }
}

/// Lets time pass until told to stop. Webhooks go out side by side, each in a task of its own;
/// the engine sees to it that the callbacks of one leg follow each other, and the postman's turns
/// bound the number of tasks.
pub(crate) async fn drive(
    shared: Shared,
    postman: Postman,
    tasks: TaskTracker,
    stopping: CancellationToken,
) {
    loop {
        let (webhooks, due, happened) = shared.quiet_turn(|engine, now| {
            let due_now = engine.next_due().is_some_and(|due| due <= now);
            engine.advance(now);
            let next = || postman.turn().and_then(|turn| Some((turn, engine.poll()?)));
            let webhooks: Vec<_> = std::iter::from_fn(next).collect();
            (webhooks, engine.next_due(), due_now)
        });
        if happened {
            shared
                .0
                .changed
                .send_modify(|turns| *turns = turns.wrapping_add(1));
        }
        for (turn, webhook) in webhooks {
            let (shared, postman) = (shared.clone(), postman.clone());
            let stopping = stopping.clone();
            tasks.spawn(async move {
                let id = webhook.id;
                tokio::select! {
                    answer = postman.deliver(webhook) => {
                        // Before the driver looks for what can be sent.
                        drop(turn);
                        shared.turn(|engine, now| engine.answered(now, id, answer));
                    }
                    () = stopping.cancelled() => {}
                }
            });
        }
        let sleep = async {
            match due {
                Some(due) => tokio::time::sleep_until(shared.0.clock.instant(due)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = shared.0.fed.notified() => {}
            () = stopping.cancelled() => return,
        }
    }
}
