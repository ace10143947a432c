//! Conferences as an onlooker sees them.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::sid::CallSid;

/// How far a conference has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoomStatus {
    /// Somebody is in it, but it has not started.
    Init,
    /// It has started.
    InProgress,
    /// It is over.
    Completed,
}

impl RoomStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }

    /// Reads a word of the REST interface.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Init, Self::InProgress, Self::Completed]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

/// A conference as it stands.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct RoomView {
    /// `CF` and 32 hex digits.
    pub sid: String,
    /// The name it was given.
    pub name: String,
    /// How far it has come.
    pub status: RoomStatus,
    /// Who is in it, in the order in which they entered.
    pub members: Vec<MemberView>,
    /// Why it ended.
    pub reason_ended: Option<&'static str>,
    /// When the first participant entered.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}

/// A participant of a conference.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Its leg.
    pub call: CallSid,
    /// Its name inside the conference.
    pub label: Option<String>,
    /// Whether it is not heard.
    pub muted: bool,
    /// Whether it is on hold: it hears nobody and nobody hears it.
    pub on_hold: bool,
    /// Whether the conference starts with it, once there are two.
    pub start_on_enter: bool,
    /// Whether the conference ends with it.
    pub end_on_exit: bool,
    /// When it entered.
    #[serde(with = "time::serde::rfc3339")]
    pub joined_at: OffsetDateTime,
}

/// Shows no name: applications put all sorts of things into it.
impl fmt::Debug for RoomView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomView")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .field("members", &self.members)
            .field("reason_ended", &self.reason_ended)
            .finish_non_exhaustive()
    }
}

/// Shows no label, for the same reason.
impl fmt::Debug for MemberView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberView")
            .field("call", &self.call)
            .field("muted", &self.muted)
            .field("on_hold", &self.on_hold)
            .finish_non_exhaustive()
    }
}
