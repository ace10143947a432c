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

/// Two lines: with everything and an awkward name, and with as little as may be.
#[cfg(test)]
pub(super) fn samples() -> Vec<voip_core::ports::LogEntry> {
    use std::time::Duration;

    use voip_core::{CallId, CallStatus, Direction, Timestamp, ports::LogEntry};

    let at = Timestamp::from_secs(1_700_000_000);
    let whole = LogEntry {
        id: CallId::fresh(),
        provider_id: Some("CA000000000000000000000000000000b1".into()),
        from: "+15550001111".into(),
        to: "\"an\\n\"\n".into(),
        number: Some("+15550002222".into()),
        direction: Direction::Inbound,
        status: CallStatus::Completed,
        created_at: at,
        ended_at: Some(at),
        duration: Some(Duration::from_secs(7)),
    };
    let least = LogEntry {
        id: CallId::fresh(),
        provider_id: None,
        number: None,
        ended_at: None,
        duration: None,
        ..whole.clone()
    };
    vec![whole, least]
}
