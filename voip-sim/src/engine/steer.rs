//! Steering legs over REST: placing, redirecting, limiting.

use time::OffsetDateTime;

use super::Engine;
use super::conference::Exit;
use super::dial_outcome::DialOutcome;
use super::leg::{Activity, FirstDocument, LegId, NewLeg, Program};
use super::recording::RecordingId;
use super::room::{Expected, RoomId};
use super::timer::Timer;
use crate::inspect::{RoomStatus, Status};
use crate::twiml::{Conference, StatusSubscription, Target};

impl Engine {
    /// Accepts a redirect; it takes effect shortly. Another one before that replaces it.
    pub(crate) fn redirect(&mut self, now: OffsetDateTime, id: LegId, document: FirstDocument) {
        let leg = self.leg_mut(id);
        leg.redirect = Some(document);
        leg.redirects += 1;
        leg.updated = now;
        let redirects = leg.redirects;
        let after = self.config.timing.redirect;
        self.timers.set(now + after, Timer::Redirect(id, redirects));
    }

    /// The leg drops what it is doing and runs the new document. A caller's dial is abandoned:
    /// whoever was called is hung up, and the action is asked for although nobody waits for the
    /// answer. A callee leaves its caller's dial, which is over by that, and lives on.
    pub(super) fn redirect_takes_effect(&mut self, now: OffsetDateTime, id: LegId, redirect: u32) {
        let leg = self.leg_mut(id);
        if leg.redirects != redirect || leg.status != Status::InProgress {
            return;
        }
        let Some(document) = leg.redirect.take() else {
            return;
        };
        // What the call was to begin with does not matter any more.
        self.leg_mut(id).first = FirstDocument::None;
        let room = self.room_of(id);
        match self.stop_activity(id) {
            Activity::Dialling(dialling) => {
                let outcome = self.abandon_dial(now, id, &dialling);
                self.part(id);
                self.ask_ignored_action(now, id, &dialling.dial, &outcome);
            }
            Activity::Entering(entering) => {
                let outcome = DialOutcome::of_conference("canceled", false);
                self.ask_ignored_action(now, id, &entering.dial, &outcome);
            }
            Activity::Conferring(conferring) => {
                let started = room.map(|room| self.room(room).status);
                if let Some(room) = room {
                    self.leave_room(now, id, room, Exit::Updated);
                }
                let bridged = started == Some(RoomStatus::InProgress);
                let outcome = DialOutcome::of_conference("answered", bridged);
                self.ask_ignored_action(now, id, &conferring.dial, &outcome);
            }
            Activity::Dequeuing(dequeuing) => {
                let outcome = self.abandon_dequeue(now, id, &dequeuing);
                self.ask_ignored_action(now, id, &dequeuing.dial, &outcome);
            }
            Activity::Recording { recording, .. } => self.end_recording(now, recording),
            Activity::Idle | Activity::Fetching | Activity::Lasting(_) | Activity::Gathering(_) => {
            }
        }
        if let Some(queueing) = self.leg_mut(id).queueing.take() {
            self.gone_from_queue(now, id, *queueing, true);
        }
        self.not_coming(now, id);
        self.child_leaves(now, id);
        self.leg_mut(id).program = Program::default();
        self.start_document(now, id, document);
    }

    /// Takes a call over REST; it is dialled shortly.
    pub(crate) fn place_api_call(&mut self, now: OffsetDateTime, new: NewLeg) -> LegId {
        let id = self.add_leg(now, new);
        let wait = self.take_slot(now);
        self.leg_mut(id).queue_time = wait;
        let turn = now + wait + self.config.timing.queue;
        self.timers.set(turn, Timer::Dial(id));
        id
    }

    /// Somebody is being called into a room.
    pub(crate) fn expect_in_room(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        room: RoomId,
        conference: Conference,
    ) {
        let call = self.leg(leg).sid.clone();
        self.leg_mut(leg).called_into = Some(room);
        self.room_mut(room).expected.push(Expected {
            leg,
            call,
            conference,
            since: now,
        });
    }

    /// A recording ends with this leg, at the latest.
    pub(crate) fn ends_with(&mut self, leg: LegId, recording: RecordingId) {
        let leg = self.leg_mut(leg);
        leg.recordings.push(recording);
        leg.recording = Some(recording);
    }

    pub(crate) fn set_fallback(&mut self, id: LegId, fallback: Target) {
        self.leg_mut(id).fallback = Some(fallback);
    }

    /// Replaces where a leg's status is told. The events stay as they were; a leg without any
    /// gets the default.
    pub(crate) fn set_status_callback(
        &mut self,
        id: LegId,
        replace: impl FnOnce(Vec<String>) -> StatusSubscription,
    ) {
        let leg = self.leg_mut(id);
        let events = leg
            .status_callback
            .take()
            .map_or_else(|| vec!["completed".to_owned()], |old| old.events);
        leg.status_callback = Some(replace(events));
    }

    /// Changes the time limit of a call; it counts from the answer.
    pub(crate) fn limit_call(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        limit: std::time::Duration,
    ) {
        let leg = self.leg_mut(id);
        leg.time_limit = limit;
        leg.time_limit_set = now;
        if let Some(answered) = leg.answered {
            let at = (answered + limit).max(now);
            self.timers.set(at, Timer::CallLimit(id, now));
        }
    }
}
