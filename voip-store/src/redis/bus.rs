use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures_util::stream;
use tokio::{
    sync::{
        Notify,
        broadcast::{self, error::RecvError},
    },
    task::JoinHandle,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_core::{
    ErrorKind, Event, Result,
    ports::{BusItem, Clock, EventBus, Subscription},
};

use super::{RedisLink, letter::Letter, outbox::Outbox, peers::Peers, subscriber};

/// Carries events to every node on one Redis.
///
/// This node's own subscribers get an event at once, whether or not Redis is
/// there. For the others it waits in an outbox, which one task empties, many
/// events in one message; publishing never waits. While Redis is away the
/// outbox fills, and when it is full the oldest event is given up.
///
/// Messages are numbered, and a node with nothing to say says so every second,
/// and at once to whoever has just begun to listen:
/// whoever misses a number, or a node that did not say goodbye, or had to
/// subscribe anew, gives its subscribers one [`BusItem::Gap`]. A subscriber that
/// is more than [`CAPACITY`](Self::CAPACITY) events behind finds one too.
///
/// Must be made within a Tokio runtime. Dropping it ends it at once;
/// [`close`](Self::close) says goodbye first.
pub struct RedisBus {
    shared: Arc<Shared>,
    stop: CancellationToken,
    sending: Mutex<Option<JoinHandle<()>>>,
    listening: JoinHandle<()>,
}

/// What the bus and its tasks share.
pub(super) struct Shared {
    pub(super) link: RedisLink,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) node: Uuid,
    /// To the subscribers of this node.
    pub(super) local: broadcast::Sender<BusItem>,
    outbox: Mutex<Outbox>,
    more: Notify,
    /// True while this node hears the others.
    pub(super) hears: tokio::sync::watch::Sender<bool>,
}

/// How many events go into one message.
const BATCH: usize = 128;

/// How long a node says nothing before it says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// How long a message that Redis refuses for reasons of its own is held.
const PAUSE: Duration = Duration::from_millis(250);

/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

impl RedisBus {
    /// How many events a subscriber may be behind.
    pub const CAPACITY: usize = 4096;

    /// A bus on the Redis of `link`, by `clock`.
    pub fn start(link: RedisLink, clock: Arc<dyn Clock>) -> Self {
        let shared = Arc::new(Shared {
            link,
            clock,
            node: Uuid::new_v4(),
            local: broadcast::Sender::new(Self::CAPACITY),
            outbox: Mutex::default(),
            more: Notify::new(),
            hears: tokio::sync::watch::Sender::new(false),
        });
        let stop = CancellationToken::new();
        let sending = tokio::spawn(send(Arc::clone(&shared), stop.clone()));
        let peers = Peers::new(shared.node, shared.clock.now());
        let listening = tokio::spawn(subscriber::listen(Arc::clone(&shared), peers));
        Self {
            shared,
            stop,
            sending: Mutex::new(Some(sending)),
            listening,
        }
    }

    /// Whether this node hears the others now.
    pub fn hears(&self) -> bool {
        *self.shared.hears.borrow()
    }

    /// Returns once this node hears the others.
    pub async fn connected(&self) {
        let mut hears = self.shared.hears.subscribe();
        // The sender is ours.
        let _ = hears.wait_for(|hears| *hears).await;
    }

    /// Sends what still waits and says goodbye, so that nobody takes the
    /// silence for a failure. Takes a second at most; nothing is sent after it.
    pub async fn close(&self) {
        self.stop.cancel();
        let sending = self
            .sending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(mut sending) = sending
            && timeout(GOODBYE, &mut sending).await.is_err()
        {
            sending.abort();
        }
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.listening.abort();
        let sending = self
            .sending
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sending) = sending {
            sending.abort();
        }
    }
}

#[async_trait]
impl EventBus for RedisBus {
    async fn publish(&self, event: Arc<Event>) -> Result<()> {
        // The only failure is that nobody listens, which is no trouble.
        let _ = self.shared.local.send(BusItem::Event(Arc::clone(&event)));
        if self.shared.outbox().put(event) {
            tracing::debug!(
                "an event for the other nodes was given up; they will look for themselves"
            );
        }
        self.shared.more.notify_one();
        Ok(())
    }

    fn subscribe(&self) -> Subscription {
        let receiver = self.shared.local.subscribe();
        Box::pin(stream::unfold(receiver, |mut receiver| async move {
            let item = match receiver.recv().await {
                Ok(item) => item,
                Err(RecvError::Lagged(_)) => BusItem::Gap,
                Err(RecvError::Closed) => return None,
            };
            Some((item, receiver))
        }))
    }
}

impl Shared {
    fn outbox(&self) -> MutexGuard<'_, Outbox> {
        // Nothing in here panics half-way through a change.
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the other nodes asked who lives, after this one began to listen: one
    /// that dies before its first sign of life would not be missed otherwise.
    pub(super) fn ask_who_lives(&self) {
        self.outbox().ask_who_lives();
        self.more.notify_one();
    }

    /// Has the other nodes told that this one lives.
    pub(super) fn say_that_we_live(&self) {
        self.outbox().say_that_we_live();
        self.more.notify_one();
    }

    pub(super) fn channel(&self) -> String {
        self.link.key(format_args!("events"))
    }

    /// Sends one letter; true once Redis has taken it, or never will.
    async fn post(&self, letter: &Letter<'_>) -> bool {
        let up = self.link.up_again().await;
        let mut command = redis::cmd("PUBLISH");
        command.arg(self.channel()).arg(letter.write());
        let run = self
            .link
            .run(up, async |mut redis| command.exec_async(&mut redis).await);
        match run.await {
            Ok(()) => true,
            Err(error) => match error.kind() {
                // Whether or not it went out: the others know what they have heard.
                ErrorKind::Timeout | ErrorKind::Unavailable => false,
                // The set is open.
                _ => {
                    tracing::error!(%error, "events do not reach the other nodes");
                    let clock = &self.clock;
                    clock.sleep_until(clock.now() + PAUSE).await;
                    true
                }
            },
        }
    }
}

/// Empties the outbox until it is told to stop, and then once more.
async fn send(shared: Arc<Shared>, stop: CancellationToken) {
    let clock = Arc::clone(&shared.clock);
    let mut heartbeat = clock.now();
    loop {
        let (first, events, hello, wanted) = {
            let outbox = shared.outbox();
            let (first, events) = outbox.next(BATCH);
            let wanted = !events.is_empty() || outbox.is_letter_wanted();
            (first, events, outbox.asks_who_lives(), wanted)
        };
        if !wanted && !stop.is_cancelled() && clock.now() < heartbeat {
            tokio::select! {
                () = shared.more.notified() => {}
                () = clock.sleep_until(heartbeat) => {}
                () = stop.cancelled() => {}
            }
            continue;
        }
        let next = first + events.len() as u64;
        // More may have come since the stop.
        let last = stop.is_cancelled() && events.len() < BATCH;
        let letter = Letter::new(shared.node, first, &events, last).with_hello(hello);
        if shared.post(&letter).await {
            let mut outbox = shared.outbox();
            outbox.sent(next);
            outbox.said(hello);
            if last && outbox.is_empty() {
                return;
            }
        }
        heartbeat = clock.now() + HEARTBEAT;
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus")
            .field("link", &self.shared.link)
            .field("hears", &self.hears())
            .finish_non_exhaustive()
    }
}
