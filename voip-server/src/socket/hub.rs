use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::ws::Utf8Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use voip_core::ports::{BusItem, Clock, EventBus, Subscription};
use voip_core::{Event, UserId};

use super::Sequencer;
use super::member::{Member, SentAway};
use crate::socketio::LegRooms;

/// The sockets of this node: who is connected, and who hears what.
///
/// Every event reaches a client through the bus and this hub, in the order of
/// its call. A client that reads too slowly is disconnected rather than
/// waited for; it learns the present state when it comes back.
pub struct Hub {
    rooms: Mutex<Rooms>,
    legs: Arc<LegRooms>,
    clock: Arc<dyn Clock>,
    next_id: AtomicU64,
    node: uuid::Uuid,
}

#[derive(Default)]
struct Rooms {
    users: HashMap<UserId, Vec<Arc<Member>>>,
    sequencer: Sequencer,
}

impl Hub {
    /// A hub without connections.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let rooms = Rooms {
            sequencer: Sequencer::beginning(clock.now()),
            ..Rooms::default()
        };
        Self {
            rooms: Mutex::new(rooms),
            legs: Arc::default(),
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

    /// The Socket.IO clients of this node.
    pub fn legs(&self) -> &Arc<LegRooms> {
        &self.legs
    }

    /// Listens to the bus. What is published from now on is handed on once
    /// [`run`](Self::run) runs with it.
    pub fn listen(&self, bus: &dyn EventBus) -> Subscription {
        bus.subscribe()
    }

    /// Hands on what the bus carries, until it ends. After a gap every WebSocket
    /// client is sent away, to learn the present state when it comes back: reading that
    /// here would hold up the bus until it loses more.
    pub async fn run(&self, mut items: Subscription) {
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
                Some(BusItem::Gap) => self.send_everybody_away(),
                None => return,
            }
        }
    }

    /// A name for a connection that no other connection of any node has.
    pub(super) fn new_id(&self) -> (u64, Arc<str>) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        (id, Arc::from(format!("ws:{}:{id}", self.node.as_simple())))
    }

    /// Adds a connection to the devices of `user`. Its news waits until it is
    /// [told](Member::tell_present) the present state.
    pub(super) fn join(
        &self,
        user: &UserId,
        id: u64,
        sender: mpsc::Sender<Utf8Bytes>,
    ) -> Arc<Member> {
        let member = Arc::new(Member::new(id, sender));
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
            members.retain(|other| other.id() != member.id());
            if members.is_empty() {
                rooms.users.remove(user);
            }
        }
    }

    fn send_everybody_away(&self) {
        self.legs.lose_track();
        let rooms = self.lock();
        let members = rooms.users.values().flatten();
        let clients = members.map(|member| member.send_away(SentAway::NewsLost));
        let clients = clients.count();
        tracing::warn!(
            clients,
            "news was lost on the bus; every client is to reconnect"
        );
    }

    fn hand_on(&self, event: Arc<Event>) {
        let now = self.clock.now();
        let mut rooms = self.lock();
        for event in rooms.sequencer.push(event, now) {
            rooms.deliver(&event);
            self.legs.deliver(&event);
        }
    }

    fn expire(&self) {
        let now = self.clock.now();
        let mut rooms = self.lock();
        for event in rooms.sequencer.expire(now) {
            rooms.deliver(&event);
            self.legs.deliver(&event);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Rooms> {
        // Nothing in here panics half-way through a change.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rooms {
    fn deliver(&self, event: &Arc<Event>) {
        let mut frame: Option<Utf8Bytes> = None;
        for user in &event.audience {
            for member in self.users.get(user).into_iter().flatten() {
                member.tell(event, &mut frame);
            }
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("connections", &self.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::member::QUEUE, *};
    use tokio::sync::mpsc::Receiver;
    use voip_core::{Call, CallStatus, EventKind, ports::SystemClock, table};

    /// A hub with one member that was told nothing yet, and a call of its user.
    fn registering() -> (Hub, Arc<Member>, Receiver<Utf8Bytes>, UserId, Call) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let hub = Hub::new(Arc::new(SystemClock));
        let user: UserId = "ann".parse().unwrap();
        let member = hub.join(&user, 1, sender);
        let (_, call) = table::calls().into_iter().next().unwrap();
        (hub, member, receiver, user, call)
    }

    fn event(call: &Call, seq: u32, status: CallStatus, user: &UserId) -> Arc<Event> {
        let kind = EventKind::reached(status);
        Arc::new(Event {
            call: call.id,
            leg: None,
            seq,
            audience: vec![user.clone()],
            kind,
        })
    }

    fn heard(receiver: &mut Receiver<Utf8Bytes>) -> Vec<serde_json::Value> {
        std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect()
    }

    #[test]
    fn news_between_joining_and_looking_comes_after_the_welcome_and_none_is_lost() {
        let (hub, member, mut receiver, user, mut call) = registering();
        call.told = 2;
        let statuses = [
            CallStatus::Initiated,
            CallStatus::Queued,
            CallStatus::Ringing,
        ];
        for (seq, status) in (0..).zip(statuses) {
            hub.hand_on(event(&call, seq, status, &user));
        }
        assert!(
            heard(&mut receiver).is_empty(),
            "nothing comes before the welcome"
        );
        member.tell_present(&user, std::slice::from_ref(&call));
        hub.hand_on(event(&call, 3, CallStatus::InProgress, &user));
        let heard = heard(&mut receiver);
        assert_eq!(heard[0]["type"], "register_success");
        assert_eq!(
            heard[0]["liveCalls"],
            serde_json::json!([call.id.to_string()])
        );
        // The first two are part of the present state.
        let after: Vec<_> = heard[2..].iter().map(|frame| &frame["status"]).collect();
        assert_eq!(after, ["ringing", "in-progress"], "{heard:?}");
        assert_eq!(heard[1]["callId"], call.id.to_string());
        assert!(!member.dropped.is_cancelled());
    }

    #[test]
    fn a_welcome_that_takes_too_long_is_given_up() {
        let (hub, member, _receiver, user, call) = registering();
        for seq in 0..=u32::try_from(QUEUE).unwrap() {
            assert!(!member.dropped.is_cancelled(), "{seq} may wait");
            hub.hand_on(event(&call, seq, CallStatus::Ringing, &user));
        }
        assert!(member.dropped.is_cancelled());
    }
}
