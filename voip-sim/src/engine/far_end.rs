//! Dialling, ringing and answering: what the far end of a leg does.

use std::time::Duration;

use time::OffsetDateTime;

use super::finish::EndedBy;
use super::leg::{LegId, Link};
use super::recording::Source;
use super::timer::Timer;
use super::{Engine, callback::Event};
use crate::address::Address;
use crate::inspect::{Direction, Status};
use crate::magic_numbers;
use crate::phone::{Outcome, PhoneScript};

impl Engine {
    /// The script of whoever is called: what was set, else what a magic number says, else the
    /// default. Everything about the far end is settled at this moment.
    pub(crate) fn script_of(&self, to: &Address) -> PhoneScript {
        match to {
            Address::Phone(number) => self
                .phones
                .get(number)
                .cloned()
                .or_else(|| magic_numbers::script(number))
                .unwrap_or_default(),
            Address::Client { identity, .. } => {
                self.clients.get(identity).cloned().unwrap_or_default()
            }
            Address::Sip(uri) => self.phones.get(uri).cloned().unwrap_or_default(),
        }
    }

    /// A queued call gets its turn, or a dial makes its leg.
    pub(super) fn begin_dialling(&mut self, now: OffsetDateTime, id: LegId) {
        if !matches!(self.leg(id).status, Status::Queued | Status::Initiated) {
            return;
        }
        self.set_status(now, id, Status::Initiated);
        self.leg_mut(id).started = Some(now);
        self.report(now, id, Event::Initiated);
        let connect = self.config.timing.connect;
        self.timers.set(now + connect, Timer::Ring(id));
    }

    pub(super) fn begin_ringing(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg(id);
        if leg.status != Status::Initiated {
            return;
        }
        let (outcome, ring, patience) = (leg.script.outcome, leg.script.ring, leg.ring_timeout);
        let rings = match outcome {
            Outcome::Answer | Outcome::NoAnswer | Outcome::Reject => true,
            Outcome::Busy => ring > Duration::ZERO,
            Outcome::Failed | Outcome::Invalid | Outcome::Offline => false,
        };
        if !rings {
            self.far_end_acts(now, id);
            return;
        }
        self.set_status(now, id, Status::Ringing);
        self.report(now, id, Event::Ringing);
        self.timers.set(now + patience, Timer::RingTimeout(id));
        if outcome != Outcome::NoAnswer {
            self.timers.set(now + ring, Timer::FarEnd(id));
        }
    }

    /// The far end does what its script says, once it has rung long enough.
    pub(super) fn far_end_acts(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg(id);
        if !matches!(leg.status, Status::Initiated | Status::Ringing) {
            return;
        }
        let (status, sip) = match leg.script.outcome {
            Outcome::Answer => return self.answer(now, id),
            Outcome::Busy => (Status::Busy, 486),
            Outcome::Reject => (Status::Busy, 603),
            Outcome::Failed | Outcome::Invalid => (Status::Failed, 404),
            Outcome::Offline => (Status::NoAnswer, 480),
            Outcome::NoAnswer => return,
        };
        self.finish(now, id, status, sip, EndedBy::FarEnd);
    }

    pub(super) fn ring_timed_out(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg(id);
        if leg.status == Status::Ringing && leg.direction != Direction::Inbound {
            self.finish(now, id, Status::NoAnswer, 487, EndedBy::Provider);
        }
    }

    /// The leg is answered: by its far end, or, for an inbound one, by the provider.
    pub(super) fn answer(&mut self, now: OffsetDateTime, id: LegId) {
        if !matches!(self.leg(id).status, Status::Initiated | Status::Ringing) {
            return;
        }
        self.set_status(now, id, Status::InProgress);
        let leg = self.leg_mut(id);
        leg.answered = Some(now);
        let (limit, limit_set) = (leg.time_limit, leg.time_limit_set);
        let hang_up_after = leg.script.hang_up_after;
        let press = leg.script.press.clone();
        let speak = leg.script.speak.clone();
        let recorded = leg.recorded.take();
        self.timers
            .set(now + limit, Timer::CallLimit(id, limit_set));
        if let Some(talk) = hang_up_after {
            self.timers.set(now + talk, Timer::FarHangUp(id));
        }
        if let Some((after, keys)) = press {
            self.timers.set(now + after, Timer::Press(id, keys));
        }
        if let Some((after, text)) = speak {
            self.timers.set(now + after, Timer::Speak(id, text));
        }
        if let Some(recorded) = recorded {
            let recording = self.start_recording(now, id, None, Source::OutboundApi, recorded);
            let leg = self.leg_mut(id);
            leg.recordings.push(recording);
            leg.recording = Some(recording);
        }
        self.report(now, id, Event::Answered);
        match self.leg(id).direction {
            // It is the document that answered; it goes on by itself.
            Direction::Inbound => {}
            Direction::OutboundApi => self.callee_of_api_answered(now, id),
            Direction::OutboundDial => self.callee_answered(now, id),
        }
    }

    pub(super) fn call_limit_reached(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        set_at: OffsetDateTime,
    ) {
        let leg = self.leg(id);
        if leg.status == Status::InProgress && leg.time_limit_set == set_at {
            self.finish(now, id, Status::Completed, 200, EndedBy::Provider);
        }
    }

    /// The person at the far end hangs up, gives up, or declines.
    pub(crate) fn far_end_hangs_up(&mut self, now: OffsetDateTime, id: LegId) {
        let leg = self.leg(id);
        match (leg.status, leg.direction) {
            (Status::InProgress, _) => {
                self.finish(now, id, Status::Completed, 200, EndedBy::FarEnd);
            }
            (Status::Ringing, Direction::Inbound) => {
                self.finish(now, id, Status::Canceled, 487, EndedBy::FarEnd);
            }
            (Status::Ringing, _) => {
                self.finish(now, id, Status::Busy, 603, EndedBy::FarEnd);
            }
            _ => {}
        }
    }

    /// The person at the far end hangs up that much later.
    pub(crate) fn far_end_hangs_up_after(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        after: Duration,
    ) {
        if after == Duration::ZERO {
            return self.far_end_hangs_up(now, id);
        }
        if !self.leg(id).status.is_final() {
            self.timers.set(now + after, Timer::FarHangUp(id));
        }
    }

    /// Connects two legs: each hears the other.
    pub(super) fn bridge(&mut self, one: LegId, other: LegId) {
        self.join(one, other);
        self.leg_mut(other).link = Link::InDial;
    }

    /// Connects two legs of which neither dialled the other.
    pub(super) fn join(&mut self, one: LegId, other: LegId) {
        debug_assert!(
            self.leg(one).peer.is_none() && self.leg(other).peer.is_none(),
            "a leg is in at most one bridge"
        );
        self.leg_mut(one).peer = Some(other);
        self.leg_mut(other).peer = Some(one);
    }

    /// Takes a leg out of its bridge, if it is in one.
    pub(super) fn part(&mut self, id: LegId) {
        if let Some(peer) = self.leg_mut(id).peer.take() {
            self.leg_mut(peer).peer = None;
        }
    }
}
