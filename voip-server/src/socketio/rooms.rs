use std::{
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::sync::Notify;
use voip_core::{Event, Origin, ProviderCallId, Timestamp, UserId};

use super::{
    LegStatus,
    client::{Client, Visitor},
};

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
    /// The token that expires next is another one.
    expiring: Notify,
}

#[derive(Default)]
struct Inner {
    legs: HashMap<ProviderCallId, Vec<Member>>,
    users: HashMap<UserId, Vec<Weak<Client>>>,
    clients: HashMap<u64, Weak<Client>>,
    /// When whose token expires.
    expiries: BTreeSet<(Timestamp, u64)>,
    next: u64,
    joined: usize,
    /// How many of those come from one network or site.
    joined_from: HashMap<Box<str>, usize>,
}

/// Who hears of a leg, and where from.
struct Member {
    client: Weak<Client>,
    from: Option<Origin>,
}

/// The most joins that one node remembers, of all clients together.
const MOST_JOINED: usize = 100_000;

/// The most of them from one address, so that no single stranger takes all.
const MOST_FROM_ONE: usize = 5_000;

/// The most from one site of IPv6.
const MOST_FROM_SITE: usize = 5 * MOST_FROM_ONE;

/// When somebody is shown out once more who could not be told.
pub(super) const RETRY: Duration = Duration::from_secs(5);

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
            expiring: Notify::new(),
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
            let room = inner.legs.get(&status.call_sid).into_iter().flatten();
            let by_leg = room.map(|member| &member.client);
            let by_user = event
                .audience
                .iter()
                .filter_map(|user| inner.users.get(user));
            let by_user = by_user.flatten();
            for client in by_leg.chain(by_user).filter_map(Weak::upgrade) {
                if seen.insert(client.id) {
                    hearers.push(client);
                }
            }
            // Nothing follows, so nobody has to leave one by one.
            if status.call_status.is_final()
                && let Some(room) = inner.legs.remove(&status.call_sid)
            {
                room.iter().for_each(|member| inner.has_left(member));
            }
        }
        // Outside the lock: whoever lets go of a client last takes it away.
        for client in hearers {
            client.hear(&status);
        }
    }

    /// News was lost: everybody is to be told the present state.
    pub(crate) fn lose_track(&self) {
        for client in self.everybody() {
            client.fall_behind();
        }
    }

    fn everybody(&self) -> Vec<Arc<Client>> {
        let inner = self.lock();
        inner.clients.values().filter_map(Weak::upgrade).collect()
    }

    /// When the next token expires.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        self.lock().expiries.first().map(|(at, _)| *at)
    }

    /// Returns once the next token to expire is another one.
    pub(super) async fn expiry_changed(&self) {
        self.expiring.notified().await;
    }

    /// Shows those out whose tokens have expired by `now`: from now on they
    /// hear of no user's calls.
    pub(super) fn expire(&self, now: Timestamp) {
        let gone: Vec<_> = {
            let mut inner = self.lock();
            let mut gone = Vec::new();
            while let Some((at, id)) = inner.expiries.first().copied()
                && at <= now
            {
                inner.expiries.remove(&(at, id));
                let Some(client) = inner.clients.get(&id).and_then(Weak::upgrade) else {
                    continue;
                };
                inner.lets_go(&client.visitor, Arc::as_ptr(&client));
                gone.push(client);
            }
            gone
        };
        for client in gone {
            if !client.show_out() {
                self.lock().expiries.insert((now + RETRY, client.id));
            }
        }
    }

    /// Has everybody forget the calls joined by `before` that nobody has heard
    /// of: a name that no call has would be kept for as long as its client is
    /// there.
    pub(super) fn forget_unheard(&self, before: Timestamp) {
        for client in self.everybody() {
            client.forget_unheard(before);
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
        self.everybody()
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
        let Visitor { user, until, .. } = &client.visitor;
        if let Some(user) = user {
            let members = inner.users.entry(user.clone()).or_default();
            members.push(Arc::downgrade(&client));
            if let Some(until) = *until {
                inner.expiries.insert((until, client.id));
                if inner.expiries.first() == Some(&(until, client.id)) {
                    self.expiring.notify_one();
                }
            }
        }
        client
    }

    /// Lets `client` hear of `leg`; false where too many have joined already.
    pub(super) fn join(&self, leg: &ProviderCallId, client: &Arc<Client>) -> bool {
        let mut inner = self.lock();
        let me = Arc::as_ptr(client);
        let room = inner.legs.get(leg).into_iter().flatten();
        if room.into_iter().any(|other| other.client.as_ptr() == me) {
            return true;
        }
        let from = client.visitor.from.clone();
        if !inner.has_room_for(from.as_ref()) {
            return false;
        }
        let member = Member {
            client: Arc::downgrade(client),
            from,
        };
        inner.has_joined(&member);
        inner.legs.entry(leg.clone()).or_default().push(member);
        true
    }

    /// The opposite.
    pub(super) fn leave(&self, leg: &ProviderCallId, client: *const Client) {
        let mut inner = self.lock();
        let Some(room) = inner.legs.get_mut(leg) else {
            return;
        };
        let is_it = |other: &mut Member| other.client.as_ptr() == client;
        let gone: Vec<_> = room.extract_if(.., is_it).collect();
        if room.is_empty() {
            inner.legs.remove(leg);
        }
        gone.iter().for_each(|member| inner.has_left(member));
    }

    /// Takes a client away that nobody holds any more.
    pub(super) fn forget<'a>(
        &self,
        client: *const Client,
        id: u64,
        visitor: &Visitor,
        legs: impl Iterator<Item = &'a ProviderCallId>,
    ) {
        for leg in legs {
            self.leave(leg, client);
        }
        let mut inner = self.lock();
        inner.clients.remove(&id);
        if let Some(until) = visitor.until {
            inner.expiries.remove(&(until, id));
        }
        inner.lets_go(visitor, client);
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let inner = self.lock();
        inner.legs.is_empty()
            && inner.users.is_empty()
            && inner.clients.is_empty()
            && inner.expiries.is_empty()
            && inner.joined_from.is_empty()
            && inner.joined == 0
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way through a change.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Lets a client hear of its user's calls no more.
    fn lets_go(&mut self, visitor: &Visitor, client: *const Client) {
        if let Some(user) = &visitor.user
            && let Some(members) = self.users.get_mut(user)
        {
            members.retain(|other| other.as_ptr() != client);
            if members.is_empty() {
                self.users.remove(user);
            }
        }
    }

    fn has_room_for(&self, from: Option<&Origin>) -> bool {
        let joined = |place: &str| self.joined_from.get(place).copied().unwrap_or_default();
        self.joined < MOST_JOINED
            && from.is_none_or(|from| {
                joined(from.network()) < MOST_FROM_ONE
                    && from.site().is_none_or(|site| joined(site) < MOST_FROM_SITE)
            })
    }

    fn has_joined(&mut self, member: &Member) {
        self.joined += 1;
        for place in member.places() {
            *self.joined_from.entry(place.into()).or_default() += 1;
        }
    }

    fn has_left(&mut self, member: &Member) {
        self.joined -= 1;
        for place in member.places() {
            if let Some(joined) = self.joined_from.get_mut(place) {
                *joined -= 1;
                if *joined == 0 {
                    self.joined_from.remove(place);
                }
            }
        }
    }
}

impl Member {
    fn places(&self) -> impl Iterator<Item = &str> {
        let from = self.from.iter();
        from.flat_map(|from| [Some(from.network()), from.site()])
            .flatten()
    }
}

impl fmt::Debug for LegRooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LegRooms")
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}
