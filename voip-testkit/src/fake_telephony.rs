//! A telephony provider in memory.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use tokio::sync::watch;
use voip_core::{
    CallId, CallStatus, Callback, Error, ErrorKind, ProviderCallId, Result, Retry, Timestamp,
    VoiceIdentity,
    ports::{
        ClientToken, Clock, ConferenceRef, Dial, DialledLeg, LegReport, Redirected, RoomMember,
        RoomReport, Telephony,
    },
};

/// A telephony provider in memory, which remembers what it was asked to do and
/// can be told how the next dials go. It keeps the promises of [`Telephony`],
/// so it stands in for a real one.
///
/// Its legs do nothing of themselves: [`set_status`](Self::set_status) says
/// what the far end does. It sends no webhooks.
///
/// ```
/// use std::sync::Arc;
///
/// use voip_core::{CallId, CallStatus, ports::{Dial, Telephony}};
/// use voip_testkit::{FakeTelephony, ManualClock, NextDial};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = FakeTelephony::new(Arc::new(ManualClock::default()));
/// let dial = Dial {
///     call: CallId::fresh(),
///     to: "+15550001111".parse()?,
///     from: "+15550002222".parse()?,
///     ring_time: None,
/// };
/// provider.next_dial(NextDial::Refused);
/// assert!(provider.dial(&dial).await.is_err());
/// let leg = provider.dial(&dial).await?;
/// provider.set_status(&leg, CallStatus::InProgress);
/// assert_eq!(provider.dials(), 2);
/// assert_eq!(provider.status(&leg), Some(CallStatus::InProgress));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakeTelephony {
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    record: watch::Sender<TelephonyRecord>,
}

/// How a dial goes, other than well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextDial {
    /// The provider does not want the call.
    Refused,
    /// There is no connection: nothing was placed, and that is certain.
    Unreachable,
    /// Time runs out, and nothing was placed.
    TimesOutUnplaced,
    /// Time runs out, but the call was placed and can be found.
    TimesOutPlaced,
}

/// What the provider was asked to do, whatever came of it; in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TelephonyRecord {
    /// The dials.
    pub dials: Vec<Dial>,
    /// The redirects, with the calls they were for.
    pub redirects: Vec<(ProviderCallId, Callback)>,
    /// The legs to hang up.
    pub hang_ups: Vec<ProviderCallId>,
}

#[derive(Debug, Default)]
struct World {
    /// In the order in which they were made.
    legs: Vec<Leg>,
    next_dials: VecDeque<NextDial>,
    failures: VecDeque<Error>,
    participants: BTreeMap<(ProviderCallId, ProviderCallId), bool>,
    /// The conferences that have a name.
    rooms: BTreeMap<String, ProviderCallId>,
    /// The parents of legs that a dial of theirs made.
    parents: BTreeMap<ProviderCallId, ProviderCallId>,
}

#[derive(Debug)]
struct Leg {
    id: ProviderCallId,
    /// What it was made by; `None` for a leg that came in.
    dial: Option<Dial>,
    status: CallStatus,
    created_at: Timestamp,
    answered_at: Option<Timestamp>,
    changed_at: Timestamp,
}

/// The longest life of a client token.
const MAX_TTL: Duration = Duration::from_secs(86_400);

impl FakeTelephony {
    /// A provider without legs that lives by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            world: Mutex::default(),
            record: watch::Sender::default(),
        }
    }

    /// The next dial goes like this. Said several times, the next ones do, one
    /// each.
    pub fn next_dial(&self, next: NextDial) {
        self.world().next_dials.push_back(next);
    }

    /// The next request that is no dial fails with `error`. Said several
    /// times, the next ones do, one each.
    pub fn fail_next(&self, error: Error) {
        self.world().failures.push_back(error);
    }

    /// A leg that nobody dialled comes in.
    pub fn bring_in(&self, leg: &ProviderCallId, status: CallStatus) {
        let leg = Leg::new(leg.clone(), None, status, self.clock.now());
        self.world().legs.push(leg);
    }

    /// The leg reaches `status`; one that is over stays as it is.
    pub fn set_status(&self, leg: &ProviderCallId, status: CallStatus) {
        let now = self.clock.now();
        if let Some(leg) = self.world().leg(leg) {
            leg.reach(status, now);
        }
    }

    /// The status of a leg.
    pub fn status(&self, leg: &ProviderCallId) -> Option<CallStatus> {
        self.world().leg(leg).map(|leg| leg.status)
    }

    /// The legs that were placed for `call`, oldest first; more than one is
    /// what must never happen.
    pub fn legs_of(&self, call: CallId) -> Vec<ProviderCallId> {
        let world = self.world();
        let of_call = |leg: &&Leg| leg.dial.as_ref().is_some_and(|dial| dial.call == call);
        world
            .legs
            .iter()
            .filter(of_call)
            .map(|leg| leg.id.clone())
            .collect()
    }

    /// How many legs were placed by dials.
    pub fn placed(&self) -> usize {
        self.world()
            .legs
            .iter()
            .filter(|leg| leg.dial.is_some())
            .count()
    }

    /// A leg joins a conference.
    pub fn join(&self, conference: &ConferenceRef, leg: &ProviderCallId) {
        self.world()
            .participants
            .insert((conference.0.clone(), leg.clone()), false);
    }

    /// A conference gets a name.
    pub fn name_room(&self, name: &str, conference: &ConferenceRef) {
        self.world()
            .rooms
            .insert(name.to_owned(), conference.0.clone());
    }

    /// The dial of `parent` makes a leg, which comes to be with `status`.
    pub fn bring_child(&self, parent: &ProviderCallId, leg: &ProviderCallId, status: CallStatus) {
        self.bring_in(leg, status);
        self.world().parents.insert(leg.clone(), parent.clone());
    }

    /// Whether a participant is on hold; `None` where there is no such one.
    pub fn on_hold(&self, conference: &ConferenceRef, leg: &ProviderCallId) -> Option<bool> {
        self.world()
            .participants
            .get(&(conference.0.clone(), leg.clone()))
            .copied()
    }

    /// How many dials it was asked for, whatever came of them.
    pub fn dials(&self) -> usize {
        self.record.borrow().dials.len()
    }

    /// Everything it was asked to do.
    pub fn record(&self) -> TelephonyRecord {
        self.record.borrow().clone()
    }

    /// Waits until it was asked for enough, and gives everything it was asked
    /// to do. May be dropped at any time.
    pub async fn record_when(
        &self,
        enough: impl FnMut(&TelephonyRecord) -> bool + Send,
    ) -> TelephonyRecord {
        let mut record = self.record.subscribe();
        // An error means that the sender is gone, and it is ours.
        let _ = record.wait_for(enough).await;
        self.record()
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A test that panicked has failed already.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failure(&self) -> Result<()> {
        self.world().failures.pop_front().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Telephony for FakeTelephony {
    async fn dial(&self, dial: &Dial) -> Result<ProviderCallId> {
        self.record
            .send_modify(|record| record.dials.push(dial.clone()));
        let now = self.clock.now();
        let mut world = self.world();
        let timed_out = || Error::new(ErrorKind::Timeout, "no answer in time").ambiguous();
        match world.next_dials.pop_front() {
            None => Ok(world.place(dial, now)),
            Some(NextDial::Refused) => {
                Err(Error::new(ErrorKind::Refused, "the number is not valid").with_code(21_211))
            }
            Some(NextDial::Unreachable) => Err(Error::new(
                ErrorKind::Unavailable,
                "the provider cannot be reached",
            )),
            Some(NextDial::TimesOutUnplaced) => Err(timed_out()),
            Some(NextDial::TimesOutPlaced) => {
                world.place(dial, now);
                Err(timed_out())
            }
        }
    }

    async fn redirect(&self, leg: &ProviderCallId, to: Callback) -> Result<Redirected> {
        self.record
            .send_modify(|record| record.redirects.push((leg.clone(), to.clone())));
        self.failure()?;
        match self.status(leg) {
            Some(CallStatus::InProgress) => Ok(Redirected::Done),
            Some(status) if !status.is_final() => Err(Error::new(
                ErrorKind::Refused,
                "the leg is not connected yet",
            )
            .with_retry(Retry::Safe)),
            Some(_) | None => Ok(Redirected::Gone),
        }
    }

    async fn hang_up(&self, leg: &ProviderCallId) -> Result<()> {
        self.record
            .send_modify(|record| record.hang_ups.push(leg.clone()));
        self.failure()?;
        let end = match self.status(leg) {
            Some(CallStatus::InProgress) => CallStatus::Completed,
            _ => CallStatus::Canceled,
        };
        self.set_status(leg, end);
        Ok(())
    }

    async fn set_hold(
        &self,
        conference: &ConferenceRef,
        leg: &ProviderCallId,
        hold: bool,
    ) -> Result<()> {
        self.failure()?;
        match self
            .world()
            .participants
            .get_mut(&(conference.0.clone(), leg.clone()))
        {
            Some(on_hold) => {
                *on_hold = hold;
                Ok(())
            }
            None => Err(Error::new(
                ErrorKind::NotFound,
                "there is no such participant",
            )),
        }
    }

    async fn look_up(&self, leg: &ProviderCallId) -> Result<Option<LegReport>> {
        self.failure()?;
        Ok(self.world().leg(leg).map(|leg| leg.report()))
    }

    async fn find_dialled(&self, dial: &Dial, since: Timestamp) -> Result<Vec<DialledLeg>> {
        self.failure()?;
        let world = self.world();
        let same_parties = |leg: &&Leg| {
            leg.created_at >= since
                && leg
                    .dial
                    .as_ref()
                    .is_some_and(|made_by| (&made_by.to, &made_by.from) == (&dial.to, &dial.from))
        };
        let found = world.legs.iter().filter(same_parties);
        Ok(found
            .map(|leg| DialledLeg {
                report: leg.report(),
                created_at: Some(leg.created_at),
            })
            .collect())
    }

    async fn children(&self, parent: &ProviderCallId) -> Result<Vec<LegReport>> {
        self.failure()?;
        let world = self.world();
        let of_parent = |leg: &&Leg| world.parents.get(&leg.id) == Some(parent);
        let children = world.legs.iter().rev().filter(of_parent);
        Ok(children.map(Leg::report).collect())
    }

    async fn room(&self, name: &str) -> Result<Option<RoomReport>> {
        self.failure()?;
        let world = self.world();
        let Some(conference) = world.rooms.get(name) else {
            return Ok(None);
        };
        let members = world
            .participants
            .iter()
            .filter(|((room, _), _)| room == conference)
            .map(|((_, leg), &on_hold)| RoomMember {
                leg: leg.clone(),
                on_hold,
            })
            .collect();
        Ok(Some(RoomReport {
            conference: ConferenceRef(conference.clone()),
            members,
        }))
    }

    fn mint_client_token(
        &self,
        identity: &VoiceIdentity,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<ClientToken> {
        if ttl.is_zero() || ttl > MAX_TTL {
            return Err(Error::new(
                ErrorKind::Refused,
                "a client token lives for a day at most",
            ));
        }
        let until = (now + ttl).as_secs();
        Ok(ClientToken::new(format!(
            "fake.{}.{until}",
            identity.as_str()
        )))
    }
}

impl World {
    fn leg(&mut self, id: &ProviderCallId) -> Option<&mut Leg> {
        self.legs.iter_mut().find(|leg| leg.id == *id)
    }

    fn place(&mut self, dial: &Dial, now: Timestamp) -> ProviderCallId {
        let id = format!("CA{:032x}", self.legs.len() + 1);
        let id: ProviderCallId = id.parse().expect("letters and digits only");
        self.legs.push(Leg::new(
            id.clone(),
            Some(dial.clone()),
            CallStatus::Queued,
            now,
        ));
        id
    }
}

impl Leg {
    fn new(id: ProviderCallId, dial: Option<Dial>, status: CallStatus, now: Timestamp) -> Self {
        let mut leg = Self {
            id,
            dial,
            status: CallStatus::Initiated,
            created_at: now,
            answered_at: None,
            changed_at: now,
        };
        leg.reach(status, now);
        leg
    }

    fn reach(&mut self, status: CallStatus, now: Timestamp) {
        if self.status.is_final() {
            return;
        }
        if status == CallStatus::InProgress {
            self.answered_at.get_or_insert(now);
        }
        (self.status, self.changed_at) = (status, now);
    }

    fn report(&self) -> LegReport {
        let connected = self
            .answered_at
            .map_or(Duration::ZERO, |at| self.changed_at.since(at));
        LegReport {
            leg: self.id.clone(),
            status: self.status,
            at: Some(self.changed_at),
            duration: self
                .status
                .is_final()
                .then(|| Duration::from_secs(connected.as_secs())),
            reason: None,
        }
    }
}
