//! A telephony provider in memory.

mod answers;
mod leg;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use voip_core::{
    CallId, CallStatus, Callback, Error, ProviderCallId, Result,
    ports::{Clock, ConferenceRef, Dial},
};

use leg::{Leg, World};

/// A telephony provider in memory, which remembers what it was asked to do and
/// can be told how the next dials go. It keeps the promises of
/// [`Telephony`](voip_core::ports::Telephony), so it stands in for a real one.
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
    /// Whether look-ups wait.
    mute: watch::Sender<bool>,
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
    /// The legs that were looked up.
    pub look_ups: Vec<ProviderCallId>,
}

impl FakeTelephony {
    /// A provider without legs that lives by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            world: Mutex::default(),
            record: watch::Sender::default(),
            mute: watch::Sender::default(),
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

    /// From now on look-ups get no answer for as long as it is `mute`; those
    /// that wait then are answered.
    pub fn mute_look_ups(&self, mute: bool) {
        self.mute.send_replace(mute);
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
