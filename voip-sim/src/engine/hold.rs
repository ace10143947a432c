//! Participants of a room: holding and muting them, and what they hear while they do not hear the
//! others.

use time::OffsetDateTime;

use super::Engine;
use super::fetch::Purpose;
use super::leg::LegId;
use super::room::{Ear, Member, RoomId};
use super::room_callback::RoomEvent;
use super::timer::Timer;
use crate::inspect::{self, RoomStatus};
use crate::sid::CallSid;
use crate::twiml::{Document, Target, Verb};

impl Engine {
    /// Puts a participant on hold, or takes it back. The same value again changes nothing.
    /// Without an address the held one hears the vendor's music.
    pub(crate) fn set_hold(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        hold: bool,
        music: Option<Target>,
    ) {
        let Some(room) = self.room_of(leg) else {
            return;
        };
        let started = self.room(room).status == RoomStatus::InProgress;
        let Some(member) = self.member_mut(leg) else {
            return;
        };
        if !member.hold.put(now, hold) {
            return;
        }
        member.updated = now;
        let event = match hold {
            true => RoomEvent::Hold,
            false => RoomEvent::Unhold,
        };
        let back = match (started, member.music) {
            (true, _) => Ear::Room,
            (false, true) => Ear::Music,
            (false, false) => Ear::Silence,
        };
        self.tell_room(now, room, event, leg);
        match (hold, music) {
            (false, _) => self.listen(now, leg, back),
            (true, None) => self.listen(now, leg, Ear::Music),
            (true, Some(document)) => {
                self.listen(now, leg, Ear::Fetching);
                let turn = self.member_mut(leg).map_or(0, |member| member.turn);
                self.ask_aside(now, leg, &document, Purpose::Hold(turn));
            }
        }
    }

    /// Mutes a participant, or takes that back. The same value again changes nothing.
    pub(crate) fn set_muted(&mut self, now: OffsetDateTime, leg: LegId, muted: bool) {
        let event = match muted {
            true => RoomEvent::Mute,
            false => RoomEvent::Unmute,
        };
        self.change_member(now, leg, event, |member| member.muted.put(now, muted));
    }

    /// Whether the room ends with this participant, from now on.
    pub(crate) fn set_end_on_exit(&mut self, now: OffsetDateTime, leg: LegId, ends: bool) {
        self.change_member(now, leg, RoomEvent::Modify, |member| {
            std::mem::replace(&mut member.end_on_exit, ends) != ends
        });
    }

    /// Lets a participant be heard by this one alone, or by everybody again. One who is not in
    /// the room cannot be coached (13240).
    pub(crate) fn set_coached(&mut self, now: OffsetDateTime, leg: LegId, coached: Option<&str>) {
        let Some(room) = self.room_of(leg) else {
            return;
        };
        let coaches = match coached {
            None => None,
            Some(call) => match self.coached_by(now, room, leg, call) {
                None => return,
                coaches => coaches,
            },
        };
        self.change_member(now, leg, RoomEvent::Modify, |member| {
            std::mem::replace(&mut member.coaches, coaches.clone()) != coaches
        });
    }

    /// The participant with this call SID, whom a leg is to coach.
    pub(super) fn coached_by(
        &mut self,
        now: OffsetDateTime,
        room: RoomId,
        coach: LegId,
        call: &str,
    ) -> Option<CallSid> {
        let mut members = self.room(room).members.iter().map(|member| &member.call);
        let coached = members.find(|sid| sid.as_str() == call).cloned();
        if coached.is_none() {
            let message = "Conference: coach names a call that is not in it";
            self.alert(now, coach, 13240, message);
        }
        coached
    }

    fn change_member(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        event: RoomEvent,
        change: impl FnOnce(&mut Member) -> bool,
    ) {
        let Some(room) = self.room_of(leg) else {
            return;
        };
        if let Some(member) = self.member_mut(leg)
            && change(member)
        {
            member.updated = now;
            self.tell_room(now, room, event, leg);
        }
    }

    /// A participant hears something else from now on.
    pub(super) fn listen(&mut self, now: OffsetDateTime, leg: LegId, ear: Ear) {
        let Some(member) = self.member_mut(leg) else {
            return;
        };
        member.turn += 1;
        let (music, document) = match &ear {
            Ear::Music => (true, false),
            Ear::Document { .. } => (false, true),
            Ear::Room | Ear::Silence | Ear::Fetching => (false, false),
        };
        member.ear = ear;
        if music {
            self.hear(now, leg, inspect::Sound::Music);
        }
        if document {
            self.listening_goes_on(now, leg);
        }
    }

    /// What a participant was hearing is over, unless it hears something else by now.
    pub(super) fn heard_out(&mut self, now: OffsetDateTime, leg: LegId, turn: u64) {
        if self
            .member_mut(leg)
            .is_some_and(|member| member.turn == turn)
        {
            self.listening_goes_on(now, leg);
        }
    }

    /// The next verb of a wait or hold document. Of those only a few are allowed (13238).
    fn listening_goes_on(&mut self, now: OffsetDateTime, leg: LegId) {
        loop {
            let Some(member) = self.member_mut(leg) else {
                return;
            };
            let turn = member.turn;
            let Ear::Document {
                verbs,
                base,
                sounds,
            } = &mut member.ear
            else {
                return;
            };
            *sounds = None;
            let base = base.clone();
            let Some(verb) = verbs.pop_front() else {
                member.ear = Ear::Silence;
                return;
            };
            let (sound, length) = match verb {
                Verb::Say(say) => {
                    let length = say.times.map(|times| self.say_length(&say.text) * times);
                    (Some(inspect::Sound::Said(say.text)), length)
                }
                Verb::Play(play) => {
                    let length = play
                        .times
                        .map(|times| self.play_length(&play.sound) * times);
                    (
                        Some(super::run::played(base.as_deref(), &play.sound)),
                        length,
                    )
                }
                Verb::Pause(length) => (None, Some(length)),
                Verb::Redirect(target) => {
                    let url = super::fetch::resolve(base.as_deref(), &target.url);
                    let target = Target {
                        url: url.unwrap_or_default(),
                        ..target
                    };
                    self.listen(now, leg, Ear::Fetching);
                    let turn = self.member_mut(leg).map_or(0, |member| member.turn);
                    return self.ask_aside(now, leg, &target, Purpose::Hold(turn));
                }
                Verb::Hangup
                | Verb::Reject(_)
                | Verb::Gather(_)
                | Verb::Record(_)
                | Verb::Dial(_)
                | Verb::Enqueue(_)
                | Verb::Leave
                | Verb::Unsupported { .. } => {
                    let message = "a verb is not allowed in a wait or hold document";
                    self.alert(now, leg, 13238, message);
                    continue;
                }
            };
            if let Some(sound) = &sound {
                self.hear(now, leg, sound.clone());
            }
            if let Some(member) = self.member_mut(leg)
                && let Ear::Document { sounds, .. } = &mut member.ear
            {
                *sounds = sound;
            }
            if let Some(length) = length {
                self.timers.set(now + length, Timer::Listening(leg, turn));
            }
            return;
        }
    }

    /// The document for a held participant is there, or could not be had: then it hears that
    /// something went wrong.
    pub(super) fn hold_document_answered(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        turn: u64,
        document: Result<(Document, String), u32>,
    ) {
        if self
            .member_mut(leg)
            .is_none_or(|member| member.turn != turn)
        {
            return;
        }
        match document {
            Ok((document, url)) => {
                let ear = self.ear_of(now, leg, document, url);
                self.listen(now, leg, ear);
            }
            Err(code) => {
                let heard = inspect::Sound::ErrorSentence(code);
                let message = "a hold document could not be had or understood";
                self.alert(now, leg, code, message);
                self.hear(now, leg, heard);
                self.listen(now, leg, Ear::Silence);
            }
        }
    }

    /// What a participant hears of this document.
    pub(super) fn ear_of(
        &mut self,
        now: OffsetDateTime,
        leg: LegId,
        document: Document,
        url: String,
    ) -> Ear {
        for warning in document.warnings {
            self.alert(now, leg, warning.code, warning.message);
        }
        Ear::Document {
            verbs: document.verbs.into(),
            base: Some(url),
            sounds: None,
        }
    }
}
