//! Conference callbacks: which event is told, and with what.

use time::OffsetDateTime;

use super::Engine;
use super::fields::{date, pair};
use super::leg::LegId;
use super::room::{Member, RoomId};
use crate::inspect::Happening;
use crate::webhook::WebhookKind;

/// What happens in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoomEvent {
    Start,
    End,
    Join,
    Mute,
    Unmute,
    Hold,
    Unhold,
    Modify,
}

impl RoomEvent {
    /// The word it is asked for by.
    fn asked_as(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::End => "end",
            Self::Join => "join",
            Self::Mute | Self::Unmute => "mute",
            Self::Hold | Self::Unhold => "hold",
            Self::Modify => "modify",
        }
    }

    /// The word it is told by.
    fn told_as(self) -> &'static str {
        match self {
            Self::Start => "conference-start",
            Self::End => "conference-end",
            Self::Join => "participant-join",
            Self::Mute => "participant-mute",
            Self::Unmute => "participant-unmute",
            Self::Hold => "participant-hold",
            Self::Unhold => "participant-unhold",
            Self::Modify => "participant-modify",
        }
    }

    /// Whether it says how a participant stands.
    fn is_about_a_participant(self) -> bool {
        match self {
            Self::Start | Self::End => false,
            Self::Join | Self::Mute | Self::Unmute | Self::Hold | Self::Unhold | Self::Modify => {
                true
            }
        }
    }
}

impl Engine {
    /// Tells the application about an event of a room, if it asked for that. `about` is the leg
    /// it is about, or by which it came to it.
    pub(super) fn tell_room(
        &mut self,
        now: OffsetDateTime,
        id: RoomId,
        event: RoomEvent,
        about: LegId,
    ) {
        let room = self.room(id);
        let mut fields = match room.member(about) {
            Some(member) if event.is_about_a_participant() => participant(member),
            Some(_) | None => Vec::new(),
        };
        if let (RoomEvent::End, Some(end)) = (event, &room.end) {
            if let Some(by) = &end.by {
                fields.push(pair("CallSidEndingConference", by.as_str()));
            }
            if let Some(label) = &end.by_label {
                fields.push(pair("ParticipantLabelEndingConference", label));
            }
            fields.push(pair("ReasonConferenceEnded", end.reason));
            fields.push(pair("Reason", end.reason));
        }
        self.tell(now, id, event.asked_as(), event.told_as(), about, fields);
    }

    /// Tells that a participant leaves; it is still in the list of the room then.
    pub(super) fn tell_leave(&mut self, now: OffsetDateTime, id: RoomId, leg: LegId, why: &str) {
        let Some(member) = self.room(id).member(leg) else {
            return;
        };
        let mut fields = participant(member);
        let status = self.leg(leg).status.as_str();
        fields.push(pair("ParticipantCallStatus", status));
        fields.push(pair("ReasonParticipantLeft", why));
        self.tell(now, id, "leave", "participant-leave", leg, fields);
    }

    /// Tells that an announcement is over, or could not be made.
    pub(super) fn tell_announcement(
        &mut self,
        now: OffsetDateTime,
        id: RoomId,
        by: LegId,
        url: &str,
        failed: Option<u32>,
    ) {
        if !self.legs.contains_key(&by) {
            return;
        }
        let mut fields = vec![pair("AnnounceUrl", url)];
        let told_as = match failed {
            None => "announcement-end",
            Some(code) => {
                let reason = crate::explain::explain(code);
                fields.push(pair("ReasonAnnouncementFailed", reason));
                "announcement-fail"
            }
        };
        self.tell(now, id, "announcement", told_as, by, fields);
    }

    /// Tells that a leg which was called into a room does not come.
    pub(super) fn tell_not_coming(&mut self, now: OffsetDateTime, id: RoomId, leg: LegId) {
        let call = self.leg(leg);
        let fields = vec![
            pair("CallSid", call.sid.as_str()),
            pair("ParticipantCallStatus", call.status.as_str()),
            pair("ReasonParticipantLeft", "participant_add_failed"),
        ];
        self.tell(now, id, "leave", "participant-leave", leg, fields);
    }

    fn tell(
        &mut self,
        now: OffsetDateTime,
        id: RoomId,
        asked_as: &str,
        told_as: &'static str,
        about: LegId,
        extra: Vec<(String, String)>,
    ) {
        let event = Happening::Conference {
            conference_sid: self.room(id).sid.clone(),
            event: told_as,
        };
        self.note(now, Some(about), event);
        let room = self.room_mut(id);
        let Some(callback) = room.callbacks.clone() else {
            return;
        };
        if !callback.events.iter().any(|word| word == asked_as) {
            return;
        }
        // As with legs, only events that are told take a number.
        let sequence = room.next_sequence;
        room.next_sequence += 1;
        let (sid, name) = (room.sid.clone(), room.name.clone());
        let mut fields = vec![
            pair("AccountSid", &self.config.account_sid),
            pair("ConferenceSid", &sid),
            pair("FriendlyName", &name),
            pair("SequenceNumber", &sequence.to_string()),
            pair("StatusCallbackEvent", told_as),
            pair("Timestamp", &date(now)),
        ];
        fields.extend(extra);
        let (kind, url, method) = (WebhookKind::Conference, callback.url, callback.method);
        if let Some(mut webhook) = self.new_webhook(now, about, kind, &url, method, fields) {
            webhook.line = sid;
            self.submit_status(now, webhook);
        }
    }
}

fn participant(member: &Member) -> Vec<(String, String)> {
    let flag = |name: &str, set: bool| pair(name, if set { "true" } else { "false" });
    let mut fields = vec![
        pair("CallSid", member.call.as_str()),
        flag("Muted", member.muted.set),
        flag("Hold", member.hold.set),
        flag("Coaching", member.coaches.is_some()),
        flag("StartConferenceOnEnter", member.start_on_enter),
        flag("EndConferenceOnExit", member.end_on_exit),
    ];
    if let Some(label) = &member.label {
        fields.push(pair("ParticipantLabel", label));
    }
    fields
}
