//! The lines of call logs as they are described; they are written by hand, and
//! the tests hold what is written against this.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A line of the log at `/api/call-logs/{user}`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogLine {
    call_id: Uuid,
    #[schema(required)]
    twilio_sid: Option<String>,
    from_user: String,
    to_user: String,
    direction: String,
    status: String,
    #[schema(format = DateTime)]
    started_at: String,
    #[schema(required, format = DateTime)]
    ended_at: Option<String>,
}

/// The answer of `/api/call-logs`.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct OwnLog {
    success: bool,
    message: String,
    logs: Vec<OwnLogLine>,
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A line of it.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnLogLine {
    id: Uuid,
    #[schema(required)]
    call_sid: Option<String>,
    from_number: String,
    to_number: String,
    direction: String,
    status: String,
    duration: u64,
    #[schema(format = DateTime)]
    created_at: String,
}
