//! One leg: a connection between the provider and one far end.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use time::OffsetDateTime;

use super::conference::{Conferring, Entering};
use super::dequeue::Dequeuing;
use super::dial::Dialling;
use super::gather::Gathering;
use super::queue::Queueing;
use super::recording::RecordingId;
use crate::detection::Detection;
use crate::inspect::{Alert, Direction, Happening, Heard, Status};
use crate::phone::PhoneScript;
use crate::sid::CallSid;
use crate::twiml::{Conference, Recorded, StatusSubscription, Target, Verb};

/// Names a leg inside the engine, in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LegId(pub(super) u64);

/// Counts what a leg has been doing; a timer or answer of an earlier activity is recognised by it.
pub(super) type Epoch = u64;

/// A leg and all that is known about it.
pub(crate) struct Leg {
    pub(crate) sid: CallSid,
    pub(super) parent: Option<LegId>,
    /// Kept beside `parent`: the parent may be forgotten before the child.
    pub(crate) parent_sid: Option<CallSid>,
    pub(crate) direction: Direction,
    pub(crate) from: String,
    pub(crate) to: String,
    /// The TwiML App a voice client called through.
    pub(super) application_sid: Option<String>,
    pub(crate) number_sid: Option<String>,
    pub(crate) status: Status,
    /// When it took which status, for readers that lag behind.
    pub(crate) history: Vec<(OffsetDateTime, Status)>,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    pub(crate) started: Option<OffsetDateTime>,
    pub(crate) answered: Option<OffsetDateTime>,
    pub(crate) ended: Option<OffsetDateTime>,
    pub(super) sip: u16,
    pub(super) script: PhoneScript,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) first: FirstDocument,
    pub(super) fallback: Option<Target>,
    pub(super) status_callback: Option<StatusSubscription>,
    pub(super) next_sequence: u32,
    pub(super) ring_timeout: Duration,
    pub(super) time_limit: Duration,
    pub(super) time_limit_set: OffsetDateTime,
    pub(super) epoch: Epoch,
    pub(super) activity: Activity,
    pub(super) program: Program,
    pub(super) documents: u32,
    pub(super) redirect: Option<FirstDocument>,
    pub(super) redirects: u32,
    pub(super) link: Link,
    pub(super) peer: Option<LegId>,
    /// Whom it has had to do with, and whether they were ever connected.
    pub(super) partners: BTreeMap<LegId, bool>,
    /// Since when none of them is left.
    pub(super) alone_since: Option<OffsetDateTime>,
    pub(super) longest_alone: Duration,
    /// The queue it is in, or was fetched from.
    pub(super) queueing: Option<Box<Queueing>>,
    /// Keys that are sent when it is answered.
    pub(super) send_digits: Option<String>,
    /// Whether it is found out who answers.
    pub(super) detection: Option<Detection>,
    /// Who did, once that is known.
    pub(crate) answered_by: Option<&'static str>,
    /// That a REST request asked to record it.
    pub(super) recorded: Option<Recorded>,
    /// Recordings that end with it.
    pub(super) recordings: Vec<RecordingId>,
    /// The recording its last callback tells.
    pub(super) recording: Option<RecordingId>,
    /// The room that a REST request calls it into.
    pub(super) called_into: Option<super::RoomId>,
    /// How long it waits for its turn, as told over REST.
    pub(crate) queue_time: Duration,
    /// Cookies of the application: host, name and value.
    pub(super) cookies: Vec<(String, String, String)>,
    pub(super) heard: Vec<Heard>,
    /// The keys its far end pressed.
    pub(super) pressed: String,
    pub(super) alerts: Vec<Alert>,
}

/// Where a leg's first document comes from, or one it is redirected to.
#[derive(Clone)]
pub(crate) enum FirstDocument {
    /// Nowhere: the child of a dial is connected, not steered.
    None,
    /// From an absolute address.
    Fetched(Target),
    /// From the REST request itself.
    Inline(String),
    /// None: the leg enters this room.
    Room(Box<Conference>),
}

/// What is left of the document a leg runs.
#[derive(Default)]
pub(super) struct Program {
    pub(super) verbs: VecDeque<Verb>,
    /// Where the document came from; relative addresses resolve against it. Inline ones have none.
    pub(super) base: Option<String>,
}

/// How the child of a dial stands to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Not the child of a running dial, or no longer.
    Free,
    /// Its parent's dial waits for it or is connected with it.
    InDial,
    /// Answered, and hearing a document before it is connected.
    Screening,
}

/// What a leg is doing.
pub(super) enum Activity {
    /// Nothing of its own.
    Idle,
    /// Waiting for a document.
    Fetching,
    /// Speaking, playing or pausing.
    Lasting(&'static str),
    /// Collecting keys.
    Gathering(Gathering),
    /// Recording since then.
    Recording {
        record: crate::twiml::Record,
        recording: RecordingId,
    },
    /// Connecting the leg to somebody, or having done so.
    Dialling(Box<Dialling>),
    /// Wanting somebody out of a queue, or having got them.
    Dequeuing(Box<Dequeuing>),
    /// Waiting for the document that is heard before a room starts.
    Entering(Box<Entering>),
    /// In a room.
    Conferring(Box<Conferring>),
}

impl Activity {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Fetching => "fetching",
            Self::Lasting(verb) => verb,
            Self::Gathering(_) => "gather",
            Self::Recording { .. } => "record",
            Self::Dialling(_) | Self::Dequeuing(_) => "dial",
            Self::Entering(_) => "fetching",
            Self::Conferring(_) => "conference",
        }
    }
}

/// What a new leg starts from.
pub(crate) struct NewLeg {
    pub(crate) direction: Direction,
    pub(crate) status: Status,
    pub(crate) from: String,
    /// As resources show it; empty when a voice client called nobody in particular.
    pub(crate) to: String,
    pub(crate) application_sid: Option<String>,
    pub(crate) parent: Option<LegId>,
    pub(crate) first: FirstDocument,
    pub(crate) fallback: Option<Target>,
    pub(crate) status_callback: Option<StatusSubscription>,
    pub(crate) ring_timeout: Duration,
    pub(crate) time_limit: Duration,
    pub(crate) script: PhoneScript,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) extras: Extras,
}

/// What a new leg may have besides.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) send_digits: Option<String>,
    pub(crate) detection: Option<Detection>,
    pub(crate) recorded: Option<Recorded>,
}

impl Leg {
    /// Seconds from answer to end, a started second counted whole; zero if never answered.
    pub(crate) fn seconds(&self) -> u64 {
        match (self.answered, self.ended) {
            (Some(answered), Some(ended)) => {
                let talk = (ended - answered).unsigned_abs();
                talk.as_secs() + u64::from(talk.subsec_nanos() > 0)
            }
            _ => 0,
        }
    }

    /// The status as of then, for readers that lag behind.
    pub(crate) fn status_at(&self, then: OffsetDateTime) -> Status {
        self.history
            .iter()
            .rev()
            .find(|(at, _)| *at <= then)
            .or(self.history.first())
            .map_or(self.status, |(_, status)| *status)
    }
}

impl super::Engine {
    /// Makes a leg; nothing is due for it yet.
    pub(crate) fn add_leg(&mut self, now: OffsetDateTime, new: NewLeg) -> LegId {
        self.next_leg += 1;
        let id = LegId(self.next_leg);
        let sid = CallSid::generate(&mut self.seeded);
        let ours = match new.direction {
            Direction::Inbound => Some(new.to.as_str()),
            Direction::OutboundApi => Some(new.from.as_str()),
            Direction::OutboundDial => None,
        };
        let number_sid = ours
            .filter(|number| number.starts_with('+'))
            .map(str::to_owned)
            .map(|number| self.number_sid(number));
        let leg = Leg {
            sid: sid.clone(),
            parent: new.parent,
            parent_sid: new.parent.map(|parent| self.leg(parent).sid.clone()),
            direction: new.direction,
            from: new.from,
            to: new.to,
            application_sid: new.application_sid,
            number_sid,
            status: new.status,
            history: vec![(now, new.status)],
            created: now,
            updated: now,
            started: (new.status != Status::Queued).then_some(now),
            answered: None,
            ended: None,
            sip: 200,
            script: new.script,
            parameters: new.parameters,
            first: new.first,
            fallback: new.fallback,
            status_callback: new.status_callback,
            next_sequence: 0,
            ring_timeout: new.ring_timeout,
            time_limit: new.time_limit,
            time_limit_set: now,
            epoch: 0,
            activity: Activity::Idle,
            program: Program::default(),
            documents: 0,
            redirect: None,
            redirects: 0,
            link: Link::Free,
            peer: None,
            partners: BTreeMap::new(),
            alone_since: None,
            longest_alone: Duration::ZERO,
            queueing: None,
            send_digits: new.extras.send_digits,
            detection: new.extras.detection,
            answered_by: None,
            recorded: new.extras.recorded,
            recordings: Vec::new(),
            recording: None,
            called_into: None,
            queue_time: Duration::ZERO,
            cookies: Vec::new(),
            heard: Vec::new(),
            pressed: String::new(),
            alerts: Vec::new(),
        };
        self.live += 1;
        self.legs.insert(id, leg);
        self.by_sid.insert(sid, id);
        let leg = self.leg(id);
        let made = Happening::Made {
            direction: leg.direction,
            status: leg.status,
            parent: leg.parent_sid.clone(),
        };
        self.note(now, Some(id), made);
        id
    }

    /// Live legs.
    pub(crate) fn live_legs(&self) -> usize {
        self.live
    }

    /// Starts something new on a leg: answers and timers of what it did before mean nothing now.
    pub(super) fn begin(&mut self, id: LegId, activity: Activity) -> Epoch {
        let leg = self.leg_mut(id);
        leg.epoch += 1;
        leg.activity = activity;
        leg.epoch
    }

    /// Moves a leg to another status. Final ones are never left.
    pub(super) fn set_status(&mut self, now: OffsetDateTime, id: LegId, status: Status) {
        let leg = self.leg_mut(id);
        debug_assert!(!leg.status.is_final(), "a final state never changes");
        leg.status = status;
        leg.updated = now;
        leg.history.push((now, status));
        self.note(now, Some(id), Happening::State { status });
    }

    fn number_sid(&mut self, number: String) -> String {
        if let Some(known) = self.number_sids.get(&number) {
            return known.clone();
        }
        let sid = crate::sid::generate("PN", &mut self.seeded);
        self.number_sids
            .insert(number, sid.clone(), self.config.keep);
        sid
    }
}
