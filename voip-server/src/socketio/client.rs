use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU8, Ordering},
};

use tokio::sync::SetOnce;
use voip_core::{Origin, ProviderCallId, Timestamp, UserId};

use super::{
    LegRooms, LegStatus,
    known::{Known, TooMany},
    look::Question,
};

/// What carries messages to a client without ever waiting for it.
pub(super) trait Outlet: Send + Sync + 'static {
    /// Hands a message over; false where the client has too much to read
    /// already, or is gone.
    fn send(&self, status: &LegStatus) -> bool;

    /// Says that the client's token has expired, and hangs up; false where that
    /// has to be tried again.
    fn show_out(&self) -> bool;
}

/// Who a client is, as far as that is known.
#[derive(Debug, Default)]
pub(super) struct Visitor {
    /// Whose token it showed.
    pub(super) user: Option<UserId>,
    /// When that token expires.
    pub(super) until: Option<Timestamp>,
    /// Where it comes from.
    pub(super) from: Option<Origin>,
}

/// One Socket.IO client. Lives for as long as its connection holds it.
pub(super) struct Client {
    pub(super) id: u64,
    pub(super) visitor: Visitor,
    rooms: Arc<LegRooms>,
    outlet: Box<dyn Outlet>,
    known: Mutex<Known>,
    /// True until the client is connected: news from before comes with the
    /// present state then.
    behind: AtomicBool,
    connected: SetOnce<()>,
    asking: AtomicU8,
}

/// The most questions of one client that are being answered at a time.
const MOST_ASKING: u8 = 8;

impl Client {
    /// Adds a client to those who hear.
    pub(super) fn enter(
        rooms: &Arc<LegRooms>,
        visitor: Visitor,
        outlet: Box<dyn Outlet>,
    ) -> Arc<Self> {
        rooms.enter(|id| {
            Arc::new(Self {
                id,
                visitor,
                rooms: Arc::clone(rooms),
                outlet,
                known: Mutex::default(),
                behind: AtomicBool::new(true),
                connected: SetOnce::new(),
                asking: AtomicU8::new(0),
            })
        })
    }

    /// From now on messages reach the client. The library answers its request
    /// to connect a moment before that, so a quick client asks even earlier.
    pub(super) fn connected(&self) {
        // Said once; again changes nothing.
        let _ = self.connected.set(());
    }

    /// Waits until messages reach the client.
    pub(super) async fn reachable(&self) {
        self.connected.wait().await;
    }

    /// Begins a question, unless too many are being answered.
    pub(super) fn ask(self: &Arc<Self>) -> Option<Question> {
        let more = |asking: u8| (asking < MOST_ASKING).then_some(asking + 1);
        let begun = self
            .asking
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        begun.is_ok().then(|| Question::of(self))
    }

    /// Lets the client hear of `leg` from now on.
    pub(super) fn join(
        self: &Arc<Self>,
        leg: &ProviderCallId,
        now: Timestamp,
    ) -> Result<(), TooMany> {
        let gone = self.known().join(leg, now)?;
        if let Some(gone) = gone {
            self.rooms.leave(&gone, Arc::as_ptr(self));
        }
        if self.rooms.join(leg, self) {
            Ok(())
        } else {
            self.known().leave(leg, self.visitor.user.is_some());
            Err(TooMany)
        }
    }

    /// Lets it hear of `leg` no more.
    pub(super) fn leave(&self, leg: &ProviderCallId) {
        self.known().leave(leg, self.visitor.user.is_some());
        self.rooms.leave(leg, self);
    }

    /// Lets it hear no more of what it joined by `before` and nobody has heard
    /// of since.
    pub(super) fn forget_unheard(&self, before: Timestamp) {
        let forgotten = self.known().forget_unheard(before);
        for leg in &forgotten {
            self.rooms.leave(leg, self);
        }
    }

    /// Tells it that its token has expired, and hangs up; false where that has
    /// to be tried again.
    pub(super) fn show_out(&self) -> bool {
        self.outlet.show_out()
    }

    /// Ends a question.
    pub(super) fn answered(&self) {
        self.asking.fetch_sub(1, Ordering::Relaxed);
    }

    /// Tells the client what happened, if it is news. One that cannot take it
    /// is behind: it hears nothing until it is brought up to date, and is
    /// disconnected should it not read at all.
    pub(super) fn hear(&self, status: &LegStatus) {
        if !self.is_behind() {
            self.tell(status);
        }
    }

    pub(super) fn tell(&self, status: &LegStatus) {
        {
            let mut known = self.known();
            if !known.is_news(status) {
                return;
            }
            if !self.outlet.send(status) {
                drop(known);
                self.fall_behind();
                return;
            }
            known.told(status.clone());
        }
        if status.call_status.is_final() {
            self.rooms.leave(&status.call_sid, self);
        }
    }

    /// Marks the client as one that is to be told the present state.
    pub(super) fn fall_behind(&self) {
        if !self.behind.swap(true, Ordering::AcqRel) {
            self.rooms.call_for_help();
        }
    }

    pub(super) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Acquire)
    }

    /// From now on news is handed on again; what is looked at afterwards
    /// brings the client up to date. Returns the legs to look at, and whether
    /// the client has heard of each.
    pub(super) fn catch_up(&self) -> Vec<(ProviderCallId, bool)> {
        self.behind.store(false, Ordering::Release);
        self.known().legs()
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let me: *const Self = self;
        let known = self.known.get_mut().unwrap_or_else(PoisonError::into_inner);
        let legs: Vec<_> = known.joined().cloned().collect();
        self.rooms.forget(me, self.id, &self.visitor, legs.iter());
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{look::Look, rooms::RETRY},
        *,
    };
    use voip_core::{CallStatus, Event, EventKind, table};

    /// An outlet that takes so many messages, and what it took.
    #[derive(Clone)]
    struct Paper {
        room: Arc<AtomicU8>,
        written: Arc<Mutex<Vec<CallStatus>>>,
        shown_out: Arc<AtomicU8>,
    }

    fn now() -> Timestamp {
        Timestamp::from_secs(1_700_000_000)
    }

    fn ann(until: Timestamp) -> Visitor {
        Visitor {
            user: Some("ann".parse().unwrap()),
            until: Some(until),
            from: None,
        }
    }

    impl Outlet for Paper {
        fn send(&self, status: &LegStatus) -> bool {
            let less = |room: u8| room.checked_sub(1);
            let room = &self.room;
            let room = room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
            if room.is_ok() {
                self.written.lock().unwrap().push(status.call_status);
            }
            room.is_ok()
        }

        fn show_out(&self) -> bool {
            self.shown_out.fetch_add(1, Ordering::Relaxed) > 0
        }
    }

    fn paper(room: u8) -> Paper {
        Paper {
            room: Arc::new(AtomicU8::new(room)),
            written: Arc::default(),
            shown_out: Arc::default(),
        }
    }

    fn leg() -> ProviderCallId {
        "CA000000000000000000000000000000b1".parse().unwrap()
    }

    fn status(call_status: CallStatus) -> LegStatus {
        LegStatus {
            call_sid: leg(),
            call_status,
            duration: None,
        }
    }

    fn event(status: CallStatus, user: Option<&str>) -> Event {
        let (_, call) = table::calls().into_iter().next().unwrap();
        Event {
            call: call.id,
            leg: Some(leg()),
            seq: 0,
            audience: user.iter().map(|user| user.parse().unwrap()).collect(),
            kind: EventKind::reached(status),
        }
    }

    /// A client that is connected, and up to date.
    fn connected(rooms: &Arc<LegRooms>, visitor: Visitor, paper: Box<Paper>) -> Arc<Client> {
        let client = Client::enter(rooms, visitor, paper);
        client.connected();
        assert!(client.catch_up().is_empty());
        client
    }

    #[test]
    fn who_joins_before_being_connected_is_told_how_things_stand_then() {
        let rooms = Arc::new(LegRooms::default());
        let paper = paper(9);
        let client = Client::enter(&rooms, Visitor::default(), Box::new(paper.clone()));
        client.join(&leg(), now()).unwrap();
        rooms.deliver(&event(CallStatus::Ringing, None));
        assert!(paper.written.lock().unwrap().is_empty());
        client.connected();
        assert_eq!(client.catch_up(), [(leg(), false)]);
        rooms.deliver(&event(CallStatus::InProgress, None));
        assert_eq!(*paper.written.lock().unwrap(), [CallStatus::InProgress]);
    }

    #[test]
    fn a_user_who_joins_an_own_call_hears_everything_once() {
        let rooms = Arc::new(LegRooms::default());
        let paper = paper(9);
        let client = connected(&rooms, ann(now()), Box::new(paper.clone()));
        client.join(&leg(), now()).unwrap();
        for status in [CallStatus::Ringing, CallStatus::Ringing, CallStatus::Busy] {
            rooms.deliver(&event(status, Some("ann")));
        }
        let heard = paper.written.lock().unwrap().clone();
        assert_eq!(heard, [CallStatus::Ringing, CallStatus::Busy]);
        drop(client);
        assert!(rooms.is_empty(), "nothing is kept of who is gone");
    }

    #[test]
    fn who_cannot_take_more_is_told_how_things_stand_later() {
        let rooms = Arc::new(LegRooms::default());
        let paper = paper(1);
        let client = connected(&rooms, Visitor::default(), Box::new(paper.clone()));
        client.join(&leg(), now()).unwrap();
        rooms.deliver(&event(CallStatus::Queued, None));
        rooms.deliver(&event(CallStatus::Ringing, None));
        assert!(client.is_behind());
        paper.room.store(9, Ordering::Relaxed);
        rooms.deliver(&event(CallStatus::InProgress, None));
        assert_eq!(*paper.written.lock().unwrap(), [CallStatus::Queued]);
        assert_eq!(rooms.those_behind().len(), 1);

        assert_eq!(client.catch_up(), [(leg(), true)]);
        let look = Look::begin(Arc::clone(&client), None);
        // The end overtakes what was looked at before.
        rooms.deliver(&event(CallStatus::Completed, None));
        look.saw(&status(CallStatus::InProgress));
        drop(look);
        let heard = paper.written.lock().unwrap().clone();
        assert_eq!(heard, [CallStatus::Queued, CallStatus::Completed]);
        assert_eq!(rooms.those_behind().len(), 0);
        drop(client);
        assert!(rooms.is_empty());
    }

    #[test]
    fn lost_news_leaves_everybody_behind() {
        let rooms = Arc::new(LegRooms::default());
        let clients = [(); 3].map(|()| connected(&rooms, Visitor::default(), Box::new(paper(9))));
        rooms.lose_track();
        assert_eq!(rooms.those_behind().len(), clients.len());
    }

    #[test]
    fn only_so_many_questions_at_a_time() {
        let rooms = Arc::new(LegRooms::default());
        let client = connected(&rooms, Visitor::default(), Box::new(paper(9)));
        let mut asked: Vec<_> = std::iter::from_fn(|| client.ask()).collect();
        assert_eq!(asked.len(), usize::from(MOST_ASKING));
        drop(asked.pop().map(Question::look));
        assert!(client.ask().is_some());
    }

    #[test]
    fn whose_token_has_expired_is_shown_out_and_nobody_else_is() {
        let rooms = Arc::new(LegRooms::default());
        let later = now() + 10 * RETRY;
        let (early, late, nobody) = (paper(9), paper(9), paper(9));
        let first = connected(&rooms, ann(later), Box::new(late.clone()));
        let _second = connected(&rooms, ann(now()), Box::new(early.clone()));
        let _third = connected(&rooms, Visitor::default(), Box::new(nobody.clone()));
        assert_eq!(rooms.next_expiry(), Some(now()));
        rooms.expire(now());
        rooms.deliver(&event(CallStatus::Ringing, Some("ann")));
        let heard = |paper: &Paper| paper.written.lock().unwrap().len();
        assert_eq!((heard(&early), heard(&late)), (0, 1));
        // What did not succeed is tried again, once is enough.
        rooms.expire(now() + RETRY - std::time::Duration::from_millis(1));
        rooms.expire(now() + RETRY);
        rooms.expire(now() + 9 * RETRY);
        let shown_out = || [&early, &late, &nobody].map(|p| p.shown_out.load(Ordering::Relaxed));
        assert_eq!(shown_out(), [2, 0, 0]);
        assert_eq!(rooms.next_expiry(), Some(later));
        drop(first);
        assert_eq!(rooms.next_expiry(), None);
    }

    /// Joins `count` calls that there are not, as clients from `address`;
    /// returns how many joins were taken, and the clients.
    fn strangers(rooms: &Arc<LegRooms>, address: &str, count: usize) -> (usize, Vec<Arc<Client>>) {
        let clients: Vec<_> = (0..count / super::super::known::MOST_JOINED)
            .map(|_| {
                let from = Some(Origin::of(address.parse().unwrap()));
                let visitor = Visitor {
                    from,
                    ..Visitor::default()
                };
                connected(rooms, visitor, Box::new(paper(9)))
            })
            .collect();
        let mut taken = 0;
        for (n, client) in (0..count).zip(clients.iter().cycle()) {
            let leg = format!("CA{n:032x}").parse().unwrap();
            taken += usize::from(client.join(&leg, now()).is_ok());
        }
        (taken, clients)
    }

    #[test]
    fn the_clients_of_one_address_do_not_take_every_place() {
        let rooms = Arc::new(LegRooms::default());
        let (taken, clients) = strangers(&rooms, "192.0.2.1", 6_000);
        assert_eq!(taken, 5_000);
        let (others, _) = strangers(&rooms, "198.51.100.7", 100);
        assert_eq!(others, 100);
        // Names that no call has do not stay.
        rooms.forget_unheard(now());
        let (again, _) = strangers(&rooms, "192.0.2.1", 100);
        assert_eq!(again, 100);
        drop(clients);
        assert!(rooms.is_empty(), "nothing is kept of who is gone");
    }
}
