//! `Dial` with a `Queue`: fetching somebody out of a queue, and being connected with them.

use std::time::Duration;

use time::OffsetDateTime;

use super::Engine;
use super::dial_outcome::DialOutcome;
use super::fetch::{Purpose, resolve};
use super::fields::pair;
use super::leg::{Activity, LegId};
use super::queue::Place;
use super::timer::Timer;
use crate::twiml::{Dial, FromQueue, Target};

/// The vendor lets a dial wait this much longer than it was told.
const EXTRA_WAITING: Duration = Duration::from_secs(5);

/// A leg that wants somebody out of a queue, or has got them.
pub(super) struct Dequeuing {
    pub(super) dial: Dial,
    from: FromQueue,
    partner: Option<LegId>,
    connected: Option<OffsetDateTime>,
}

impl Engine {
    /// A `Dial` with a `Queue`: the first in line, or whoever comes next.
    pub(super) fn begin_dequeue(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        dial: Dial,
        from: FromQueue,
    ) {
        if !dial.answer_on_bridge {
            self.answer(now, id);
        }
        let patience = dial.timeout + EXTRA_WAITING;
        let next = match self.queues.get_mut(&from.name) {
            None => {
                // A queue that nobody ever entered.
                let outcome = DialOutcome::of_conference("failed", false);
                return self.after_dial(now, id, dial.action.as_ref(), &outcome);
            }
            Some(queue) => {
                let next = queue.waiting.pop_front();
                if next.is_none() {
                    queue.asking.push_back(id);
                }
                next
            }
        };
        let dequeuing = Dequeuing {
            dial,
            from,
            partner: None,
            connected: None,
        };
        let epoch = self.begin(id, Activity::Dequeuing(Box::new(dequeuing)));
        match next {
            Some(next) => self.hand_out(now, id, next),
            None => {
                self.timers.set(now + patience, Timer::Step(id, epoch));
            }
        }
    }

    /// Somebody out of a queue is given to the leg that wants them.
    pub(super) fn hand_out(&mut self, now: OffsetDateTime, to: LegId, next: LegId) {
        let base = self.leg(to).program.base.clone();
        let Activity::Dequeuing(dequeuing) = &mut self.leg_mut(to).activity else {
            return;
        };
        dequeuing.partner = Some(next);
        let screen = dequeuing.from.screen.clone();
        let name = dequeuing.from.name.clone();
        // It does not run out of patience any more.
        self.leg_mut(to).epoch += 1;
        self.stop_activity(next);
        self.acquaint(now, to, next, false);
        let Some(queueing) = &mut self.leg_mut(next).queueing else {
            return;
        };
        queueing.place = Place::Hearing(to);
        let waited = (now - queueing.since).unsigned_abs();
        let queue = self.queue_of(&name);
        queue.fetched += 1;
        queue.waited += waited;
        match screen {
            None => self.connect_fetched(now, to, next),
            Some(screen) => {
                let fields = vec![
                    pair("QueueSid", &self.queue_of(&name).sid.clone()),
                    pair("QueueTime", &waited.as_secs().to_string()),
                    // Spelt like that.
                    pair("DequeingCallSid", self.leg(to).sid.as_str()),
                ];
                let url = resolve(base.as_deref(), &screen.url).unwrap_or_default();
                let screen = Target { url, ..screen };
                self.fetch(now, next, &screen, fields, Purpose::Run);
            }
        }
    }

    pub(super) fn connect_fetched(&mut self, now: OffsetDateTime, by: LegId, id: LegId) {
        self.answer(now, by);
        if let Some(queueing) = &mut self.leg_mut(id).queueing {
            queueing.place = Place::With(by);
        }
        self.last(now, id, "queue", None);
        let leg = self.leg_mut(by);
        leg.epoch += 1;
        let epoch = leg.epoch;
        let Activity::Dequeuing(dequeuing) = &mut leg.activity else {
            return;
        };
        dequeuing.connected = Some(now);
        let limit = dequeuing.dial.time_limit;
        self.timers.set(now + limit, Timer::Step(by, epoch));
        self.join(by, id);
        self.acquaint(now, by, id, true);
    }

    /// The wait for somebody, or the conversation with them, has lasted as long as it may; or the
    /// star key was pressed.
    pub(super) fn dequeue_runs_out(&mut self, now: OffsetDateTime, id: LegId) {
        let Activity::Dequeuing(dequeuing) = &self.leg(id).activity else {
            return;
        };
        let status = match dequeuing.partner {
            Some(_) => "completed",
            None => "no-answer",
        };
        self.dequeue_over(now, id, status);
    }

    /// The dial of a leg that fetched somebody is over.
    pub(super) fn dequeue_over(&mut self, now: OffsetDateTime, id: LegId, status: &'static str) {
        if !matches!(self.leg(id).activity, Activity::Dequeuing(_)) {
            return;
        }
        let Activity::Dequeuing(dequeuing) = self.stop_activity(id) else {
            return;
        };
        let outcome = self.dequeue_outcome(now, &dequeuing, status);
        self.let_go(now, id, &dequeuing);
        self.after_dial(now, id, dequeuing.dial.action.as_ref(), &outcome);
    }

    /// A leg that wanted or has somebody out of a queue does something else by now, or is over.
    /// Says how the dial went.
    pub(super) fn abandon_dequeue(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        dequeuing: &Dequeuing,
    ) -> DialOutcome {
        let status = match dequeuing.connected {
            Some(_) => "completed",
            None => "canceled",
        };
        let outcome = self.dequeue_outcome(now, dequeuing, status);
        self.let_go(now, id, dequeuing);
        outcome
    }

    fn dequeue_outcome(
        &mut self,
        now: OffsetDateTime,
        dequeuing: &Dequeuing,
        status: &'static str,
    ) -> DialOutcome {
        let mut outcome = DialOutcome::of_conference(status, dequeuing.connected.is_some());
        let queue = self.queue_of(&dequeuing.from.name);
        outcome.extra.push(pair("QueueSid", &queue.sid.clone()));
        if let Some(partner) = dequeuing.partner.and_then(|id| self.legs.get(&id)) {
            outcome.child = Some(partner.sid.clone());
        }
        outcome.seconds = dequeuing
            .connected
            .map(|since| (now - since).unsigned_abs().as_secs());
        outcome
    }

    /// Whoever was fetched goes on after their `Enqueue`.
    fn let_go(&mut self, now: OffsetDateTime, id: LegId, dequeuing: &Dequeuing) {
        if let Some(queue) = self.queues.get_mut(&dequeuing.from.name) {
            queue.asking.retain(|other| *other != id);
        }
        self.part(id);
        let Some(partner) = dequeuing.partner else {
            return;
        };
        let known = self.legs.get_mut(&partner);
        let Some(leg) = known.filter(|leg| !leg.status.is_final()) else {
            return;
        };
        let Some(queueing) = leg.queueing.take() else {
            return;
        };
        let result = match queueing.place {
            Place::With(_) => "bridged",
            Place::Waiting | Place::Hearing(_) => "error",
        };
        self.after_queue(now, partner, *queueing, result);
    }
}
