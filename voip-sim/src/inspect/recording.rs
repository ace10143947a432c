//! Recordings as an onlooker sees them.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use crate::sid::CallSid;

/// How far a recording has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingStatus {
    /// It runs.
    InProgress,
    /// It pauses.
    Paused,
    /// It is over and cannot be had yet.
    Processing,
    /// It can be had.
    Completed,
    /// There is nothing in it.
    Absent,
}

impl RecordingStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Paused => "paused",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Absent => "absent",
        }
    }
}

/// A recording as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordingView {
    /// `RE` and 32 hex digits.
    pub sid: String,
    /// The leg it was made of, or by which its conference came to it.
    pub call: CallSid,
    /// The conference it was made of.
    pub conference: Option<String>,
    /// What made it, in the vendor's words.
    pub source: &'static str,
    /// One, or two where each side has its own.
    pub channels: u16,
    /// How far it has come.
    pub status: RecordingStatus,
    /// How long it ran, pauses left out; what runs at this moment does not count yet.
    pub ran_for: Duration,
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
}
