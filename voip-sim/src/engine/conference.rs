//! `Dial` with a `Conference`: entering a room, leaving it, and the life of the room.

use time::OffsetDateTime;

use super::Engine;
use super::dial_outcome::DialOutcome;
use super::fetch::Purpose;
use super::finish::EndedBy;
use super::leg::{Activity, LegId};
use super::recording::Source;
use super::room::{Ear, Flag, Member, Room, RoomEnd, RoomId};
use super::room_callback::RoomEvent;
use super::timer::Timer;
use crate::inspect::RoomStatus;
use crate::twiml::{Conference, Dial, StatusSubscription, Wait};

/// A leg that waits for the document it is to hear before it enters.
pub(super) struct Entering {
    pub(super) dial: Dial,
    conference: Conference,
}

/// A leg in a room.
pub(super) struct Conferring {
    pub(super) room: RoomId,
    pub(super) dial: Dial,
}

/// Why a participant is not in its room any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It hung up, pressed the star key, or reached a limit.
    HungUp,
    /// A REST request took it elsewhere, or ended it.
    Updated,
    /// A REST request removed it from the room.
    Removed,
}

impl Exit {
    fn reason(self) -> &'static str {
        match self {
            Self::HungUp => "participant_hung_up",
            Self::Updated | Self::Removed => "participant_updated_via_api",
        }
    }

    fn ends_room_as_moderator(self) -> &'static str {
        match self {
            Self::HungUp | Self::Updated => "participant-with-end-conference-on-exit-left",
            Self::Removed => "participant-with-end-conference-on-exit-kicked",
        }
    }

    fn ends_room_as_last(self) -> &'static str {
        match self {
            Self::HungUp | Self::Updated => "last-participant-left",
            Self::Removed => "last-participant-kicked",
        }
    }
}

impl Engine {
    /// A leg is to enter a room. If it would have to wait there, and the application has a
    /// document for that, the document comes first: without it the leg does not enter.
    pub(super) fn begin_conference(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        dial: Dial,
        conference: Conference,
    ) {
        self.answer(now, id);
        match conference.wait.clone() {
            Wait::Document(target) if !self.starts_with(&conference) => {
                let entering = Entering { dial, conference };
                self.begin(id, Activity::Entering(Box::new(entering)));
                self.ask_aside(now, id, &target, Purpose::Wait);
            }
            Wait::Document(_) | Wait::Music | Wait::Silence => {
                self.enter(now, id, dial, conference, Ear::Silence);
            }
        }
    }

    /// The wait document is there.
    pub(super) fn wait_document_arrived(&mut self, now: OffsetDateTime, id: LegId, ear: Ear) {
        if let Activity::Entering(entering) = self.stop_activity(id) {
            let Entering { dial, conference } = *entering;
            self.enter(now, id, dial, conference, ear);
        }
    }

    /// The wait document could not be had: the leg goes on without having entered.
    pub(super) fn stays_outside(&mut self, now: OffsetDateTime, id: LegId) {
        if let Activity::Entering(entering) = self.stop_activity(id) {
            let outcome = DialOutcome::of_conference("failed", false);
            self.after_dial(now, id, entering.dial.action.as_ref(), &outcome);
        }
    }

    /// Whether a room would be under way with this participant in it.
    fn starts_with(&self, conference: &Conference) -> bool {
        let Some(room) = self.live_room(&conference.name).map(|id| self.room(id)) else {
            return false;
        };
        match room.status {
            RoomStatus::InProgress => true,
            RoomStatus::Init => {
                conference.start_on_enter || room.members.iter().any(|other| other.start_on_enter)
            }
            RoomStatus::Completed => false,
        }
    }

    fn enter(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        dial: Dial,
        conference: Conference,
        waiting: Ear,
    ) {
        let taken = |label: &String, member: &Member| member.label.as_ref() == Some(label);
        let room = match self.live_room(&conference.name) {
            Some(room) => {
                let members = &self.room(room).members;
                let label = conference.label.as_ref();
                let label_taken =
                    label.is_some_and(|label| members.iter().any(|member| taken(label, member)));
                if label_taken || members.len() >= conference.max_participants {
                    if label_taken {
                        let message = "Conference: the participant's label is taken";
                        self.alert(now, id, 16025, message);
                    }
                    let outcome = DialOutcome::of_conference("failed", false);
                    return self.after_dial(now, id, dial.action.as_ref(), &outcome);
                }
                room
            }
            None => {
                let base = self.leg(id).program.base.clone();
                let callbacks = conference.status.and_then(|status| {
                    let url = super::fetch::resolve(base.as_deref(), &status.url)?;
                    Some(StatusSubscription { url, ..status })
                });
                let recorded = conference.recorded.clone();
                self.add_room(now, &conference.name, callbacks, recorded)
            }
        };
        let coach = conference.coach.as_deref();
        let coaches = coach.and_then(|call| self.coached_by(now, room, id, call));
        self.room_mut(room).expected.retain(|other| other.leg != id);
        let limit = dial.time_limit;
        let epoch = self.begin(
            id,
            Activity::Conferring(Box::new(Conferring { room, dial })),
        );
        self.timers.set(now + limit, Timer::Step(id, epoch));
        let others: Vec<LegId> = self.room(room).members.iter().map(|m| m.leg).collect();
        for other in others {
            self.acquaint(now, id, other, true);
        }
        let call = self.leg(id).sid.clone();
        self.room_mut(room).members.push(Member {
            leg: id,
            call,
            label: conference.label,
            muted: Flag::new(conference.muted, now),
            hold: Flag::new(false, now),
            start_on_enter: conference.start_on_enter,
            end_on_exit: conference.end_on_exit,
            joined: now,
            updated: now,
            coaches,
            music: conference.wait == Wait::Music,
            ear: Ear::Silence,
            turn: 0,
        });
        let start_first = self.config.choices.start_before_join;
        if !start_first {
            self.tell_room(now, room, RoomEvent::Join, id);
        }
        match self.room(room).status {
            RoomStatus::InProgress => self.listen(now, id, Ear::Room),
            RoomStatus::Init | RoomStatus::Completed => {
                let waiting = match conference.wait {
                    Wait::Music => Ear::Music,
                    Wait::Silence | Wait::Document(_) => waiting,
                };
                if !self.start_if_ready(now, room, id) {
                    self.listen(now, id, waiting);
                }
            }
        }
        if start_first {
            self.tell_room(now, room, RoomEvent::Join, id);
        }
    }

    /// Two are in, and one of them may start it: the waiting is over, except for the held.
    fn start_if_ready(&mut self, now: OffsetDateTime, id: RoomId, by: LegId) -> bool {
        let room = self.room_mut(id);
        if room.members.len() < 2 || !room.members.iter().any(|member| member.start_on_enter) {
            return false;
        }
        room.set_status(now, RoomStatus::InProgress);
        let members = room.members.iter();
        let waiting: Vec<LegId> = members.filter(|m| !m.hold.set).map(|m| m.leg).collect();
        for leg in waiting {
            self.listen(now, leg, Ear::Room);
        }
        self.tell_room(now, id, RoomEvent::Start, by);
        if let Some(recorded) = self.room_mut(id).recorded.take() {
            let sid = Some(self.room(id).sid.clone());
            let recording = self.start_recording(now, by, sid, Source::Conference, recorded);
            self.room_mut(id).recording = Some(recording);
        }
        true
    }

    /// A leg is in a room no longer; what it does now is its own affair.
    pub(super) fn leave_room(&mut self, now: OffsetDateTime, leg: LegId, id: RoomId, exit: Exit) {
        self.tell_leave(now, id, leg, exit.reason());
        let room = self.room_mut(id);
        let Some(index) = room.members.iter().position(|member| member.leg == leg) else {
            return;
        };
        let gone = room.members.remove(index);
        room.updated = now;
        let empty = room.members.is_empty() && room.expected.is_empty();
        let reason = match (gone.end_on_exit, empty) {
            (true, _) => exit.ends_room_as_moderator(),
            (false, true) => exit.ends_room_as_last(),
            (false, false) => return,
        };
        let end = RoomEnd {
            reason,
            by: Some(gone.call),
            by_label: gone.label,
        };
        self.end_room(now, id, leg, end, "moderator_ended_conference");
    }

    /// The room is over. Whoever is still in it goes on after its dial.
    fn end_room(
        &mut self,
        now: OffsetDateTime,
        id: RoomId,
        about: LegId,
        end: RoomEnd,
        why_others_leave: &'static str,
    ) {
        let others: Vec<LegId> = self.room(id).members.iter().map(|m| m.leg).collect();
        for &other in &others {
            self.tell_leave(now, id, other, why_others_leave);
            self.room_mut(id)
                .members
                .retain(|member| member.leg != other);
        }
        let room = self.room_mut(id);
        let bridged = room.status == RoomStatus::InProgress;
        room.set_status(now, RoomStatus::Completed);
        room.end = Some(end);
        let recording = room.recording.take();
        let expected = std::mem::take(&mut room.expected);
        let name = room.name.clone();
        self.live_rooms.remove(&name);
        self.tell_room(now, id, RoomEvent::End, about);
        if let Some(recording) = recording {
            self.end_recording(now, recording);
        }
        for expected in expected {
            self.end(now, expected.leg, EndedBy::Provider);
        }
        for other in others {
            self.conference_over(now, other, bridged);
        }
        self.forget_old_rooms();
    }

    /// A leg that was taken out of its room goes on.
    fn conference_over(&mut self, now: OffsetDateTime, id: LegId, bridged: bool) {
        if let Activity::Conferring(conferring) = self.stop_activity(id) {
            let outcome = DialOutcome::of_conference("answered", bridged);
            self.after_dial(now, id, conferring.dial.action.as_ref(), &outcome);
        }
    }

    /// A leg leaves its room and goes on after its dial: by a key, a limit, or a REST request.
    pub(crate) fn step_out(&mut self, now: OffsetDateTime, leg: LegId, exit: Exit) {
        let Some(room) = self.room_of(leg) else {
            return;
        };
        let bridged = self.room(room).status == RoomStatus::InProgress;
        self.leave_room(now, leg, room, exit);
        self.conference_over(now, leg, bridged);
    }

    /// A leg that was called into a room has ended before it came. A room that nobody is in and
    /// nobody comes to is over.
    pub(super) fn not_coming(&mut self, now: OffsetDateTime, leg: LegId) {
        let Some(id) = self.leg(leg).called_into else {
            return;
        };
        let expected = |room: &Room| room.expected.iter().any(|expected| expected.leg == leg);
        if !self.rooms.get(&id).is_some_and(expected) {
            return;
        }
        self.tell_not_coming(now, id, leg);
        let room = self.room_mut(id);
        room.expected.retain(|expected| expected.leg != leg);
        if room.members.is_empty() && room.expected.is_empty() {
            let end = RoomEnd {
                reason: "last-participant-left",
                by: Some(self.leg(leg).sid.clone()),
                by_label: None,
            };
            self.end_room(now, id, leg, end, "participant_add_failed");
        }
    }

    /// A REST request ends a room for everybody.
    pub(crate) fn close_room(&mut self, now: OffsetDateTime, id: RoomId) {
        // A room that is not over has somebody in it.
        let room = self.room(id);
        let members = room.members.iter().map(|member| member.leg);
        let mut legs = members.chain(room.expected.iter().map(|expected| expected.leg));
        let Some(about) = legs.next() else {
            return;
        };
        let end = RoomEnd {
            reason: "conference-ended-via-api",
            by: None,
            by_label: None,
        };
        self.end_room(now, id, about, end, "conference_ended_via_api");
    }
}
