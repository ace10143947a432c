//! What an onlooker may see: legs, conferences, who hears whom, and the webhooks made.

mod delivery;
mod journal;
mod orphan;
mod recording;
mod room;

pub use delivery::{DeliveryOutcome, WebhookView};
pub use journal::{Happening, JournalEntry};
pub use orphan::Orphan;
pub use recording::{RecordingStatus, RecordingView};
pub use room::{MemberView, RoomStatus, RoomView};

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::sid::CallSid;

/// How a call came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Somebody called a number of the application, or a voice client placed a call.
    Inbound,
    /// The application placed it over REST.
    OutboundApi,
    /// A `Dial` made it.
    OutboundDial,
}

impl Direction {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// Where a leg stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Accepted, not dialled yet.
    Queued,
    /// Being dialled. Only callbacks say so; resources show `queued` or `ringing`.
    Initiated,
    /// The far end rings, or an inbound caller waits.
    Ringing,
    /// Answered.
    InProgress,
    /// Was answered and is over.
    Completed,
    /// Engaged or declined.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Could not be reached.
    Failed,
    /// Given up before an answer.
    Canceled,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
            Self::Busy => "busy",
            Self::NoAnswer => "no-answer",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        match self {
            Self::Queued | Self::Initiated | Self::Ringing | Self::InProgress => false,
            Self::Completed | Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
        }
    }

    /// Reads a word of the REST interface.
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Queued,
            Self::Ringing,
            Self::InProgress,
            Self::Completed,
            Self::Busy,
            Self::NoAnswer,
            Self::Failed,
            Self::Canceled,
        ]
        .into_iter()
        .find(|status| status.as_str() == word)
    }
}

/// Something that reached the far end's ear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// When it began.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What it was.
    #[serde(flatten)]
    pub what: Sound,
}

/// A sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "sound", content = "content")]
pub enum Sound {
    /// A spoken text.
    Said(String),
    /// Audio from this address.
    Played(String),
    /// Keys that were sent.
    Keys(String),
    /// The vendor's own music, while waiting or on hold.
    Music,
    /// The sentence that stands for an application error, with the debugger code.
    ErrorSentence(u32),
}

/// An entry of the account's debugger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The vendor's code.
    pub code: u32,
    /// In words.
    pub message: String,
}

/// One leg as it stands.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CallView {
    /// The leg.
    pub sid: CallSid,
    /// The leg whose `Dial` made it.
    pub parent: Option<CallSid>,
    /// How it came about.
    pub direction: Direction,
    /// Where it stands.
    pub status: Status,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// What it is doing: the verb, or `ringing`, `fetching`, `in-dial`, `over` and the like.
    pub doing: &'static str,
    /// The leg it is connected with: each hears the other.
    pub bridged_with: Option<CallSid>,
    /// The conference it is in.
    pub conference: Option<String>,
    /// The queue it waits in, or was fetched from.
    pub queue: Option<String>,
    /// Who or what answered, where that was asked.
    pub answered_by: Option<&'static str>,
    /// The legs it hears, by a bridge or in a conference.
    pub hears: Vec<CallSid>,
    /// What sounds in its ear in a conference instead of the others: wait or hold music.
    pub listens_to: Option<Sound>,
    /// Since when everybody it had to do with has gone.
    #[serde(with = "time::serde::rfc3339::option")]
    pub alone_since: Option<OffsetDateTime>,
    /// What this far end was told, in order.
    pub heard: Vec<Heard>,
    /// The keys this far end pressed, in order.
    pub pressed: String,
    /// Debugger entries of this leg.
    pub alerts: Vec<Alert>,
    /// Custom parameters that a voice client received.
    pub parameters: Vec<(String, String)>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When it was answered.
    #[serde(with = "time::serde::rfc3339::option")]
    pub answered_at: Option<OffsetDateTime>,
    /// When it ended.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

impl CallView {
    /// What a voice client that placed the call, or is called by it, shows its user.
    pub fn client_state(&self) -> ClientState {
        match (self.status, self.direction) {
            (Status::Queued | Status::Initiated, _) => ClientState::Unknown,
            (Status::Ringing, Direction::Inbound) => ClientState::Connecting,
            (Status::Ringing, Direction::OutboundApi | Direction::OutboundDial) => {
                ClientState::Ringing
            }
            (Status::InProgress, _) => ClientState::Connected,
            (
                Status::Completed
                | Status::Busy
                | Status::NoAnswer
                | Status::Failed
                | Status::Canceled,
                _,
            ) => ClientState::Over,
        }
    }

    /// The keys it was sent, in order: by the application, or by the other party of its bridge.
    pub fn keys(&self) -> String {
        let keys = self.heard.iter().filter_map(|heard| match &heard.what {
            Sound::Keys(keys) => Some(keys.as_str()),
            _ => None,
        });
        keys.collect()
    }

    /// The texts it was told, in order.
    pub fn said(&self) -> Vec<&str> {
        self.heard
            .iter()
            .filter_map(|heard| match &heard.what {
                Sound::Said(text) => Some(text.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// A call as the user of a voice client sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientState {
    /// The client does not know of it yet.
    Unknown,
    /// The client has placed it, and hears ringing until it is answered. Without `answerOnBridge`
    /// that is as soon as a document does something.
    Connecting,
    /// The client is being called.
    Ringing,
    /// Answered.
    Connected,
    /// Over.
    Over,
}

/// Shows no numbers: a view may end up in a log.
impl fmt::Debug for CallView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallView")
            .field("sid", &self.sid)
            .field("parent", &self.parent)
            .field("direction", &self.direction)
            .field("status", &self.status)
            .field("doing", &self.doing)
            .field("bridged_with", &self.bridged_with)
            .field("conference", &self.conference)
            .field("hears", &self.hears)
            .field("heard", &self.heard.len())
            .field("alerts", &self.alerts)
            .finish_non_exhaustive()
    }
}
