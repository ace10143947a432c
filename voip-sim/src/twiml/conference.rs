//! `Conference`: a room that several legs share.

use std::fmt;

use super::attributes::{Attributes, SCHEMA_WARNING};
use super::xml::Element;
use super::{Method, Recorded, StatusSubscription, Target, Warning};

/// The most participants a room takes, unless told less.
const MAX_PARTICIPANTS: u32 = 250;

/// The longest name of a room, in characters.
const MAX_NAME: usize = 128;

/// The room a leg enters, and how.
#[derive(Clone, PartialEq, Eq)]
pub struct Conference {
    /// The room's name.
    pub name: String,
    /// Names this participant inside the room.
    pub label: Option<String>,
    /// Whether it is not heard at first.
    pub muted: bool,
    /// Whether the room starts as soon as this participant is not alone in it.
    pub start_on_enter: bool,
    /// Whether the room ends when this participant leaves.
    pub end_on_exit: bool,
    /// What is heard until the room starts.
    pub wait: Wait,
    /// Participants above which nobody else enters.
    pub max_participants: usize,
    /// Who is told about the room. Only what its first participant brings along counts.
    pub status: Option<StatusSubscription>,
    /// The leg, by call SID, that alone hears this participant.
    pub coach: Option<String>,
    /// Whether the room is recorded. Only what its first participant brings along counts.
    pub recorded: Option<Recorded>,
}

/// What a participant hears until the room starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The vendor's own music, for ever.
    Music,
    /// Nothing.
    Silence,
    /// A document of the application, once, then nothing.
    Document(Target),
}

impl Conference {
    /// Reads the element; `None` when the room has no usable name (13237).
    pub(super) fn read(element: &Element, warnings: &mut Vec<Warning>) -> Option<Self> {
        let mut attributes = Attributes::new(element, warnings);
        attributes.known(&[
            "startConferenceOnEnter",
            "endConferenceOnExit",
            "muted",
            "beep",
            "waitUrl",
            "waitMethod",
            "maxParticipants",
            "participantLabel",
            "coach",
            "record",
            "trim",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "region",
            "jitterBufferSize",
            "statusCallback",
            "statusCallbackMethod",
            "statusCallbackEvent",
            "eventCallbackUrl",
        ]);
        if !matches!(
            attributes.text("beep").map(str::trim),
            None | Some("true" | "false" | "onEnter" | "onExit")
        ) {
            attributes.odd(13235, "beep");
        }
        let name = element.own_text();
        if name.is_empty() || name.chars().count() > MAX_NAME {
            attributes.odd(13237, "the name");
            return None;
        }
        let wait = match attributes.text("waitUrl").map(str::trim) {
            None => Wait::Music,
            Some("") => Wait::Silence,
            Some(url) => Wait::Document(Target {
                url: url.to_owned(),
                method: attributes.method("waitMethod", 13234),
            }),
        };
        let label = attributes.text("participantLabel").map(str::trim);
        let max = attributes.number(
            "maxParticipants",
            2..=MAX_PARTICIPANTS,
            MAX_PARTICIPANTS,
            SCHEMA_WARNING,
        );
        Some(Self {
            name,
            label: label.filter(|label| !label.is_empty()).map(str::to_owned),
            muted: attributes.flag("muted", false, 13230),
            start_on_enter: attributes.flag("startConferenceOnEnter", true, 13232),
            end_on_exit: attributes.flag("endConferenceOnExit", false, 13231),
            wait,
            max_participants: usize::try_from(max).unwrap_or(usize::MAX),
            status: attributes.status_callback(""),
            coach: attributes
                .text("coach")
                .map(|call| call.trim().to_owned())
                .filter(|call| !call.is_empty()),
            recorded: attributes.conference_record(SCHEMA_WARNING),
        })
    }
}

impl Attributes<'_> {
    /// `statusCallback` and its siblings; `events` are those that count when none are named.
    pub(super) fn status_callback(&mut self, events: &str) -> Option<StatusSubscription> {
        self.subscription("statusCallback", events)
    }

    /// The attribute of this name, and those that end in `Method` and `Event`.
    pub(super) fn subscription(&mut self, name: &str, events: &str) -> Option<StatusSubscription> {
        let url = self.text(name).map(str::trim)?;
        if url.is_empty() {
            return None;
        }
        let method: Method = self.method(&format!("{name}Method"), SCHEMA_WARNING);
        let events = self.text(&format!("{name}Event")).unwrap_or(events);
        Some(StatusSubscription {
            url: url.to_owned(),
            method,
            events: events.split_whitespace().map(str::to_owned).collect(),
        })
    }
}

/// Shows no name: applications put all sorts of things into it.
impl fmt::Debug for Conference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conference")
            .field("start_on_enter", &self.start_on_enter)
            .field("end_on_exit", &self.end_on_exit)
            .field("wait", &self.wait)
            .finish_non_exhaustive()
    }
}
