//! The journal: what happened, in the order in which it did.

use serde::Serialize;
use time::OffsetDateTime;

use super::{DeliveryOutcome, Direction, Sound, Status};
use crate::sid::CallSid;
use crate::webhook::{WebhookId, WebhookKind};

/// One thing that happened.
#[derive(Clone, PartialEq, Serialize)]
pub struct JournalEntry {
    /// Its place; rises by one, and never starts again.
    pub seq: u64,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// The leg it is about.
    pub call_sid: Option<CallSid>,
    /// What happened.
    #[serde(flatten)]
    pub what: Happening,
}

/// What can happen.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Happening {
    /// The application made a REST request, and was answered.
    Rest {
        /// The HTTP method.
        method: String,
        /// Path and query.
        path: String,
        /// The fields of the body.
        form: Vec<(String, String)>,
        /// The HTTP status of the answer.
        status: u16,
        /// The vendor's error code.
        code: Option<u32>,
        /// The error in one sentence.
        explanation: Option<&'static str>,
    },
    /// A leg came to be.
    Made {
        /// How.
        direction: Direction,
        /// Where it stands.
        status: Status,
        /// The leg whose `Dial` made it.
        parent: Option<CallSid>,
    },
    /// A leg took another status.
    State {
        /// Which.
        status: Status,
    },
    /// A webhook was made for the application.
    Webhook {
        /// The delivery.
        webhook: WebhookId,
        /// What it is for.
        purpose: WebhookKind,
        /// `GET` or `POST`.
        method: &'static str,
        /// Where it goes.
        url: String,
        /// Its fields.
        form: Vec<(String, String)>,
        /// Its signature.
        signature: String,
    },
    /// A webhook went out; above 1 it is a retry.
    Attempt {
        /// The delivery.
        webhook: WebhookId,
        /// Which attempt.
        attempt: u32,
    },
    /// What came of a webhook.
    Outcome {
        /// The delivery.
        webhook: WebhookId,
        /// What.
        #[serde(flatten)]
        outcome: DeliveryOutcome,
        /// What that means, where it is no good.
        explanation: Option<String>,
    },
    /// A document was read, and runs.
    Document {
        /// Its verbs, in order.
        verbs: Vec<&'static str>,
    },
    /// The far end heard something.
    Heard {
        /// What.
        #[serde(flatten)]
        sound: Sound,
    },
    /// The debugger has an entry.
    Alert {
        /// The vendor's code.
        code: u32,
        /// What was wrong.
        message: String,
        /// What the code means, in one sentence.
        explanation: &'static str,
    },
    /// Something happened in a conference.
    Conference {
        /// The conference.
        conference_sid: String,
        /// In the vendor's words, such as `participant-join`.
        event: &'static str,
    },
    /// Everything that had happened before was forgotten.
    Reset,
}

impl JournalEntry {
    /// About how many bytes it takes, so that a journal can be bounded.
    pub(crate) fn weight(&self) -> usize {
        let pairs = |form: &[(String, String)]| -> usize {
            form.iter()
                .map(|(name, value)| name.len() + value.len() + 48)
                .sum()
        };
        200 + match &self.what {
            Happening::Rest { path, form, .. } => path.len() + pairs(form),
            Happening::Webhook { url, form, .. } => url.len() + pairs(form),
            Happening::Outcome {
                outcome: DeliveryOutcome::Replied { body, .. },
                ..
            } => body.len(),
            Happening::Outcome { .. }
            | Happening::Made { .. }
            | Happening::State { .. }
            | Happening::Attempt { .. }
            | Happening::Document { .. }
            | Happening::Heard { .. }
            | Happening::Alert { .. }
            | Happening::Conference { .. }
            | Happening::Reset => 0,
        }
    }
}

/// Shows no numbers: an entry may end up in a log.
impl std::fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalEntry")
            .field("seq", &self.seq)
            .field("call_sid", &self.call_sid)
            .finish_non_exhaustive()
    }
}

/// Shows no numbers, for the same reason.
impl std::fmt::Debug for Happening {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Happening(..)")
    }
}
