//! The simulator without sockets, threads or a clock.
//!
//! The engine is driven by its caller, who tells it the time with every call:
//!
//! 1. Feed it: [`Engine::rest`] for a REST request, [`Engine::place_call`] and its siblings for
//!    what people at the far ends do, [`Engine::answered`] for what came of a webhook.
//! 2. Drain [`Engine::poll`] until it yields nothing: these webhooks are to be sent now.
//! 3. Wait until [`Engine::next_due`] or until there is something to feed, call
//!    [`Engine::advance`], and start over.
//!
//! Nothing happens in between, so hours of calls take as long as their webhooks do. The same seed
//! and the same inputs give the same outputs, byte for byte.

mod announce;
mod answer;
mod callback;
mod conference;
mod config;
mod cookie;
mod deliver;
mod deliveries;
mod dequeue;
mod detect;
mod dial;
mod dial_outcome;
mod drive;
mod far_end;
mod fetch;
mod fields;
mod finish;
mod gather;
mod hold;
mod invariant;
mod journal;
mod leg;
mod mistreat;
mod partner;
mod places;
mod queue;
mod reading;
mod recording;
mod remembered;
mod replay;
mod room;
mod room_callback;
mod run;
mod settings;
mod steer;
mod timer;
mod views;
#[cfg(feature = "media")]
mod wiring;

pub use config::{ApiKey, Application, EngineConfig, NumberConfig, Surplus, Timing};
pub use drive::DriveError;
pub use settings::Settings;

pub(crate) use conference::Exit;
pub(crate) use fields::{API_VERSION, date};
pub(crate) use finish::EndedBy;
pub(crate) use leg::{Extras, FirstDocument, Leg, LegId, NewLeg};
pub(crate) use recording::{Recording, RecordingId, Source};
pub(crate) use room::{Expected, Member, Room, RoomId};
#[cfg(feature = "media")]
pub(crate) use wiring::{RingingClient, Standing};

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::num::NonZeroU32;

use time::OffsetDateTime;

use crate::faults::{Faults, RestFault, RestTarget, ScriptedFault, ScriptedWebhookFault};
use crate::inspect::Happening;
use crate::phone::{ClientScript, PhoneScript};
use crate::rest::{self, RestReply, RestRequest};
use crate::seeded::Seeded;
use crate::sid::CallSid;
use crate::webhook::{Webhook, WebhookId};

use announce::{Announcement, AnnouncementId};
use deliver::{Line, Sending};
use deliveries::Deliveries;
use remembered::Remembered;
use timer::{Timer, Timers};

/// The simulated provider: all its calls, and what is due when.
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) faults: Faults,
    pub(crate) scripted_rest_faults: VecDeque<ScriptedFault>,
    scripted_webhook_faults: VecDeque<ScriptedWebhookFault>,
    pub(crate) seeded: Seeded,
    pub(crate) legs: BTreeMap<LegId, Leg>,
    pub(crate) by_sid: HashMap<CallSid, LegId>,
    pub(crate) rooms: BTreeMap<RoomId, Room>,
    pub(crate) rooms_by_sid: HashMap<String, RoomId>,
    live_rooms: HashMap<String, RoomId>,
    queues: BTreeMap<String, queue::Queue>,
    pub(crate) recordings: BTreeMap<RecordingId, Recording>,
    pub(crate) recordings_by_sid: HashMap<String, RecordingId>,
    /// The places of what was forgotten.
    graves: Remembered<u64>,
    next_recording: u64,
    announcements: BTreeMap<AnnouncementId, Announcement>,
    next_announcement: u64,
    next_leg: u64,
    next_room: u64,
    next_webhook: u64,
    live: usize,
    /// While a request is answered whose lists a fault empties.
    pub(crate) lists_nothing: bool,
    /// When the last calls were placed over REST, as far back as their rate is limited.
    placed: VecDeque<OffsetDateTime>,
    finished: VecDeque<LegId>,
    phones: HashMap<String, PhoneScript>,
    clients: HashMap<String, ClientScript>,
    number_sids: Remembered<String>,
    /// What single numbers do with inbound calls, where that differs.
    numbers: HashMap<String, NumberConfig>,
    timers: Timers,
    /// The latest time it was told.
    clock: OffsetDateTime,
    /// Webhooks to be sent, in the order in which they were ready.
    outbox: VecDeque<WebhookId>,
    sending: BTreeMap<WebhookId, Sending>,
    lines: HashMap<String, Line>,
    deliveries: Deliveries,
    journal: journal::Journal,
}

impl Engine {
    /// A provider with no calls.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            faults: config.faults.clone().within_a_day(),
            scripted_rest_faults: VecDeque::new(),
            scripted_webhook_faults: VecDeque::new(),
            seeded: Seeded::new(config.seed),
            legs: BTreeMap::new(),
            by_sid: HashMap::new(),
            rooms: BTreeMap::new(),
            rooms_by_sid: HashMap::new(),
            live_rooms: HashMap::new(),
            queues: BTreeMap::new(),
            recordings: BTreeMap::new(),
            recordings_by_sid: HashMap::new(),
            graves: Remembered::default(),
            next_recording: 0,
            announcements: BTreeMap::new(),
            next_announcement: 0,
            next_leg: 0,
            next_room: 0,
            next_webhook: 0,
            live: 0,
            lists_nothing: false,
            placed: VecDeque::new(),
            finished: VecDeque::new(),
            phones: HashMap::new(),
            clients: HashMap::new(),
            number_sids: Remembered::default(),
            numbers: HashMap::new(),
            timers: Timers::default(),
            clock: OffsetDateTime::UNIX_EPOCH,
            outbox: VecDeque::new(),
            sending: BTreeMap::new(),
            lines: HashMap::new(),
            deliveries: Deliveries::default(),
            journal: journal::Journal::default(),
            config,
        }
    }

    /// Answers one REST request.
    pub fn rest(&mut self, now: OffsetDateTime, request: &RestRequest<'_>) -> RestReply {
        self.advance(now);
        let reply = rest::answer(self, now, request);
        self.note_rest(now, request, &reply);
        reply
    }

    /// When something happens next if nobody does anything.
    pub fn next_due(&self) -> Option<OffsetDateTime> {
        self.timers.next_due()
    }

    /// Lets everything happen that is due by `now`, each thing at its own time.
    pub fn advance(&mut self, now: OffsetDateTime) {
        self.clock = self.clock.max(now);
        while let Some((at, timer)) = self.timers.pop_due(now) {
            self.fire(at, timer);
        }
    }

    /// The next webhook to send now. Its fifteen seconds begin with that, at the time the engine
    /// was told last: whoever can send no more for the moment leaves the others where they are.
    pub fn poll(&mut self) -> Option<Webhook> {
        loop {
            let next = self.outbox.pop_front()?;
            // One that was given up while it waited is not sent any more.
            if let Some(webhook) = self.goes_out(next) {
                return Some(webhook);
            }
        }
    }

    /// What webhooks and REST requests go through from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults.within_a_day();
    }

    /// Lets the next `times` matching REST requests meet this fault, ahead of any rate.
    pub fn fail_next_rest(&mut self, target: RestTarget, fault: RestFault, times: usize) {
        self.script_rest_fault(None, target, fault, times);
    }

    /// Lets the next `times` matching REST requests whose path has this SID, of a call or of a
    /// conference, meet this fault.
    pub fn fail_next_rest_about(
        &mut self,
        sid: impl Into<String>,
        target: RestTarget,
        fault: RestFault,
        times: usize,
    ) {
        self.script_rest_fault(Some(sid.into()), target, fault, times);
    }

    fn script_rest_fault(
        &mut self,
        about: Option<String>,
        target: RestTarget,
        fault: RestFault,
        times: usize,
    ) {
        let scripted = ScriptedFault {
            target,
            fault: fault.within_a_day(),
            about,
        };
        self.scripted_rest_faults
            .extend(std::iter::repeat_n(scripted, times));
    }

    /// Forgets the scripted faults that have not met their requests or webhooks yet.
    pub fn forget_scripted_faults(&mut self) {
        self.scripted_rest_faults.clear();
        self.scripted_webhook_faults.clear();
    }

    /// How many calls may be placed over REST in one second; `None` is any number.
    pub fn set_calls_per_second(&mut self, limit: Option<NonZeroU32>) {
        self.config.calls_per_second = limit;
    }

    /// What becomes of calls above that rate.
    pub fn set_surplus(&mut self, surplus: Surplus) {
        self.config.surplus = surplus;
    }

    /// Scripts the telephone with this number, in E.164 form.
    pub fn set_phone(&mut self, number: impl Into<String>, script: PhoneScript) {
        self.phones.insert(number.into(), script);
    }

    /// Scripts the voice client with this identity.
    pub fn set_client(&mut self, identity: impl Into<String>, script: ClientScript) {
        self.clients.insert(identity.into(), script);
    }

    /// A voice client signs in, as a browser does that shows each call to its user: it rings
    /// until somebody answers ([`Engine::pick_up`]), declines ([`Engine::reject`]) or gives up.
    pub fn register_client(&mut self, identity: impl Into<String>) {
        self.set_client(identity, ClientScript::no_answer());
    }

    /// A voice client signs out: it can still call, and calls to it end `no-answer` at once.
    pub fn unregister_client(&mut self, identity: impl Into<String>) {
        self.set_client(identity, ClientScript::offline());
    }

    /// Whether a voice client has a script, or is signed in or out.
    #[cfg(feature = "media")]
    pub(crate) fn knows_client(&self, identity: &str) -> bool {
        self.clients.contains_key(identity)
    }

    /// What the account's numbers do with inbound calls.
    pub fn number(&self) -> &NumberConfig {
        &self.config.number
    }

    /// Changes what the account's numbers do with inbound calls.
    pub fn set_number(&mut self, number: NumberConfig) {
        self.config.number = number;
    }

    /// Changes what one of the account's numbers does with inbound calls.
    pub fn set_number_of(&mut self, number: impl Into<String>, config: NumberConfig) {
        self.numbers.insert(number.into(), config);
    }

    /// Changes the TwiML App that voice clients call through.
    pub fn set_application(&mut self, application: Option<Application>) {
        self.config.application = application;
    }

    /// Forgets all calls, scripts, webhooks and faults, as if new; numbering goes on, so that
    /// late answers to old webhooks find nothing.
    pub fn reset(&mut self, now: OffsetDateTime) {
        let fresh = Self::new(self.config.clone());
        *self = Self {
            seeded: self.seeded.clone(),
            next_leg: self.next_leg,
            next_room: self.next_room,
            next_recording: self.next_recording,
            next_announcement: self.next_announcement,
            next_webhook: self.next_webhook,
            clock: self.clock,
            journal: self.journal.emptied(),
            ..fresh
        };
        self.note(now, None, Happening::Reset);
    }

    fn fire(&mut self, at: OffsetDateTime, timer: Timer) {
        if timer.leg().is_some_and(|leg| !self.legs.contains_key(&leg)) {
            return;
        }
        match timer {
            Timer::Dial(leg) => self.begin_dialling(at, leg),
            Timer::Ring(leg) => self.begin_ringing(at, leg),
            Timer::FarEnd(leg) => self.far_end_acts(at, leg),
            Timer::RingTimeout(leg) => self.ring_timed_out(at, leg),
            Timer::FarHangUp(leg) => self.far_end_hangs_up(at, leg),
            Timer::Press(leg, keys) => self.keys_pressed(at, leg, &keys),
            Timer::CallLimit(leg, set_at) => self.call_limit_reached(at, leg, set_at),
            Timer::Step(leg, epoch) => self.step(at, leg, epoch),
            Timer::Redirect(leg, epoch) => self.redirect_takes_effect(at, leg, epoch),
            Timer::Ceiling(webhook) => self.ceiling_reached(at, webhook),
            Timer::Speak(leg, text) => self.spoken(at, leg, &text),
            Timer::Verdict(leg) => self.verdict_found(at, leg),
            Timer::FirstDocument(leg) => self.begin_first_document(at, leg),
            Timer::RecordingReady(recording) => self.recording_ready(at, recording),
            Timer::Listening(leg, turn) => self.heard_out(at, leg, turn),
            Timer::Announcement(announcement) => self.announcement_goes_on(at, announcement),
            Timer::Line(line) => self.move_line(at, &line),
            Timer::Release(prepared) => self.send(at, *prepared),
        }
    }

    pub(crate) fn leg(&self, id: LegId) -> &Leg {
        self.legs
            .get(&id)
            .expect("ids of legs are only kept while the leg is, and timers are checked")
    }

    pub(crate) fn leg_mut(&mut self, id: LegId) -> &mut Leg {
        self.legs
            .get_mut(&id)
            .expect("ids of legs are only kept while the leg is, and timers are checked")
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine")
            .field("legs", &self.legs.len())
            .field("sending", &self.sending.len())
            .finish_non_exhaustive()
    }
}
