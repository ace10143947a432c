//! The `record` attributes of dials and conferences.

use super::StatusSubscription;
use super::attributes::{Attributes, SCHEMA_WARNING};

/// How a recording keeps the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// Mixed.
    Mono,
    /// One channel each.
    Dual,
}

impl Channels {
    /// How many channels a file has.
    pub fn count(self) -> u16 {
        match self {
            Self::Mono => 1,
            Self::Dual => 2,
        }
    }
}

/// That something is recorded, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Whether the ringing is part of the recording.
    pub from_ringing: bool,
    /// How the two sides are kept.
    pub channels: Channels,
    /// Whom it holds.
    pub track: Track,
    /// Who is told about the recording, and which events.
    pub status: Option<StatusSubscription>,
}

/// Whom a recording holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Track {
    /// What the far end says.
    Inbound,
    /// What the far end hears.
    Outbound,
    /// Both.
    #[default]
    Both,
}

impl Track {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Both => "both",
        }
    }

    pub(crate) fn parse(word: &str) -> Option<Self> {
        [Self::Inbound, Self::Outbound, Self::Both]
            .into_iter()
            .find(|track| track.as_str() == word)
    }
}

impl Attributes<'_> {
    /// `record` of a `Dial`.
    pub(super) fn dial_record(&mut self) -> Option<Recorded> {
        let (from_ringing, channels) = match self.text("record").map(str::trim) {
            None | Some("do-not-record" | "false") => return None,
            Some("record-from-answer" | "true") => (false, Channels::Mono),
            Some("record-from-answer-dual") => (false, Channels::Dual),
            Some("record-from-ringing") => (true, Channels::Mono),
            Some("record-from-ringing-dual") => (true, Channels::Dual),
            Some(_) => {
                self.odd(13217, "record");
                return None;
            }
        };
        Some(Recorded {
            from_ringing,
            channels,
            track: self.recording_track(),
            status: self.recording_callback(),
        })
    }

    /// `record` of a `Conference`.
    pub(super) fn conference_record(&mut self, code: u32) -> Option<Recorded> {
        match self.text("record").map(str::trim) {
            None | Some("do-not-record" | "false") => None,
            Some("record-from-start" | "true") => Some(Recorded {
                from_ringing: false,
                channels: Channels::Mono,
                track: Track::Both,
                status: self.recording_callback(),
            }),
            Some(_) => {
                self.odd(code, "record");
                None
            }
        }
    }

    /// `recordingTrack` of a `Dial`.
    fn recording_track(&mut self) -> Track {
        match self.text("recordingTrack").map(str::trim) {
            None => Track::Both,
            Some(word) => Track::parse(word).unwrap_or_else(|| {
                self.odd(SCHEMA_WARNING, "recordingTrack");
                Track::Both
            }),
        }
    }

    /// `recordingStatusCallback` and its siblings.
    pub(super) fn recording_callback(&mut self) -> Option<StatusSubscription> {
        self.subscription("recordingStatusCallback", "completed")
    }
}
