//! `Dial`: calling somebody for a leg, connecting the two, and telling how it went.

use std::collections::VecDeque;
use std::time::Duration;

use time::OffsetDateTime;

use super::dial_outcome::DialOutcome;
use super::finish::EndedBy;
use super::leg::{Activity, Extras, FirstDocument, LegId, Link, NewLeg};
use super::recording::{RecordingId, Source};
use super::timer::Timer;
use super::{Engine, fetch::Purpose};
use crate::address::{Address, is_e164};
use crate::inspect::{Direction, Sound, Status};
use crate::magic_numbers;
use crate::twiml::{Dial, DialTarget, Noun, Recorded, StatusSubscription, Target};

/// The vendor lets every attempt ring this much longer than it was told.
const EXTRA_RINGING: Duration = Duration::from_secs(5);

/// More targets than this are not called.
const MAX_TARGETS: usize = 10;

/// A dial under way.
pub(super) struct Dialling {
    pub(super) dial: Dial,
    /// Targets whose turn has not come.
    waiting: VecDeque<DialTarget>,
    /// Legs that ring, hear a document, or are connected.
    children: Vec<LegId>,
    /// The leg that answered.
    winner: Option<LegId>,
    bridged: bool,
    /// How the last attempt that is over went.
    last: DialOutcome,
    recording: Option<RecordingId>,
}

impl Engine {
    pub(super) fn begin_dial(&mut self, now: OffsetDateTime, id: LegId, mut dial: Dial) {
        if let Some((name, code)) = dial.unsupported {
            return self.refuse_verb(now, id, &name, code);
        }
        if let Some(conference) = dial.conference.take() {
            return self.begin_conference(now, id, dial, conference);
        }
        if let Some(queue) = dial.queue.take() {
            return self.begin_dequeue(now, id, dial, queue);
        }
        if !dial.answer_on_bridge {
            self.answer(now, id);
        }
        let mut dialling = Dialling {
            waiting: dial.targets.iter().take(MAX_TARGETS).cloned().collect(),
            children: Vec::new(),
            winner: None,
            bridged: false,
            last: DialOutcome {
                status: "failed",
                child: None,
                seconds: None,
                bridged: false,
                extra: Vec::new(),
            },
            recording: None,
            dial,
        };
        if let Some(caller) = &dialling.dial.caller_id
            && !self.may_show(id, caller)
        {
            dialling.waiting.clear();
            self.alert(now, id, 13214, "Dial: callerId is not valid");
        }
        let recorded = dialling.dial.recorded.clone();
        self.begin(id, Activity::Dialling(Box::new(dialling)));
        if let Some(recorded) = recorded.filter(|recorded| recorded.from_ringing) {
            self.record_dial(now, id, recorded);
        }
        self.call_next_targets(now, id);
    }

    /// Whether a leg may show this to whom it calls: a number of the account's, or one of the two
    /// of this call. Without a list of owned numbers all are the account's.
    fn may_show(&self, id: LegId, caller: &str) -> bool {
        let leg = self.leg(id);
        match Address::parse(caller) {
            Some(Address::Phone(number)) => {
                let owned = self.config.owned_numbers.as_ref();
                owned.is_none_or(|owned| owned.contains(&number))
                    || number == leg.from
                    || number == leg.to
                    || magic_numbers::from_accepted(&number)
            }
            Some(Address::Client { .. } | Address::Sip(_)) => true,
            None => false,
        }
    }

    /// Calls the next target, or all of them; when there is none left, the dial is over.
    fn call_next_targets(&mut self, now: OffsetDateTime, id: LegId) {
        loop {
            let Activity::Dialling(dialling) = &mut self.leg_mut(id).activity else {
                return;
            };
            if dialling.winner.is_some()
                || (dialling.dial.sequential && !dialling.children.is_empty())
            {
                return;
            }
            let Some(target) = dialling.waiting.pop_front() else {
                if dialling.children.is_empty() {
                    let outcome = dialling.last.clone();
                    self.dial_over(now, id, &outcome);
                }
                return;
            };
            self.call_target(now, id, target);
        }
    }

    fn call_target(&mut self, now: OffsetDateTime, id: LegId, target: DialTarget) {
        let (to, parameters) = match target.noun {
            Noun::Number(number) => {
                let number: String = number
                    .chars()
                    .filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.'))
                    .collect();
                (
                    is_e164(&number).then_some(Address::Phone(number)),
                    Vec::new(),
                )
            }
            Noun::Client {
                identity,
                parameters,
            } => {
                let address = Address::parse(&format!("client:{identity}"));
                (address, parameters)
            }
            Noun::Sip(uri) => (Address::parse(&uri), Vec::new()),
        };
        let Some(to) = to else {
            let message = "Dial: the number or address to call is not valid";
            self.alert(now, id, 13223, message);
            return;
        };
        let parent = self.leg(id);
        let Activity::Dialling(dialling) = &parent.activity else {
            return;
        };
        let shown = dialling.dial.caller_id.as_ref();
        let from = shown.unwrap_or(&parent.from).clone();
        let (patience, base) = (dialling.dial.timeout, parent.program.base.clone());
        if matches!(to, Address::Phone(_)) && !is_e164(&from) {
            // A client has no number of its own to show.
            let message = "Dial: a number can only be called with a number as callerId";
            self.alert(now, id, 13214, message);
            return;
        }
        let resolve = |url: &str| super::fetch::resolve(base.as_deref(), url);
        let status_callback = target.status.and_then(|status| {
            Some(StatusSubscription {
                url: resolve(&status.url)?,
                ..status
            })
        });
        let first = match target.screen {
            None => FirstDocument::None,
            Some(screen) => match resolve(&screen.url) {
                Some(url) => FirstDocument::Fetched(Target { url, ..screen }),
                None => FirstDocument::None,
            },
        };
        let new = NewLeg {
            direction: Direction::OutboundDial,
            status: Status::Initiated,
            from,
            script: self.script_of(&to),
            to: to.text(),
            application_sid: None,
            parent: Some(id),
            first,
            fallback: None,
            status_callback,
            ring_timeout: patience + EXTRA_RINGING,
            time_limit: super::run::LONGEST_CALL,
            parameters,
            extras: Extras {
                send_digits: target.send_digits,
                detection: target.detection,
                recorded: None,
            },
        };
        let child = self.add_leg(now, new);
        self.leg_mut(child).link = Link::InDial;
        self.acquaint(now, id, child, false);
        if let Activity::Dialling(dialling) = &mut self.leg_mut(id).activity {
            dialling.children.push(child);
        }
        self.begin_dialling(now, child);
    }

    /// A dialled leg is answered: the others are stopped, and the two are connected, or the callee
    /// hears a document first.
    pub(super) fn callee_answered(&mut self, now: OffsetDateTime, child: LegId) {
        let Some(parent) = self.leg(child).parent else {
            return;
        };
        let Activity::Dialling(dialling) = &mut self.leg_mut(parent).activity else {
            return;
        };
        dialling.winner = Some(child);
        dialling.waiting.clear();
        let others: Vec<LegId> = std::mem::take(&mut dialling.children)
            .into_iter()
            .filter(|other| *other != child)
            .collect();
        dialling.children.push(child);
        let stopped = self.config.choices.stopped_child.status();
        for other in others {
            self.leg_mut(other).link = Link::Free;
            self.finish(now, other, stopped, 487, EndedBy::Provider);
        }
        if let Some(keys) = self.leg(child).send_digits.clone() {
            self.hear(now, child, Sound::Keys(keys));
        }
        self.detect(now, child);
        let first = std::mem::replace(&mut self.leg_mut(child).first, FirstDocument::None);
        match first {
            FirstDocument::None => self.connect(now, parent, child),
            document => {
                self.leg_mut(child).link = Link::Screening;
                self.start_document(now, child, document);
            }
        }
    }

    /// Connects a callee who is ready with the leg that dialled.
    pub(super) fn connect(&mut self, now: OffsetDateTime, parent: LegId, child: LegId) {
        self.answer(now, parent);
        let leg = self.leg_mut(parent);
        let epoch = leg.epoch;
        let Activity::Dialling(dialling) = &mut leg.activity else {
            return;
        };
        dialling.bridged = true;
        let limit = dialling.dial.time_limit;
        let (recorded, recording) = (dialling.dial.recorded.clone(), dialling.recording);
        self.timers.set(now + limit, Timer::Step(parent, epoch));
        self.bridge(parent, child);
        self.acquaint(now, parent, child, true);
        match (recording, recorded) {
            (Some(recording), _) => self.leg_mut(child).recording = Some(recording),
            (None, Some(recorded)) => {
                let recording = self.record_dial(now, parent, recorded);
                self.leg_mut(child).recording = Some(recording);
            }
            (None, None) => {}
        }
    }

    /// Records a conversation; the recording is the parent's.
    fn record_dial(
        &mut self,
        now: OffsetDateTime,
        parent: LegId,
        recorded: Recorded,
    ) -> RecordingId {
        let id = self.start_recording(now, parent, None, Source::DialVerb, recorded);
        if let Activity::Dialling(dialling) = &mut self.leg_mut(parent).activity {
            dialling.recording = Some(id);
        }
        id
    }

    /// The conversation has lasted as long as it may.
    pub(super) fn talk_limit_reached(&mut self, now: OffsetDateTime, parent: LegId) {
        if let Activity::Dialling(dialling) = &self.leg(parent).activity
            && let Some(child) = dialling.winner
        {
            self.finish(now, child, Status::Completed, 200, EndedBy::Provider);
        }
    }

    /// The caller presses the star key while connected.
    pub(super) fn star_pressed(&mut self, now: OffsetDateTime, parent: LegId) {
        if let Activity::Dialling(dialling) = &self.leg(parent).activity
            && dialling.dial.hangup_on_star
            && let Some(child) = dialling.winner
        {
            self.finish(now, child, Status::Completed, 200, EndedBy::Provider);
        }
    }

    /// A leg of a dial has ended by itself.
    pub(super) fn child_over(&mut self, now: OffsetDateTime, parent: LegId, child: LegId) {
        let ended = self.leg(child);
        let (status, sid, seconds) = (ended.status, ended.sid.clone(), ended.seconds());
        let Activity::Dialling(dialling) = &mut self.leg_mut(parent).activity else {
            return;
        };
        dialling.children.retain(|other| *other != child);
        dialling.last = DialOutcome {
            status: status.as_str(),
            child: Some(sid),
            seconds: Some(seconds),
            bridged: dialling.bridged,
            extra: Vec::new(),
        };
        if dialling.winner == Some(child) {
            let outcome = dialling.last.clone();
            self.dial_over(now, parent, &outcome);
        } else {
            self.call_next_targets(now, parent);
        }
    }

    /// A connected child goes its own way by a REST redirect; its parent's dial is over.
    pub(super) fn child_leaves(&mut self, now: OffsetDateTime, child: LegId) {
        self.part(child);
        let leg = self.leg_mut(child);
        if std::mem::replace(&mut leg.link, Link::Free) == Link::Free {
            return;
        }
        let (parent, sid) = (leg.parent, leg.sid.clone());
        let Some(parent) = parent else { return };
        let Activity::Dialling(dialling) = &self.leg(parent).activity else {
            return;
        };
        // The vendor leaves the duration out here; the status is the simulator's own choice,
        // since the child has not ended.
        let outcome = DialOutcome {
            status: self.config.choices.moved_child.as_str(),
            child: Some(sid),
            seconds: None,
            bridged: dialling.bridged,
            extra: Vec::new(),
        };
        self.dial_over(now, parent, &outcome);
    }

    /// The dial is over and the caller is still there.
    fn dial_over(&mut self, now: OffsetDateTime, id: LegId, outcome: &DialOutcome) {
        let Activity::Dialling(dialling) = self.stop_activity(id) else {
            return;
        };
        let mut outcome = outcome.clone();
        self.end_dial_recording(now, &dialling, &mut outcome);
        self.after_dial(now, id, dialling.dial.action.as_ref(), &outcome);
    }

    fn end_dial_recording(
        &mut self,
        now: OffsetDateTime,
        dialling: &Dialling,
        outcome: &mut DialOutcome,
    ) {
        if let Some(recording) = dialling.recording {
            self.end_recording(now, recording);
            outcome.extra.extend(self.recorded_fields(now, recording));
        }
    }

    /// What follows a dial: its action, or the next verb.
    pub(super) fn after_dial(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        action: Option<&Target>,
        outcome: &DialOutcome,
    ) {
        match action {
            Some(action) => self.fetch(now, id, action, outcome.fields(), Purpose::Run),
            // Not at once: a document of nothing but hopeless dials would nest without end.
            None => self.last(now, id, "dial", Some(Duration::ZERO)),
        }
    }

    /// The caller is gone: whoever was called is let go. Says how the dial went.
    pub(super) fn abandon_dial(
        &mut self,
        now: OffsetDateTime,
        _parent: LegId,
        dialling: &Dialling,
    ) -> DialOutcome {
        let mut outcome = DialOutcome {
            status: "canceled",
            bridged: dialling.bridged,
            ..dialling.last.clone()
        };
        let stopped = self.config.choices.stopped_child.status();
        for &child in &dialling.children {
            self.leg_mut(child).link = Link::Free;
            match self.leg(child).status {
                Status::InProgress => self.end(now, child, EndedBy::Provider),
                _ => self.finish(now, child, stopped, 487, EndedBy::Provider),
            }
            let leg = self.leg(child);
            outcome.status = leg.status.as_str();
            outcome.child = Some(leg.sid.clone());
            outcome.seconds = Some(leg.seconds());
        }
        self.end_dial_recording(now, dialling, &mut outcome);
        outcome
    }

    /// Asks for the action of a dial that no longer matters: the request is made, the answer is
    /// thrown away.
    pub(super) fn ask_ignored_action(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        dial: &Dial,
        outcome: &DialOutcome,
    ) {
        if let Some(action) = &dial.action {
            self.fetch(now, id, action, outcome.fields(), Purpose::Ignore);
        }
    }
}
