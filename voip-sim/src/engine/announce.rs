//! Announcements: what participants are told while their conference goes on.

use std::collections::VecDeque;

use time::OffsetDateTime;

use super::Engine;
use super::fetch::Purpose;
use super::leg::LegId;
use super::room::RoomId;
use super::timer::Timer;
use crate::inspect::{RoomStatus, Sound};
use crate::twiml::{Document, Target, Verb};

/// Names an announcement, in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AnnouncementId(u64);

/// An announcement that is being fetched, or heard.
pub(super) struct Announcement {
    room: RoomId,
    /// The one participant it is for; none for everybody.
    to: Option<LegId>,
    /// The participant by whose fields it was asked for.
    by: LegId,
    url: String,
    base: Option<String>,
    verbs: VecDeque<Verb>,
    /// What sounds at the moment.
    sounds: Option<Sound>,
}

impl Engine {
    /// Lets a participant, or everybody in the room, hear a document or a sound.
    pub(crate) fn announce(
        &mut self,
        now: OffsetDateTime,
        room: RoomId,
        to: Option<LegId>,
        target: &Target,
    ) {
        let first = self.room(room).members.first().map(|member| member.leg);
        let Some(by) = to.or(first) else {
            return;
        };
        self.next_announcement += 1;
        let id = AnnouncementId(self.next_announcement);
        let announcement = Announcement {
            room,
            to,
            by,
            url: target.url.clone(),
            base: None,
            verbs: VecDeque::new(),
            sounds: None,
        };
        self.announcements.insert(id, announcement);
        self.ask_aside(now, by, target, Purpose::Announcement(id));
    }

    /// Its document is there, or could not be had.
    pub(super) fn announcement_answered(
        &mut self,
        now: OffsetDateTime,
        id: AnnouncementId,
        document: Result<(Document, String), u32>,
    ) {
        let Some(announcement) = self.announcements.get_mut(&id) else {
            return;
        };
        match document {
            Ok((document, base)) => {
                announcement.base = Some(base);
                announcement.verbs = document.verbs.into();
                self.announcement_goes_on(now, id);
            }
            Err(code) => {
                let (room, by) = (announcement.room, announcement.by);
                let url = announcement.url.clone();
                self.announcements.remove(&id);
                if self.legs.contains_key(&by) && !self.is_over(room) {
                    let message = "an announcement could not be had or understood";
                    self.alert(now, by, code, message);
                    self.tell_announcement(now, room, by, &url, Some(code));
                }
            }
        }
    }

    /// The next verb of an announcement, or its end.
    pub(super) fn announcement_goes_on(&mut self, now: OffsetDateTime, id: AnnouncementId) {
        loop {
            let Some(announcement) = self.announcements.get_mut(&id) else {
                return;
            };
            let (room, to, by) = (announcement.room, announcement.to, announcement.by);
            let base = announcement.base.clone();
            if self.is_over(room) {
                self.announcements.remove(&id);
                return;
            }
            let verbs = self.announcements.get_mut(&id).map(|it| &mut it.verbs);
            let Some(verb) = verbs.and_then(VecDeque::pop_front) else {
                let ended = self.announcements.remove(&id);
                let url = ended.map(|it| it.url).unwrap_or_default();
                return self.tell_announcement(now, room, by, &url, None);
            };
            // One that repeats for ever would never end; it is heard once.
            let (sound, length) = match verb {
                Verb::Say(say) => {
                    let length = self.say_length(&say.text) * say.times.unwrap_or(1);
                    (Some(Sound::Said(say.text)), length)
                }
                Verb::Play(play) => {
                    let length = self.play_length(&play.sound) * play.times.unwrap_or(1);
                    let sound = super::run::played(base.as_deref(), &play.sound);
                    (Some(sound), length)
                }
                Verb::Pause(length) => (None, length),
                Verb::Redirect(_)
                | Verb::Hangup
                | Verb::Reject(_)
                | Verb::Gather(_)
                | Verb::Record(_)
                | Verb::Dial(_)
                | Verb::Enqueue(_)
                | Verb::Leave
                | Verb::Unsupported { .. } => {
                    let message = "a verb is not allowed in an announcement";
                    if self.legs.contains_key(&by) {
                        self.alert(now, by, 13238, message);
                    }
                    continue;
                }
            };
            if let Some(announcement) = self.announcements.get_mut(&id) {
                announcement.sounds.clone_from(&sound);
            }
            if let Some(sound) = sound {
                for leg in self.announced_to(room, to) {
                    self.hear(now, leg, sound.clone());
                }
            }
            self.timers.set(now + length, Timer::Announcement(id));
            return;
        }
    }

    /// What is announced to this leg at the moment.
    #[cfg(feature = "media")]
    pub(super) fn announced(&self, leg: LegId) -> Option<Sound> {
        let room = self.room_of(leg)?;
        let here = self.announcements.values().filter(|it| it.room == room);
        let mut sounding = here.filter_map(|it| Some((it.to, it.sounds.clone()?)));
        let heard = |to| self.announced_to(room, to).contains(&leg);
        sounding.find(|(to, _)| heard(*to)).map(|(_, sound)| sound)
    }

    fn is_over(&self, room: RoomId) -> bool {
        let room = self.rooms.get(&room);
        room.is_none_or(|room| room.status == RoomStatus::Completed)
    }

    /// Who hears it: the one it is for while that is there, or everybody who is not held.
    fn announced_to(&self, room: RoomId, to: Option<LegId>) -> Vec<LegId> {
        let members = self.room(room).members.iter();
        let hears = |leg: LegId, held: bool| match to {
            Some(one) => leg == one,
            None => !held,
        };
        members
            .filter(|member| hears(member.leg, member.hold.set))
            .map(|member| member.leg)
            .collect()
    }
}
