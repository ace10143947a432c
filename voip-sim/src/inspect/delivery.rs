//! Webhooks as an onlooker sees them.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use crate::sid::CallSid;
use crate::webhook::{FailureKind, WebhookId, WebhookKind};

/// One webhook and what came of it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct WebhookView {
    /// The delivery.
    pub id: WebhookId,
    /// The leg it was about.
    pub call_sid: CallSid,
    /// What it was for.
    pub kind: WebhookKind,
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Where it went.
    pub url: String,
    /// The fields.
    pub form: Vec<(String, String)>,
    /// When the event happened.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// How often it was tried so far; zero while it waits its turn or if it was dropped.
    pub attempts: u32,
    /// What came of it.
    pub outcome: DeliveryOutcome,
}

impl WebhookView {
    /// The value of a field, if it was sent.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Shows no numbers: a view may end up in a log.
impl fmt::Debug for WebhookView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookView")
            .field("id", &self.id)
            .field("call_sid", &self.call_sid)
            .field("kind", &self.kind)
            .field("status", &self.field("CallStatus"))
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}

/// What came of a webhook.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum DeliveryOutcome {
    /// Not sent yet, or not answered yet.
    Pending,
    /// A fault kept it from being delivered.
    Dropped,
    /// The application answered.
    Replied {
        /// HTTP status.
        status: u16,
        /// The body, cut at 64 kB; nothing of audio.
        body: String,
    },
    /// There was no answer.
    Failed {
        /// Why.
        failure: FailureKind,
    },
}

/// Shows no body: a document may name whom to dial.
impl fmt::Debug for DeliveryOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Dropped => f.write_str("Dropped"),
            Self::Replied { status, .. } => f.debug_tuple("Replied").field(status).finish(),
            Self::Failed { failure } => f.debug_tuple("Failed").field(failure).finish(),
        }
    }
}
