//! Legs that were left alone.

use std::time::Duration;

use serde::Serialize;
use time::OffsetDateTime;

use crate::sid::CallSid;

/// A live leg whose partners have all gone: whom it dialled, who dialled it, whom it was bridged
/// or in a conference with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// The leg.
    pub call: CallSid,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How long that is by now.
    pub alone_for: Duration,
    /// Whether it was ever connected with one of them. A caller whose callee was engaged is an
    /// orphan that was not, while it hears what to do next.
    pub was_connected: bool,
}
