use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voip_core::{
    Call, CallId, CallStatus, Calls, Direction, Event, UserId,
    ports::{BusItem, Clock, EventBus, Subscription},
};

use super::{Sequencer, ServerFrame};

/// The sockets of this node: who is connected, and who hears what.
///
/// Every event reaches a client through the bus and this hub, in the order of
/// its call. A client that reads too slowly is disconnected rather than
/// waited for; it learns the present state when it comes back.
pub struct Hub {
    rooms: Mutex<Rooms>,
    clock: Arc<dyn Clock>,
    next_id: AtomicU64,
    node: uuid::Uuid,
}

#[derive(Default)]
struct Rooms {
    users: HashMap<UserId, Vec<Arc<Member>>>,
    sequencer: Sequencer,
}

/// One registered connection.
pub(super) struct Member {
    id: u64,
    sender: mpsc::Sender<Utf8Bytes>,
    /// Cancelled when the client does not keep up.
    pub(super) dropped: CancellationToken,
    /// What the client knows already from looking at the present state: per
    /// call, the number of the first event that is news.
    floors: Mutex<HashMap<CallId, u32>>,
}

/// How many messages may wait for one client. When it is full, the client is
/// disconnected.
pub(super) const QUEUE: usize = 64;

impl Hub {
    /// A hub without connections.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            rooms: Mutex::default(),
            clock,
            next_id: AtomicU64::new(0),
            node: uuid::Uuid::new_v4(),
        }
    }

    /// How many connections are registered.
    pub fn len(&self) -> usize {
        self.lock().users.values().map(Vec::len).sum()
    }

    /// Whether nobody is registered.
    pub fn is_empty(&self) -> bool {
        self.lock().users.is_empty()
    }

    /// Listens to the bus. What is published from now on is handed on once
    /// [`run`](Self::run) runs with it.
    pub fn listen(&self, bus: &dyn EventBus) -> Subscription {
        bus.subscribe()
    }

    /// Hands on what the bus carries, until it ends. After a gap every
    /// connection is told the present state of its user's calls.
    pub async fn run(&self, mut items: Subscription, calls: &Calls) {
        loop {
            let deadline = self.lock().sequencer.deadline();
            let item = match deadline {
                None => items.next().await,
                Some(deadline) => tokio::select! {
                    item = items.next() => item,
                    () = self.clock.sleep_until(deadline) => {
                        self.expire();
                        continue;
                    }
                },
            };
            match item {
                Some(BusItem::Event(event)) => self.hand_on(event),
                Some(BusItem::Gap) => self.catch_up(calls).await,
                None => return,
            }
        }
    }

    /// A name for a connection that no other connection of any node has.
    pub(super) fn new_id(&self) -> (u64, Arc<str>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        (id, Arc::from(format!("ws:{}:{id}", self.node.as_simple())))
    }

    /// Adds a connection to the devices of `user`.
    pub(super) fn join(
        &self,
        user: &UserId,
        id: u64,
        sender: mpsc::Sender<Utf8Bytes>,
    ) -> Arc<Member> {
        let dropped = CancellationToken::new();
        let member = Arc::new(Member {
            id,
            sender,
            dropped,
            floors: Mutex::default(),
        });
        self.lock()
            .users
            .entry(user.clone())
            .or_default()
            .push(Arc::clone(&member));
        member
    }

    /// Takes a connection away.
    pub(super) fn leave(&self, user: &UserId, member: &Member) {
        let mut rooms = self.lock();
        if let Some(members) = rooms.users.get_mut(user) {
            members.retain(|other| other.id != member.id);
            if members.is_empty() {
                rooms.users.remove(user);
            }
        }
    }

    /// Tells one connection how the calls of its user stand, so that a device
    /// that comes late still rings, and one that missed something stops.
    pub(super) fn catch_up_one(&self, user: &UserId, member: &Member, calls: &[Call]) {
        let rooms = self.lock();
        // The oldest first, as they came.
        for call in calls.iter().rev() {
            // Events newer than this look were handed to the member already.
            if rooms.sequencer.next_of(&call.id) > call.told {
                continue;
            }
            member.floors().insert(call.id, call.told);
            member.send(&present(call, user));
        }
    }

    async fn catch_up(&self, calls: &Calls) {
        tracing::warn!("events were lost on the bus; every client is told the present state");
        let everybody: Vec<(UserId, Vec<Arc<Member>>)> = {
            let rooms = self.lock();
            rooms
                .users
                .iter()
                .map(|(user, members)| (user.clone(), members.clone()))
                .collect()
        };
        for (user, members) in everybody {
            match calls.live(&user).await {
                Ok(live) => {
                    for member in members {
                        self.catch_up_one(&user, &member, &live);
                    }
                }
                Err(error) => {
                    // They come back and look for themselves.
                    tracing::warn!(%error, "the present state could not be read");
                    members.iter().for_each(|member| member.dropped.cancel());
                }
            }
        }
    }

    fn hand_on(&self, event: Arc<Event>) {
        let now = self.clock.now();
        let mut rooms = self.lock();
        for event in rooms.sequencer.push(event, now) {
            rooms.deliver(&event);
        }
    }

    fn expire(&self) {
        let now = self.clock.now();
        let mut rooms = self.lock();
        for event in rooms.sequencer.expire(now) {
            rooms.deliver(&event);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Rooms> {
        // Nothing in here panics half-way through a change.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    fn deliver(&self, event: &Event) {
        let mut frame: Option<Utf8Bytes> = None;
        for user in &event.audience {
            for member in self.users.get(user).into_iter().flatten() {
                if member.knows(event) {
                    continue;
                }
                let frame = frame
                    .get_or_insert_with(|| Utf8Bytes::from(ServerFrame::of_event(event).text()));
                member.send(frame);
            }
        }
    }
}

impl Member {
    fn send(&self, frame: &Utf8Bytes) {
        if self.sender.try_send(frame.clone()).is_err() {
            self.dropped.cancel();
        }
    }

    /// Whether the client has seen this event as part of the present state.
    fn knows(&self, event: &Event) -> bool {
        let mut floors = self.floors();
        match floors.get(&event.call) {
            None => false,
            Some(&floor) if event.seq < floor => true,
            Some(_) => {
                floors.remove(&event.call);
                false
            }
        }
    }

    fn floors(&self) -> std::sync::MutexGuard<'_, HashMap<CallId, u32>> {
        self.floors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a client is told of a call that began before it came.
fn present(call: &Call, user: &UserId) -> Utf8Bytes {
    let (call_id, status) = (call.id, call.status());
    let rings = call.direction == Direction::Inbound
        && status == CallStatus::Ringing
        && call.owner.as_ref() == Some(user);
    let frame = match rings {
        true => {
            let (from, to) = (call.from.expose(), call.to.expose());
            ServerFrame::IncomingCall { from, to, call_id }
        }
        false => ServerFrame::CallStatus { call_id, status },
    };
    Utf8Bytes::from(frame.text())
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("connections", &self.len())
            .finish_non_exhaustive()
    }
}
