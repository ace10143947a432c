//! Rooms: conferences, and who is in them.

use std::collections::VecDeque;

use time::OffsetDateTime;

use super::Engine;
use super::leg::{Activity, LegId};
use super::recording::RecordingId;
use crate::inspect::{RoomStatus, Sound};
use crate::sid::CallSid;
use crate::twiml::{Conference, Recorded, StatusSubscription, Verb};

/// Names a room inside the engine, in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomId(pub(super) u64);

/// A conference and all that is known about it.
pub(crate) struct Room {
    pub(crate) sid: String,
    pub(crate) name: String,
    pub(crate) status: RoomStatus,
    /// When it took which status, for readers that lag behind.
    pub(crate) history: Vec<(OffsetDateTime, RoomStatus)>,
    pub(crate) created: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    /// In the order in which they entered.
    pub(crate) members: Vec<Member>,
    /// What the first participant brought along.
    pub(super) callbacks: Option<StatusSubscription>,
    pub(super) next_sequence: u32,
    pub(crate) end: Option<RoomEnd>,
    /// Legs that a REST request calls into it, with what they will be there.
    pub(crate) expected: Vec<Expected>,
    /// That it is recorded from its start.
    pub(super) recorded: Option<Recorded>,
    pub(super) recording: Option<RecordingId>,
}

/// A leg that is being called into a room.
pub(crate) struct Expected {
    pub(crate) leg: LegId,
    pub(crate) call: CallSid,
    pub(crate) conference: Conference,
    pub(crate) since: OffsetDateTime,
}

/// How a room ended.
#[derive(Clone)]
pub(crate) struct RoomEnd {
    pub(crate) reason: &'static str,
    pub(crate) by: Option<CallSid>,
    pub(super) by_label: Option<String>,
}

/// A leg in a room.
pub(crate) struct Member {
    pub(crate) leg: LegId,
    pub(crate) call: CallSid,
    pub(crate) label: Option<String>,
    pub(crate) muted: Flag,
    pub(crate) hold: Flag,
    pub(crate) start_on_enter: bool,
    pub(crate) end_on_exit: bool,
    pub(crate) joined: OffsetDateTime,
    pub(crate) updated: OffsetDateTime,
    /// The leg that alone hears it.
    pub(crate) coaches: Option<CallSid>,
    /// Whether the vendor's music plays where nothing else does before the start.
    pub(super) music: bool,
    pub(super) ear: Ear,
    /// Counts what it has been hearing; a timer or answer of something earlier is recognised by it.
    pub(super) turn: u64,
}

/// A setting that readers who lag behind may still see as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag {
    pub(crate) set: bool,
    before: bool,
    changed: OffsetDateTime,
}

/// What a participant hears.
pub(super) enum Ear {
    /// The others.
    Room,
    /// The vendor's own music.
    Music,
    /// Nothing.
    Silence,
    /// Nothing yet: a document was asked for.
    Fetching,
    /// A document, what is left of it and what sounds now. It runs once.
    Document {
        verbs: VecDeque<Verb>,
        base: Option<String>,
        sounds: Option<Sound>,
    },
}

impl Flag {
    pub(super) fn new(set: bool, now: OffsetDateTime) -> Self {
        Self {
            set,
            before: set,
            changed: now,
        }
    }

    /// Sets it; whether that changed anything.
    pub(super) fn put(&mut self, now: OffsetDateTime, set: bool) -> bool {
        if self.set == set {
            return false;
        }
        *self = Self {
            set,
            before: self.set,
            changed: now,
        };
        true
    }

    /// As it was then.
    pub(crate) fn at(self, then: OffsetDateTime) -> bool {
        match self.changed <= then {
            true => self.set,
            false => self.before,
        }
    }
}

impl Room {
    /// The status as of then, for readers that lag behind.
    pub(crate) fn status_at(&self, then: OffsetDateTime) -> RoomStatus {
        self.history
            .iter()
            .rev()
            .find(|(at, _)| *at <= then)
            .or(self.history.first())
            .map_or(self.status, |(_, status)| *status)
    }

    pub(crate) fn member(&self, leg: LegId) -> Option<&Member> {
        self.members.iter().find(|member| member.leg == leg)
    }

    pub(super) fn member_mut(&mut self, leg: LegId) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.leg == leg)
    }

    pub(super) fn set_status(&mut self, now: OffsetDateTime, status: RoomStatus) {
        self.status = status;
        self.updated = now;
        self.history.push((now, status));
    }
}

impl Engine {
    /// The room with this name that is not over.
    pub(crate) fn live_room(&self, name: &str) -> Option<RoomId> {
        self.live_rooms.get(name).copied()
    }

    pub(crate) fn room(&self, id: RoomId) -> &Room {
        self.rooms
            .get(&id)
            .expect("a room is forgotten only when it is over, and nobody is in it then")
    }

    pub(super) fn room_mut(&mut self, id: RoomId) -> &mut Room {
        self.rooms
            .get_mut(&id)
            .expect("a room is forgotten only when it is over, and nobody is in it then")
    }

    /// The room a leg is in.
    pub(crate) fn room_of(&self, id: LegId) -> Option<RoomId> {
        match &self.legs.get(&id)?.activity {
            Activity::Conferring(conferring) => Some(conferring.room),
            Activity::Idle
            | Activity::Fetching
            | Activity::Lasting(_)
            | Activity::Gathering(_)
            | Activity::Recording { .. }
            | Activity::Entering(_)
            | Activity::Dequeuing(_)
            | Activity::Dialling(_) => None,
        }
    }

    /// The room of a leg, and its place there.
    pub(super) fn member_mut(&mut self, id: LegId) -> Option<&mut Member> {
        let room = self.room_of(id)?;
        self.room_mut(room).member_mut(id)
    }

    /// Makes a room; nobody is in it yet.
    pub(crate) fn add_room(
        &mut self,
        now: OffsetDateTime,
        name: &str,
        callbacks: Option<StatusSubscription>,
        recorded: Option<Recorded>,
    ) -> RoomId {
        self.next_room += 1;
        let id = RoomId(self.next_room);
        let room = Room {
            sid: crate::sid::generate("CF", &mut self.seeded),
            name: name.to_owned(),
            status: RoomStatus::Init,
            history: vec![(now, RoomStatus::Init)],
            created: now,
            updated: now,
            members: Vec::new(),
            callbacks,
            next_sequence: 1,
            end: None,
            expected: Vec::new(),
            recorded,
            recording: None,
        };
        self.rooms_by_sid.insert(room.sid.clone(), id);
        self.live_rooms.insert(room.name.clone(), id);
        self.rooms.insert(id, room);
        id
    }

    /// Keeps the number of rooms that are over within bounds.
    pub(super) fn forget_old_rooms(&mut self) {
        while self.rooms.len() - self.live_rooms.len() > self.config.keep {
            let over = |(id, room): (&RoomId, &Room)| room.end.is_some().then_some(*id);
            let Some(oldest) = self.rooms.iter().find_map(over) else {
                return;
            };
            if let Some(room) = self.rooms.remove(&oldest) {
                self.rooms_by_sid.remove(&room.sid);
                self.bury(room.sid, oldest.place());
            }
        }
    }
}
