//! How legs end, and what ends with them.

use time::OffsetDateTime;

use super::conference::Exit;
use super::dial_outcome::DialOutcome;
use super::leg::{Activity, LegId, Link, Program};
use super::{Engine, callback::Event};
use crate::inspect::{RoomStatus, Status};

/// Who ended a leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndedBy {
    /// The person at the far end: the action of an abandoned dial is still asked for.
    FarEnd,
    /// A verb, a limit, or the other side of a dial.
    Provider,
    /// A REST request.
    Api,
}

impl EndedBy {
    fn exit(self) -> Exit {
        match self {
            Self::FarEnd | Self::Provider => Exit::HungUp,
            Self::Api => Exit::Updated,
        }
    }
}

impl Engine {
    /// Ends a leg and everything that hangs on it. A leg that is over stays as it is.
    pub(crate) fn finish(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        status: Status,
        sip: u16,
        by: EndedBy,
    ) {
        if self.leg(id).status.is_final() {
            return;
        }
        let never_dialled = self.leg(id).status == Status::Queued;
        let room = self.room_of(id);
        let activity = self.stop_activity(id);
        let abandoned = match &activity {
            Activity::Dialling(dialling) => Some(self.abandon_dial(now, id, dialling)),
            _ => None,
        };
        let dequeued = match &activity {
            Activity::Dequeuing(dequeuing) => Some(self.abandon_dequeue(now, id, dequeuing)),
            _ => None,
        };
        let queueing = self.leg_mut(id).queueing.take();
        self.part(id);
        self.set_status(now, id, status);
        self.timers.take_back_leg(id);
        let leg = self.leg_mut(id);
        leg.ended = Some(now);
        leg.sip = sip;
        leg.redirect = None;
        let link = std::mem::replace(&mut leg.link, Link::Free);
        let parent = leg.parent;
        self.live -= 1;
        self.finished.push_back(id);
        self.partner_gone(now, id);
        // Taken back before it was dialled, a call is not reported at all.
        if !(never_dialled && status == Status::Canceled) {
            self.report(now, id, Event::Completed);
        }
        self.end_recordings_of(now, id);
        if let Activity::Recording { recording, .. } = &activity {
            self.end_recording(now, *recording);
        }
        if let Some(queueing) = queueing {
            self.gone_from_queue(now, id, *queueing, false);
        }
        let started = room.is_some_and(|room| self.room(room).status == RoomStatus::InProgress);
        if let Some(room) = room {
            self.leave_room(now, id, room, by.exit());
        }
        if by == EndedBy::FarEnd {
            match activity {
                Activity::Dialling(dialling) => {
                    if let Some(outcome) = abandoned {
                        self.ask_ignored_action(now, id, &dialling.dial, &outcome);
                    }
                }
                Activity::Entering(entering) => {
                    let outcome = DialOutcome::of_conference("canceled", false);
                    self.ask_ignored_action(now, id, &entering.dial, &outcome);
                }
                Activity::Conferring(conferring) => {
                    let outcome = DialOutcome::of_conference("answered", started);
                    self.ask_ignored_action(now, id, &conferring.dial, &outcome);
                }
                Activity::Recording { record, recording } => {
                    self.recording_cut_off(now, id, &record, recording);
                }
                Activity::Dequeuing(dequeuing) => {
                    if let Some(outcome) = dequeued {
                        self.ask_ignored_action(now, id, &dequeuing.dial, &outcome);
                    }
                }
                Activity::Idle
                | Activity::Fetching
                | Activity::Lasting(_)
                | Activity::Gathering(_) => {}
            }
        }
        // Not before: relative addresses of an abandoned action resolve against it.
        self.leg_mut(id).program = Program::default();
        if let (Link::InDial | Link::Screening, Some(parent)) = (link, parent) {
            self.child_over(now, parent, id);
        }
        self.not_coming(now, id);
        self.forget_the_oldest();
    }

    /// Ends a leg the way its state asks for: answered ones are completed, the others given up.
    pub(crate) fn end(&mut self, now: OffsetDateTime, id: LegId, by: EndedBy) {
        match self.leg(id).status {
            Status::InProgress => self.finish(now, id, Status::Completed, 200, by),
            _ => self.finish(now, id, Status::Canceled, 487, by),
        }
    }

    /// Stops what a leg does and returns what it was.
    pub(super) fn stop_activity(&mut self, id: LegId) -> Activity {
        let leg = self.leg_mut(id);
        leg.epoch += 1;
        std::mem::replace(&mut leg.activity, Activity::Idle)
    }

    /// Keeps the number of finished legs within bounds.
    fn forget_the_oldest(&mut self) {
        while self.finished.len() > self.config.keep {
            if let Some(id) = self.finished.pop_front() {
                self.forget(id);
            }
        }
    }

    /// Forgets a finished leg.
    pub(crate) fn forget(&mut self, id: LegId) {
        if let Some(leg) = self.legs.remove(&id) {
            self.by_sid.remove(&leg.sid);
            self.bury(leg.sid.to_string(), id.place());
        }
    }
}
