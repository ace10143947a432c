//! Keys: pressing them, collecting them, and recordings that they end.

use std::collections::VecDeque;

use time::OffsetDateTime;

use super::Engine;
use super::conference::Exit;
use super::fetch::Purpose;
use super::fields::pair;
use super::leg::{Activity, LegId};
use super::recording::{RecordingId, Source};
use super::timer::Timer;
use crate::inspect::{self, Status};
use crate::twiml::{Channels, Gather, Record, Recorded, Track, Verb};

/// How sure the simulator is of what it understood.
const CONFIDENCE: &str = "0.9";

/// A gather under way.
pub(super) struct Gathering {
    gather: Gather,
    prompts: VecDeque<Verb>,
    digits: String,
    /// Whether what was pressed is all, although prompts still sound.
    complete: bool,
    /// What was said while prompts sounded that nothing stops.
    speech: Option<String>,
}

impl Gathering {
    /// Whether a prompt sounds that input does not stop.
    fn cannot_be_stopped(&self) -> bool {
        !self.gather.barge_in && !self.prompts.is_empty()
    }

    /// Takes one more key; true when that was the last one.
    fn take(&mut self, key: char) -> bool {
        if self.gather.finish_on_key == Some(key) {
            return true;
        }
        self.digits.push(key);
        let enough = self.gather.num_digits;
        enough.is_some_and(|enough| self.digits.len() >= enough as usize)
    }

    /// Whether a prompt sounds at the moment.
    #[cfg(feature = "media")]
    pub(super) fn sounds(&self) -> bool {
        matches!(self.prompts.front(), Some(Verb::Say(_) | Verb::Play(_)))
    }
}

impl Engine {
    pub(super) fn begin_gather(&mut self, now: OffsetDateTime, id: LegId, gather: Gather) {
        self.answer(now, id);
        let gathering = Gathering {
            prompts: gather.prompts.clone().into(),
            digits: String::new(),
            complete: false,
            speech: None,
            gather,
        };
        self.next_prompt(now, id, gathering);
    }

    /// A prompt is over, or the silence after the last one or the last key.
    pub(super) fn gather_goes_on(&mut self, now: OffsetDateTime, id: LegId) {
        let Activity::Gathering(mut gathering) = self.stop_activity(id) else {
            return;
        };
        match gathering.prompts.pop_front() {
            Some(_) if !gathering.prompts.is_empty() => self.next_prompt(now, id, gathering),
            Some(_) => match gathering.speech.take() {
                Some(text) => self.speech_gathered(now, id, gathering, &text),
                None if gathering.complete => self.gather_over(now, id, gathering),
                None => self.next_prompt(now, id, gathering),
            },
            None => self.gather_over(now, id, gathering),
        }
    }

    /// Begins the prompt at the front, or the silence when there is none left. The front stays in
    /// place while it sounds, so that a silence can be told from a prompt.
    fn next_prompt(&mut self, now: OffsetDateTime, id: LegId, gathering: Gathering) {
        let length = match gathering.prompts.front() {
            Some(Verb::Say(say)) => {
                let heard = inspect::Sound::Said(say.text.clone());
                self.hear(now, id, heard);
                say.times.map(|times| self.say_length(&say.text) * times)
            }
            Some(Verb::Play(play)) => {
                let heard = self.played(id, &play.sound);
                self.hear(now, id, heard);
                play.times
                    .map(|times| self.play_length(&play.sound) * times)
            }
            Some(Verb::Pause(length)) => Some(*length),
            Some(_) | None => Some(gathering.gather.timeout),
        };
        let epoch = self.begin(id, Activity::Gathering(gathering));
        if let Some(length) = length {
            self.timers.set(now + length, Timer::Step(id, epoch));
        }
    }

    fn gather_over(&mut self, now: OffsetDateTime, id: LegId, gathering: Gathering) {
        if gathering.digits.is_empty() && !gathering.gather.action_on_empty_result {
            return self.run(now, id);
        }
        let digits = vec![pair("Digits", &gathering.digits)];
        self.fetch(now, id, &gathering.gather.action, digits, Purpose::Run);
    }

    /// The far end says something: a gather that listens takes it, and a recording that waits for
    /// silence does not notice, since what is said has no length.
    pub(super) fn spoken(&mut self, now: OffsetDateTime, id: LegId, text: &str) {
        match &mut self.leg_mut(id).activity {
            Activity::Gathering(gathering) if gathering.gather.takes_speech => {
                if gathering.cannot_be_stopped() {
                    gathering.speech.get_or_insert_with(|| text.to_owned());
                    return;
                }
            }
            _ => return,
        }
        if let Activity::Gathering(gathering) = self.stop_activity(id) {
            self.speech_gathered(now, id, gathering, text);
        }
    }

    fn speech_gathered(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        gathering: Gathering,
        text: &str,
    ) {
        let heard = vec![pair("SpeechResult", text), pair("Confidence", CONFIDENCE)];
        self.fetch(now, id, &gathering.gather.action, heard, Purpose::Run);
    }

    /// The far end presses keys, one after the other.
    pub(super) fn keys_pressed(&mut self, now: OffsetDateTime, id: LegId, keys: &str) {
        let leg = self.leg_mut(id);
        if leg.status == Status::InProgress {
            leg.pressed.push_str(keys);
            if let Some(peer) = leg.peer {
                self.hear(now, peer, inspect::Sound::Keys(keys.to_owned()));
            }
        }
        for key in keys.chars() {
            if self.leg(id).status != Status::InProgress {
                return;
            }
            match &self.leg(id).activity {
                Activity::Gathering(_) => self.key_gathered(now, id, key),
                Activity::Recording { record, .. } if record.finish_on_keys.contains(key) => {
                    self.recording_over(now, id, key.encode_utf8(&mut [0; 4]));
                }
                Activity::Dialling(_) if key == '*' => self.star_pressed(now, id),
                Activity::Dequeuing(dequeuing) if key == '*' && dequeuing.dial.hangup_on_star => {
                    self.dequeue_runs_out(now, id);
                }
                Activity::Conferring(conferring)
                    if key == '*' && conferring.dial.hangup_on_star =>
                {
                    self.step_out(now, id, Exit::HungUp);
                }
                _ => {}
            }
        }
    }

    fn key_gathered(&mut self, now: OffsetDateTime, id: LegId, key: char) {
        let Activity::Gathering(gathering) = &mut self.leg_mut(id).activity else {
            return;
        };
        if !gathering.gather.takes_keys || gathering.complete {
            return;
        }
        let complete = gathering.take(key);
        if gathering.cannot_be_stopped() {
            gathering.complete = complete;
            return;
        }
        let Activity::Gathering(mut gathering) = self.stop_activity(id) else {
            return;
        };
        // The first key stops what is being said.
        gathering.prompts.clear();
        match complete {
            true => self.gather_over(now, id, gathering),
            false => self.next_prompt(now, id, gathering),
        }
    }

    pub(super) fn begin_recording(&mut self, now: OffsetDateTime, id: LegId, record: Record) {
        self.answer(now, id);
        // The far end is silent, so a recording lasts until the silence is too long.
        let length = record
            .timeout
            .map_or(record.max_length, |timeout| timeout.min(record.max_length));
        let recorded = Recorded {
            from_ringing: false,
            channels: Channels::Mono,
            track: Track::Both,
            status: record.status.clone(),
        };
        let recording = self.start_recording(now, id, None, Source::RecordVerb, recorded);
        let epoch = self.begin(id, Activity::Recording { record, recording });
        self.timers.set(now + length, Timer::Step(id, epoch));
    }

    /// Somebody speaks: a recording that ends with a silence goes on.
    #[cfg(feature = "media")]
    pub(crate) fn voice_heard(&mut self, now: OffsetDateTime, sid: &crate::sid::CallSid) {
        let Some(id) = self.by_sid.get(sid).copied() else {
            return;
        };
        let Activity::Recording { record, recording } = &self.leg(id).activity else {
            return;
        };
        let (Some(timeout), Some(running)) = (record.timeout, self.recordings.get(recording))
        else {
            return;
        };
        let until = (now + timeout).min(running.created + record.max_length);
        let leg = self.leg_mut(id);
        leg.epoch += 1;
        let epoch = leg.epoch;
        self.timers.set(until, Timer::Step(id, epoch));
    }

    /// A recording is over; its action is always asked for.
    pub(super) fn recording_over(&mut self, now: OffsetDateTime, id: LegId, key: &str) {
        let Activity::Recording { record, recording } = self.stop_activity(id) else {
            return;
        };
        let fields = self.recording_fields(now, recording, key);
        self.fetch(now, id, &record.action, fields, Purpose::Run);
    }

    /// The caller hung up while recording: the action is told, its answer is not waited for.
    pub(super) fn recording_cut_off(
        &mut self,
        now: OffsetDateTime,
        id: LegId,
        record: &Record,
        recording: RecordingId,
    ) {
        let fields = self.recording_fields(now, recording, "hangup");
        self.fetch(now, id, &record.action, fields, Purpose::Ignore);
    }

    fn recording_fields(
        &mut self,
        now: OffsetDateTime,
        recording: RecordingId,
        key: &str,
    ) -> Vec<(String, String)> {
        self.end_recording(now, recording);
        let mut fields = self.recorded_fields(now, recording);
        fields.push(pair("Digits", key));
        fields
    }
}
