use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::extract::ws::Utf8Bytes;
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use voip_core::{
    Call, CallId, CallStatus, Direction, Event, UserId,
    ports::{BusItem, Clock, EventBus, MOST_LIVE_CALLS, Subscription},
};

use super::{Sequencer, ServerFrame};
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

/// One registered connection.
pub(super) struct Member {
    id: u64,
    sender: mpsc::Sender<Utf8Bytes>,
    dropped: CancellationToken,
    why: OnceLock<SentAway>,
    hearing: Mutex<Hearing>,
}

/// How news reaches a member.
enum Hearing {
    /// The client is still to be told the present state; news waits until then.
    Held(Vec<Arc<Event>>),
    /// News is handed on. What the client knows already from the present state
    /// is left out: per call, the number of the first event that is news.
    Live(HashMap<CallId, u32>),
}

/// Why the hub sends a client away. It learns the present state when it comes
/// back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SentAway {
    /// It reads too slowly.
    TooSlow,
    /// The bus lost news that may have been for it.
    NewsLost,
}

/// How many messages may wait for one client: the present state of as many live
/// calls as are looked at, and as much news again. When it is full, the client
/// is disconnected.
pub(super) const QUEUE: usize = 256;

impl Hub {
    /// A hub without connections.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            rooms: Mutex::default(),
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
        let member = Arc::new(Member {
            id,
            sender,
            dropped: CancellationToken::new(),
            why: OnceLock::new(),
            hearing: Mutex::new(Hearing::Held(Vec::new())),
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

impl Member {
    /// Tells the client how its calls stand, then the news that came meanwhile;
    /// from now on news goes to it at once.
    ///
    /// `live` is what was looked at after joining, the newest first.
    pub(super) fn tell_present(&self, user: &UserId, live: &[Call]) {
        let mut hearing = self.hearing();
        let known = live.iter().map(|call| (call.id, call.told)).collect();
        let before = std::mem::replace(&mut *hearing, Hearing::Live(known));
        let live_calls = live.iter().map(|call| call.id).collect();
        let registered = ServerFrame::RegisterSuccess {
            user_id: user.as_str(),
            live_calls,
            more_live_calls: live.len() >= MOST_LIVE_CALLS,
        };
        self.send(Utf8Bytes::from(registered.text()));
        // The oldest first, as they came.
        for call in live.iter().rev() {
            self.send(present(call, user));
        }
        if let Hearing::Held(events) = before {
            for event in events {
                if hearing.is_news(&event) {
                    self.send(frame_of(&event));
                }
            }
        }
    }

    /// Returns once the hub sends the client away.
    pub(super) async fn sent_away(&self) -> SentAway {
        self.dropped.cancelled().await;
        // It is written before the token is cancelled.
        self.why.get().copied().unwrap_or(SentAway::TooSlow)
    }

    /// Hands an event on; `frame` is its text, once somebody needed it.
    fn tell(&self, event: &Arc<Event>, frame: &mut Option<Utf8Bytes>) {
        let mut hearing = self.hearing();
        match &mut *hearing {
            Hearing::Held(events) if events.len() < QUEUE => events.push(Arc::clone(event)),
            Hearing::Held(_) => self.send_away(SentAway::TooSlow),
            Hearing::Live(_) => {
                if hearing.is_news(event) {
                    self.send(frame.get_or_insert_with(|| frame_of(event)).clone());
                }
            }
        }
    }

    fn send(&self, frame: Utf8Bytes) {
        if self.sender.try_send(frame).is_err() {
            self.send_away(SentAway::TooSlow);
        }
    }

    fn send_away(&self, why: SentAway) {
        // The first reason stays.
        let _ = self.why.set(why);
        self.dropped.cancel();
    }

    fn hearing(&self) -> std::sync::MutexGuard<'_, Hearing> {
        self.hearing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hearing {
    /// Whether the client has not seen this event as part of the present state.
    fn is_news(&mut self, event: &Event) -> bool {
        let Self::Live(known) = self else { return true };
        match known.get(&event.call) {
            None => true,
            Some(&floor) if event.seq < floor => false,
            Some(_) => {
                known.remove(&event.call);
                true
            }
        }
    }
}

fn frame_of(event: &Event) -> Utf8Bytes {
    Utf8Bytes::from(ServerFrame::of_event(event).text())
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

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::Receiver;
    use voip_core::{EventKind, ports::SystemClock, table};

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
