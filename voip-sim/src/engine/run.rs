//! Running a document, verb by verb.

use std::time::Duration;

use time::OffsetDateTime;

use super::Engine;
use super::conference::Exit;
use super::fetch::Purpose;
use super::finish::EndedBy;
use super::leg::{Activity, Epoch, FirstDocument, LegId, Link, Program};
use super::timer::Timer;
use crate::inspect::{self, Status};
use crate::twiml::{self, Document, Play, RejectReason, Say, Sound, Verb};

/// The longest any call lasts unless told otherwise.
pub(super) const LONGEST_CALL: Duration = Duration::from_secs(14_400);

impl Engine {
    /// Gives a leg its first document, or the one it was redirected to.
    pub(super) fn start_document(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        document: FirstDocument,
    ) {
        match document {
            FirstDocument::None => {}
            FirstDocument::Fetched(target) => {
                self.fetch(now, id, &target, Vec::new(), Purpose::Run);
            }
            FirstDocument::Room(conference) => {
                self.begin_conference(now, id, twiml::Dial::bare(), *conference);
            }
            FirstDocument::Inline(markup) => match twiml::read(&markup) {
                Ok(document) => self.run_document(now, id, document, None),
                Err(error) => {
                    self.document_failed(now, id, error.code(), None, Purpose::Run);
                }
            },
        }
    }

    /// Runs a document from its first verb. `base` is where it came from.
    pub(super) fn run_document(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        document: Document,
        base: Option<String>,
    ) {
        self.stop_activity(id);
        self.note_document(now, id, &document);
        for warning in document.warnings {
            self.alert(now, id, warning.code, warning.message);
        }
        self.leg_mut(id).program = Program {
            verbs: document.verbs.into(),
            base,
        };
        self.run(now, id);
    }

    /// Goes on with the next verb that may run. A loop, however many may not: a document can hold
    /// thousands of them.
    pub(super) fn run(&mut self, now: OffsetDateTime, id: LegId) {
        while !self.leg(id).status.is_final() {
            let Some(verb) = self.leg_mut(id).program.verbs.pop_front() else {
                return self.end_of_document(now, id);
            };
            match self.why_skipped(id, &verb) {
                Some((code, message)) => self.alert(now, id, code, message),
                None => return self.execute(now, id, verb),
            }
        }
    }

    /// The debugger code and its sentence for a verb that is passed over where it stands.
    fn why_skipped(&self, id: LegId, verb: &Verb) -> Option<(u32, &'static str)> {
        if !self.may_run_in_queue(id, verb) {
            let message = "a verb is not allowed in a wait or hold document";
            return Some((13238, message));
        }
        if matches!(verb, Verb::Leave) && self.leg(id).queueing.is_none() {
            let message = "Leave means nothing outside a queue's wait document";
            return Some((12200, message));
        }
        None
    }

    fn execute(&mut self, now: OffsetDateTime, id: LegId, verb: Verb) {
        let screened = self.leg(id).link == Link::Screening || self.is_heard_out_of_queue(id);
        match verb {
            Verb::Say(say) => self.say(now, id, &say),
            Verb::Play(play) => self.play(now, id, &play),
            // Before the answer a pause only lets the caller hear the ringing longer.
            Verb::Pause(length) => self.last(now, id, "pause", Some(length)),
            Verb::Hangup => {
                self.answer(now, id);
                self.finish(now, id, Status::Completed, 200, EndedBy::Provider);
            }
            Verb::Reject(reason) => self.refuse_call(now, id, reason),
            Verb::Redirect(target) => {
                self.answer(now, id);
                self.fetch(now, id, &target, Vec::new(), Purpose::Run);
            }
            Verb::Gather(gather) => self.begin_gather(now, id, gather),
            Verb::Record(record) => self.begin_recording(now, id, record),
            Verb::Dial(_) if screened => {
                self.refuse_verb(now, id, "Dial", 13201);
            }
            Verb::Enqueue(enqueue) => self.begin_enqueue(now, id, *enqueue),
            Verb::Leave => self.leave_queue(now, id),
            Verb::Dial(dial) => self.begin_dial(now, id, *dial),
            Verb::Unsupported { name, code } => {
                self.refuse_verb(now, id, &name, code);
            }
        }
    }

    /// What a leg was doing has lasted as long as it does.
    pub(super) fn step(&mut self, now: OffsetDateTime, id: LegId, epoch: Epoch) {
        let leg = self.leg(id);
        if leg.epoch != epoch {
            return;
        }
        match leg.activity {
            Activity::Idle | Activity::Fetching => {}
            Activity::Lasting(_) => {
                self.stop_activity(id);
                self.run(now, id);
            }
            Activity::Gathering(_) => self.gather_goes_on(now, id),
            Activity::Recording { .. } => self.recording_over(now, id, ""),
            Activity::Dialling(_) => self.talk_limit_reached(now, id),
            Activity::Dequeuing(_) => self.dequeue_runs_out(now, id),
            Activity::Entering(_) => {}
            Activity::Conferring(_) => self.step_out(now, id, Exit::HungUp),
        }
    }

    /// A verb that is not executed ends the leg, with the code that says so.
    pub(super) fn refuse_verb(&mut self, now: OffsetDateTime, id: LegId, name: &str, code: u32) {
        self.alert(now, id, code, format!("{name} is not available here"));
        self.apologise(now, id, code);
    }

    /// Says that something went wrong, and hangs up. A caller who waits is answered for it.
    pub(super) fn apologise(&mut self, now: OffsetDateTime, id: LegId, code: u32) {
        self.answer(now, id);
        let leg = self.leg_mut(id);
        leg.program = Program::default();
        // A callee who was to be screened is not connected after a failure.
        leg.program.verbs.push_back(Verb::Hangup);
        self.hear(now, id, inspect::Sound::ErrorSentence(code));
        let length = self.config.timing.play;
        self.last(now, id, "error-sentence", Some(length));
    }

    /// How long it takes to speak this text once.
    pub(super) fn say_length(&self, text: &str) -> Duration {
        let timing = &self.config.timing;
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        timing
            .say_per_character
            .saturating_mul(characters)
            .max(timing.say_at_least)
    }

    /// How long it takes to play this once. A key takes a tenth of a second.
    pub(super) fn play_length(&self, sound: &Sound) -> Duration {
        match sound {
            Sound::Audio(_) => self.config.timing.play,
            Sound::Keys(keys) => keys
                .chars()
                .map(|key| match key {
                    'w' => Duration::from_millis(500),
                    'W' => Duration::from_secs(1),
                    _ => Duration::from_millis(100),
                })
                .sum(),
        }
    }

    /// What a listener makes of something played; relative addresses are resolved.
    pub(super) fn played(&self, id: LegId, sound: &Sound) -> inspect::Sound {
        played(self.leg(id).program.base.as_deref(), sound)
    }

    fn say(&mut self, now: OffsetDateTime, id: LegId, say: &Say) {
        self.answer(now, id);
        let length = say.times.map(|times| self.say_length(&say.text) * times);
        let text = say.text.clone();
        self.hear(now, id, inspect::Sound::Said(text));
        self.last(now, id, "say", length);
    }

    fn play(&mut self, now: OffsetDateTime, id: LegId, play: &Play) {
        self.answer(now, id);
        let length = play
            .times
            .map(|times| self.play_length(&play.sound) * times);
        let played = self.played(id, &play.sound);
        self.hear(now, id, played);
        self.last(now, id, "play", length);
    }

    /// Keeps a leg busy for this long; without a length, until something interrupts it.
    pub(super) fn last(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        verb: &'static str,
        length: Option<Duration>,
    ) {
        let epoch = self.begin(id, Activity::Lasting(verb));
        if let Some(length) = length {
            self.timers.set(now + length, Timer::Step(id, epoch));
        }
    }

    /// Refusing works only before the answer; afterwards it is a hang-up.
    fn refuse_call(&mut self, now: OffsetDateTime, id: LegId, reason: RejectReason) {
        let (status, sip) = match (self.leg(id).status, reason) {
            (Status::InProgress, _) => (Status::Completed, 200),
            (_, RejectReason::Busy) => (Status::Busy, 486),
            (_, RejectReason::Rejected) => (Status::NoAnswer, 603),
        };
        self.finish(now, id, status, sip, EndedBy::Provider);
    }

    /// A leg with nothing left to do is hung up, except a callee who heard the document meant for
    /// them and is now connected.
    fn end_of_document(&mut self, now: OffsetDateTime, id: LegId) {
        if self.queue_document_over(now, id) {
            return;
        }
        let leg = self.leg(id);
        if let (Link::Screening, Some(parent)) = (leg.link, leg.parent) {
            return self.connect(now, parent, id);
        }
        self.answer(now, id);
        self.finish(now, id, Status::Completed, 200, EndedBy::Provider);
    }
}

/// What a listener makes of something played in a document from there.
pub(super) fn played(base: Option<&str>, sound: &Sound) -> inspect::Sound {
    match sound {
        Sound::Keys(keys) => inspect::Sound::Keys(keys.clone()),
        Sound::Audio(url) => {
            let url = super::fetch::resolve(base, url).unwrap_or_else(|| url.clone());
            inspect::Sound::Played(url)
        }
    }
}
