use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use tokio::sync::Notify;
use voip_core::{Event, ProviderCallId, UserId};

use super::{LegStatus, client::Client};

/// Which Socket.IO clients of this node hear of which legs and users.
///
/// The hub hands events on to it in the order of their calls, so WebSocket and
/// Socket.IO clients hear the same.
pub struct LegRooms {
    inner: Mutex<Inner>,
    /// One clone for every session that is open.
    seats: Arc<()>,
    /// Somebody is behind.
    behind: Notify,
}

#[derive(Default)]
struct Inner {
    legs: HashMap<ProviderCallId, Vec<Weak<Client>>>,
    users: HashMap<UserId, Vec<Weak<Client>>>,
    clients: HashMap<u64, Weak<Client>>,
    next: u64,
    joined: usize,
}

/// The most joins that one node remembers, of all clients together.
const MOST_JOINED: usize = 100_000;

/// A place among the open sessions, taken for as long as it is held.
#[derive(Clone)]
pub(super) struct Seat {
    _taken: Arc<()>,
}

impl Default for LegRooms {
    fn default() -> Self {
        Self {
            inner: Mutex::default(),
            seats: Arc::new(()),
            behind: Notify::new(),
        }
    }
}

impl LegRooms {
    /// How many sessions are open, whether or not they have got so far as to
    /// listen.
    pub fn sessions(&self) -> usize {
        Arc::strong_count(&self.seats) - 1
    }

    /// Tells those concerned what happened.
    pub(crate) fn deliver(&self, event: &Event) {
        let Some(status) = LegStatus::of_event(event) else {
            return;
        };
        let mut hearers: Vec<Arc<Client>> = Vec::new();
        {
            let mut inner = self.lock();
            let mut seen = HashSet::new();
            let by_leg = inner.legs.get(&status.call_sid).into_iter();
            let by_user = event
                .audience
                .iter()
                .filter_map(|user| inner.users.get(user));
            for client in by_leg.chain(by_user).flatten().filter_map(Weak::upgrade) {
                if seen.insert(client.id) {
                    hearers.push(client);
                }
            }
            // Nothing follows, so nobody has to leave one by one.
            if status.call_status.is_final()
                && let Some(room) = inner.legs.remove(&status.call_sid)
            {
                inner.joined -= room.len();
            }
        }
        // Outside the lock: whoever lets go of a client last takes it away.
        for client in hearers {
            client.hear(&status);
        }
    }

    /// News was lost: everybody is to be told the present state.
    pub(crate) fn lose_track(&self) {
        let clients: Vec<_> = {
            let inner = self.lock();
            inner.clients.values().filter_map(Weak::upgrade).collect()
        };
        for client in clients {
            client.fall_behind();
        }
    }

    pub(super) fn seat(&self) -> Seat {
        Seat {
            _taken: Arc::clone(&self.seats),
        }
    }

    /// Says that there is somebody to be brought up to date.
    pub(super) fn call_for_help(&self) {
        self.behind.notify_one();
    }

    /// Returns once somebody is behind.
    pub(super) async fn somebody_behind(&self) {
        self.behind.notified().await;
    }

    /// Those who are behind.
    pub(super) fn those_behind(&self) -> Vec<Arc<Client>> {
        let inner = self.lock();
        let clients: Vec<_> = inner.clients.values().filter_map(Weak::upgrade).collect();
        drop(inner);
        clients
            .into_iter()
            .filter(|client| client.is_behind())
            .collect()
    }

    /// Takes a client in, as one of its user's where it has one.
    pub(super) fn enter(&self, make: impl FnOnce(u64) -> Arc<Client>) -> Arc<Client> {
        let mut inner = self.lock();
        inner.next += 1;
        let client = make(inner.next);
        inner.clients.insert(client.id, Arc::downgrade(&client));
        if let Some(user) = &client.user {
            let members = inner.users.entry(user.clone()).or_default();
            members.push(Arc::downgrade(&client));
        }
        client
    }

    /// Lets `client` hear of `leg`; false where too many have joined already.
    pub(super) fn join(&self, leg: &ProviderCallId, client: &Arc<Client>) -> bool {
        let mut inner = self.lock();
        if inner.joined >= MOST_JOINED {
            return false;
        }
        let room = inner.legs.entry(leg.clone()).or_default();
        let me = Arc::as_ptr(client);
        if !room.iter().any(|other| other.as_ptr() == me) {
            room.push(Arc::downgrade(client));
            inner.joined += 1;
        }
        true
    }

    /// The opposite.
    pub(super) fn leave(&self, leg: &ProviderCallId, client: *const Client) {
        let mut inner = self.lock();
        let Some(room) = inner.legs.get_mut(leg) else {
            return;
        };
        let before = room.len();
        room.retain(|other| other.as_ptr() != client);
        let gone = before - room.len();
        if room.is_empty() {
            inner.legs.remove(leg);
        }
        inner.joined -= gone;
    }

    /// Takes a client away that nobody holds any more.
    pub(super) fn forget<'a>(
        &self,
        client: *const Client,
        id: u64,
        user: Option<&UserId>,
        legs: impl Iterator<Item = &'a ProviderCallId>,
    ) {
        for leg in legs {
            self.leave(leg, client);
        }
        let mut inner = self.lock();
        inner.clients.remove(&id);
        if let Some(user) = user
            && let Some(members) = inner.users.get_mut(user)
        {
            members.retain(|other| other.as_ptr() != client);
            if members.is_empty() {
                inner.users.remove(user);
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let inner = self.lock();
        inner.legs.is_empty() && inner.users.is_empty() && inner.clients.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for LegRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegRooms")
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}
