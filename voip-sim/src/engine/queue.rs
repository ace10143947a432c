//! Queues: waiting in line, and hearing something meanwhile.

use std::collections::VecDeque;
use std::time::Duration;

use time::OffsetDateTime;

use super::Engine;
use super::fetch::{Purpose, resolve};
use super::fields::pair;
use super::leg::{LegId, Program};
use crate::inspect::Sound;
use crate::twiml::{Enqueue, Target, Verb, Wait};

/// The legs a queue takes; the vendor's default.
const MAX_WAITING: usize = 100;

/// A wait document that takes no time is asked for again after this long.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// A queue.
pub(super) struct Queue {
    pub(super) sid: String,
    /// Legs in the order of their coming.
    pub(super) waiting: VecDeque<LegId>,
    /// Legs that want the next one to come.
    pub(super) asking: VecDeque<LegId>,
    /// Legs that were fetched, and how long they had waited together.
    pub(super) fetched: u32,
    pub(super) waited: Duration,
}

/// A leg in a queue, or fetched out of one.
pub(super) struct Queueing {
    pub(super) queue: String,
    action: Option<Target>,
    wait: Wait,
    /// What follows the `Enqueue` in its document.
    after: Program,
    pub(super) since: OffsetDateTime,
    /// When the wait document was last begun.
    begun: OffsetDateTime,
    pub(super) place: Place,
}

/// Where a leg is that was put into a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Waiting,
    /// Fetched by that leg, and hearing a document before they are connected.
    Hearing(LegId),
    /// Connected with the leg that fetched it.
    With(LegId),
}

impl Engine {
    /// Puts a leg into a queue.
    pub(super) fn begin_enqueue(&mut self, now: OffsetDateTime, id: LegId, enqueue: Enqueue) {
        self.answer(now, id);
        let after = std::mem::take(&mut self.leg_mut(id).program);
        let base = after.base.clone();
        let absolute = |target: Target| {
            let url = resolve(base.as_deref(), &target.url);
            let url = url.unwrap_or_else(|| target.url.clone());
            Target { url, ..target }
        };
        let wait = match enqueue.wait {
            Wait::Document(target) => Wait::Document(absolute(target)),
            wait @ (Wait::Music | Wait::Silence) => wait,
        };
        let queueing = Queueing {
            queue: enqueue.name,
            action: enqueue.action.map(absolute),
            wait,
            after,
            since: now,
            begun: now,
            place: Place::Waiting,
        };
        let queue = self.queue_of(&queueing.queue);
        if queue.waiting.len() >= MAX_WAITING {
            return self.after_queue(now, id, queueing, "queue-full");
        }
        let asking = queue.asking.pop_front();
        if asking.is_none() {
            queue.waiting.push_back(id);
        }
        self.leg_mut(id).queueing = Some(Box::new(queueing));
        match asking {
            Some(asking) => self.hand_out(now, asking, id),
            None => self.wait_in_line(now, id),
        }
    }

    /// What a waiting leg hears begins, or begins again.
    fn wait_in_line(&mut self, now: OffsetDateTime, id: LegId) {
        let Some(queueing) = &mut self.leg_mut(id).queueing else {
            return;
        };
        queueing.begun = now;
        match queueing.wait.clone() {
            Wait::Music => {
                self.hear(now, id, Sound::Music);
                self.last(now, id, "queue", None);
            }
            Wait::Silence => self.last(now, id, "queue", None),
            Wait::Document(target) => {
                let fields = self.wait_fields(now, id);
                self.fetch(now, id, &target, fields, Purpose::Run);
            }
        }
    }

    /// A document of a leg in a queue is over. True when that was all there was to do.
    pub(super) fn queue_document_over(&mut self, now: OffsetDateTime, id: LegId) -> bool {
        let leg = self.leg_mut(id);
        let Some(queueing) = &leg.queueing else {
            return false;
        };
        match queueing.place {
            Place::Waiting => {
                // Waiting is no loop, however long it takes.
                leg.documents = leg.documents.saturating_sub(1);
                match now - queueing.begun < SHORTEST_WAIT {
                    true => self.last(now, id, "queue", Some(SHORTEST_WAIT)),
                    false => self.wait_in_line(now, id),
                }
            }
            Place::Hearing(by) => self.connect_fetched(now, by, id),
            Place::With(_) => {}
        }
        true
    }

    /// Whether a leg that hears a wait document may run this verb.
    pub(super) fn may_run_in_queue(&self, id: LegId, verb: &Verb) -> bool {
        let waits = self.leg(id).queueing.as_ref();
        if waits.is_none_or(|queueing| queueing.place != Place::Waiting) {
            return true;
        }
        match verb {
            Verb::Say(_)
            | Verb::Play(_)
            | Verb::Pause(_)
            | Verb::Gather(_)
            | Verb::Redirect(_)
            | Verb::Leave
            | Verb::Hangup => true,
            Verb::Reject(_)
            | Verb::Record(_)
            | Verb::Dial(_)
            | Verb::Enqueue(_)
            | Verb::Unsupported { .. } => false,
        }
    }

    /// Whether a leg hears what it is to hear before it is connected with whoever fetched it.
    pub(super) fn is_heard_out_of_queue(&self, id: LegId) -> bool {
        let queueing = self.leg(id).queueing.as_ref();
        queueing.is_some_and(|queueing| matches!(queueing.place, Place::Hearing(_)))
    }

    /// A `Leave`: the leg goes on after its `Enqueue`.
    pub(super) fn leave_queue(&mut self, now: OffsetDateTime, id: LegId) {
        if let Some(queueing) = self.leg_mut(id).queueing.take() {
            self.step_out_of_line(id, &queueing.queue);
            self.after_queue(now, id, *queueing, "leave");
        }
    }

    /// What follows an `Enqueue`: its action, or the next verb.
    pub(super) fn after_queue(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        queueing: Queueing,
        result: &'static str,
    ) {
        let fields = self.result_fields(now, &queueing, result);
        self.stop_activity(id);
        self.leg_mut(id).program = queueing.after;
        match queueing.action {
            Some(action) => self.fetch(now, id, &action, fields, Purpose::Run),
            None => self.last(now, id, "queue", Some(Duration::ZERO)),
        }
    }

    /// A leg in a queue has ended or was redirected: whoever fetched it goes on, and the action is
    /// asked for in vain.
    pub(super) fn gone_from_queue(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        queueing: Queueing,
        redirected: bool,
    ) {
        let (by, result) = match (queueing.place, redirected) {
            (Place::Waiting, false) => (None, "hangup"),
            (Place::Waiting, true) => (None, "redirected"),
            (Place::Hearing(by), false) => (Some(by), "hangup"),
            (Place::Hearing(by), true) => (Some(by), "redirected"),
            (Place::With(by), false) => (Some(by), "bridged"),
            (Place::With(by), true) => (Some(by), "redirected-from-bridged"),
        };
        self.step_out_of_line(id, &queueing.queue);
        if let Some(action) = &queueing.action {
            let fields = self.result_fields(now, &queueing, result);
            self.fetch(now, id, action, fields, Purpose::Ignore);
        }
        if let Some(by) = by {
            self.part(id);
            let status = match redirected {
                true => "answered",
                false => "completed",
            };
            self.dequeue_over(now, by, status);
        }
    }

    fn step_out_of_line(&mut self, id: LegId, queue: &str) {
        if let Some(queue) = self.queues.get_mut(queue) {
            queue.waiting.retain(|other| *other != id);
        }
    }

    /// The queue of this name; it is made when it is first named.
    pub(super) fn queue_of(&mut self, name: &str) -> &mut Queue {
        if self.queues.len() > self.config.keep {
            let idle = |queue: &Queue| queue.waiting.is_empty() && queue.asking.is_empty();
            self.queues
                .retain(|known, queue| known == name || !idle(queue));
        }
        let seeded = &mut self.seeded;
        self.queues.entry(name.to_owned()).or_insert_with(|| Queue {
            sid: crate::sid::generate("QU", seeded),
            waiting: VecDeque::new(),
            asking: VecDeque::new(),
            fetched: 0,
            waited: Duration::ZERO,
        })
    }

    fn wait_fields(&mut self, now: OffsetDateTime, id: LegId) -> Vec<(String, String)> {
        let Some(queueing) = &self.leg(id).queueing else {
            return Vec::new();
        };
        let (name, since) = (queueing.queue.clone(), queueing.since);
        let queue = self.queue_of(&name);
        let position = queue.waiting.iter().position(|other| *other == id);
        let average = queue.waited.as_secs() / u64::from(queue.fetched.max(1));
        let number = |value: usize| value.to_string();
        vec![
            pair("QueueSid", &queue.sid),
            pair(
                "QueuePosition",
                &number(position.map_or(1, |index| index + 1)),
            ),
            pair("QueueTime", &seconds_since(since, now)),
            pair("AvgQueueTime", &average.to_string()),
            pair("CurrentQueueSize", &number(queue.waiting.len())),
            pair("MaxQueueSize", &number(MAX_WAITING)),
        ]
    }

    fn result_fields(
        &mut self,
        now: OffsetDateTime,
        queueing: &Queueing,
        result: &str,
    ) -> Vec<(String, String)> {
        let sid = self.queue_of(&queueing.queue).sid.clone();
        vec![
            pair("QueueResult", result),
            pair("QueueSid", &sid),
            pair("QueueTime", &seconds_since(queueing.since, now)),
        ]
    }
}

fn seconds_since(since: OffsetDateTime, now: OffsetDateTime) -> String {
    (now - since).unsigned_abs().as_secs().to_string()
}
