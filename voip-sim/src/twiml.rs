//! TwiML: the markup by which an application says what a call does next.
//!
//! [`read`] turns a document into [`Verb`]s. It never panics and never guesses: what is not
//! well-formed is a [`DocumentError`] with the vendor's debugger code, what is merely odd becomes
//! a [`Warning`] and the default is used, as the vendor does.

mod attributes;
mod conference;
mod dial;
mod queue;
mod reader;
mod recorded;
mod xml;

pub use conference::{Conference, Wait};
pub use dial::{Dial, DialTarget, Noun, StatusSubscription};
pub use queue::{Enqueue, FromQueue};
pub use reader::read;
pub use recorded::{Channels, Recorded, Track};

use std::time::Duration;

/// Largest document the vendor accepts, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 64 * 1024;

/// A document that was read: what to do, in order, and what was odd about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Document {
    /// The verbs, in document order.
    pub verbs: Vec<Verb>,
    /// What was skipped or replaced by a default.
    pub warnings: Vec<Warning>,
}

/// One instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    /// Speaks a text.
    Say(Say),
    /// Plays audio, or sends keys.
    Play(Play),
    /// Waits this long.
    Pause(Duration),
    /// Ends the leg.
    Hangup,
    /// Refuses an inbound call.
    Reject(RejectReason),
    /// Fetches another document; nothing after it runs.
    Redirect(Target),
    /// Collects keys.
    Gather(Gather),
    /// Records the caller.
    Record(Record),
    /// Connects the leg to somebody.
    Dial(Box<Dial>),
    /// Puts the leg into a queue.
    Enqueue(Box<Enqueue>),
    /// Takes the leg out of the queue it waits in.
    Leave,
    /// A verb the simulator does not execute: the leg ends with this debugger code.
    Unsupported {
        /// The element's name.
        name: String,
        /// The debugger code.
        code: u32,
    },
}

impl Verb {
    /// The element's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Say(_) => "Say",
            Self::Play(_) => "Play",
            Self::Pause(_) => "Pause",
            Self::Hangup => "Hangup",
            Self::Reject(_) => "Reject",
            Self::Redirect(_) => "Redirect",
            Self::Gather(_) => "Gather",
            Self::Record(_) => "Record",
            Self::Dial(_) => "Dial",
            Self::Enqueue(_) => "Enqueue",
            Self::Leave => "Leave",
            Self::Unsupported { .. } => "unsupported",
        }
    }
}

/// Something to speak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Say {
    /// The text, markup inside it removed, trimmed.
    pub text: String,
    /// How often; `None` is for ever.
    pub times: Option<u32>,
}

/// Something to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Play {
    /// What.
    pub sound: Sound,
    /// How often; `None` is for ever.
    pub times: Option<u32>,
}

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// Audio from an address.
    Audio(String),
    /// Keys, with `w` for half a second and `W` for one second of silence.
    Keys(String),
}

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// The caller hears that the number is not in service; the leg ends `no-answer`.
    Rejected,
    /// The caller hears an engaged tone; the leg ends `busy`.
    Busy,
}

/// Where a request goes: an address relative to the document, and a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The address as written; empty means the current document.
    pub url: String,
    /// How it is asked for.
    pub method: Method,
}

/// How a webhook is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Fields in the query.
    Get,
    /// Fields in the body.
    #[default]
    Post,
}

impl Method {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }

    /// Reads `GET` or `POST`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("GET") {
            Some(Self::Get)
        } else if text.eq_ignore_ascii_case("POST") {
            Some(Self::Post)
        } else {
            None
        }
    }
}

/// Collects keys while prompts run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gather {
    /// Nested `Say`, `Play` and `Pause`.
    pub prompts: Vec<Verb>,
    /// Where the keys go; without one, the current document is asked again.
    pub action: Target,
    /// Silence after the last key, or after the prompts, that ends it.
    pub timeout: Duration,
    /// How many keys complete it; `None` has no limit.
    pub num_digits: Option<u32>,
    /// The key that completes it; `None` when no key does.
    pub finish_on_key: Option<char>,
    /// Whether the action is asked even if nothing was pressed.
    pub action_on_empty_result: bool,
    /// Whether input stops the prompts; else it counts when they are over.
    pub barge_in: bool,
    /// Whether keys count as input (`dtmf`).
    pub takes_keys: bool,
    /// Whether what the far end says counts as input (`speech`).
    pub takes_speech: bool,
}

/// Records the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Asked when the recording is over; without one, the current document.
    pub action: Target,
    /// Keys that end the recording.
    pub finish_on_keys: String,
    /// The longest recording.
    pub max_length: Duration,
    /// Silence that ends it; `None` never does. The simulated far end does not speak, so this
    /// is how long a recording lasts unless a key or a hang-up ends it.
    pub timeout: Option<Duration>,
    /// Who is told about the recording, and which events.
    pub status: Option<StatusSubscription>,
}

/// Something odd in a document, with the debugger code the vendor gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The code.
    pub code: u32,
    /// What was odd.
    pub message: String,
}

/// Why a document could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// Not well-formed XML (12100).
    #[error("the document is not well-formed XML: {0}")]
    NotXml(String),
    /// A version of XML that there is not (12101).
    #[error("the document is of another version of XML")]
    BadVersion,
    /// The root is not `Response` (12102).
    #[error("the root element is not Response")]
    WrongRoot,
    /// More than 64 kB (11750).
    #[error("the document is larger than 64 kB")]
    TooLarge,
    /// Nothing there (11770).
    #[error("the document is empty")]
    Empty,
}

impl DocumentError {
    /// The vendor's debugger code.
    pub fn code(&self) -> u32 {
        match self {
            Self::NotXml(_) => 12100,
            Self::BadVersion => 12101,
            Self::WrongRoot => 12102,
            Self::TooLarge => 11750,
            Self::Empty => 11770,
        }
    }
}
