use serde::Serialize;
use serde_json::Value;
use voip_core::{Call, CallStatus, Event, EventKind, ProviderCallId, State, Timestamp};

/// How a leg stands, as clients hear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LegStatus {
    /// The provider's name for it.
    pub(crate) call_sid: ProviderCallId,
    /// The status.
    pub(crate) call_status: CallStatus,
    /// How long the call was connected, in whole seconds, once that is known.
    pub(crate) duration: Option<u64>,
}

/// How long after its end the status of a call is still told to somebody who
/// joins then.
pub(super) const AFTERGLOW: std::time::Duration = std::time::Duration::from_secs(60);

impl LegStatus {
    /// What `event` says of its leg; nothing where it names none, or tells of
    /// no status.
    pub(crate) fn of_event(event: &Event) -> Option<Self> {
        let call_sid = event.leg.clone()?;
        let (call_status, duration) = match event.kind {
            // The owner hears that it rings by hearing who calls.
            EventKind::IncomingCall { .. } => (CallStatus::Ringing, None),
            EventKind::Status { status, duration } => (status, duration),
            EventKind::CallInitiated { .. }
            | EventKind::CallFailed { .. }
            | EventKind::Hold { .. } => return None,
        };
        Some(Self {
            call_sid,
            call_status,
            duration,
        })
    }

    /// How `call` stands; nothing where it has no leg.
    pub(crate) fn of_call(call: &Call) -> Option<Self> {
        let duration = match &call.state {
            State::Ended(ended) => ended.duration.map(|duration| duration.as_secs()),
            State::Initiated { .. }
            | State::Queued { .. }
            | State::Ringing { .. }
            | State::InProgress { .. } => None,
        };
        Some(Self {
            call_sid: call.provider_id.clone()?,
            call_status: call.status(),
            duration,
        })
    }
}

/// Whether somebody who knows nothing but the leg's name may hear how `call`
/// stands: while it lives, and shortly after.
pub(super) fn is_public(call: &Call, now: Timestamp) -> bool {
    match &call.state {
        State::Ended(ended) => now < ended.at + AFTERGLOW,
        State::Initiated { .. }
        | State::Queued { .. }
        | State::Ringing { .. }
        | State::InProgress { .. } => true,
    }
}

/// The answer to whoever joins: how the call stands. The same three nothings
/// for a sid that is unknown, of a call long over, or none at all.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer<'a> {
    call_sid: Option<&'a ProviderCallId>,
    call_status: Option<CallStatus>,
    duration: Option<u64>,
    /// Why nothing was done, where that is the client's own doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

impl<'a> Answer<'a> {
    /// Nothing to say.
    pub(super) const NOTHING: Self = Self {
        call_sid: None,
        call_status: None,
        duration: None,
        code: None,
    };

    /// Nothing, and the client asks for too much.
    pub(super) const fn refusing(code: &'static str) -> Self {
        Self {
            code: Some(code),
            ..Self::NOTHING
        }
    }

    pub(super) fn of(status: Option<&'a LegStatus>) -> Self {
        match status {
            None => Self::NOTHING,
            Some(status) => Self {
                call_sid: Some(&status.call_sid),
                call_status: Some(status.call_status),
                duration: status.duration,
                code: None,
            },
        }
    }
}

/// Why a client is disconnected that showed a good token once.
#[derive(Debug, Serialize)]
pub(crate) struct Expired {
    message: &'static str,
    code: &'static str,
}

impl Default for Expired {
    fn default() -> Self {
        Self {
            message: "the token has expired; connect again with a fresh one",
            code: "token_expired",
        }
    }
}

/// The leg that a client names in `{callSid}`: `CA` and 32 hexadecimal digits.
pub(crate) fn leg(data: &Value) -> Option<ProviderCallId> {
    let text = data.get("callSid")?.as_str()?;
    let digits = text.strip_prefix("CA")?;
    let plain = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| text.parse().ok())?
}

/// An answer with everything, and one with as little as may be.
#[cfg(test)]
pub(crate) fn answers() -> [Value; 2] {
    let text = |answer: &Answer<'_>| serde_json::to_value(answer).unwrap_or_default();
    [
        text(&Answer::refusing("too_many_calls")),
        text(&Answer::NOTHING),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use voip_core::table;

    #[test]
    fn a_call_is_told_to_strangers_until_shortly_after_its_end() {
        for (name, call) in table::calls() {
            match &call.state {
                State::Ended(ended) => {
                    assert!(is_public(&call, ended.at), "{name}");
                    let late = ended.at + AFTERGLOW;
                    assert!(!is_public(&call, late), "{name}");
                }
                State::Initiated { .. }
                | State::Queued { .. }
                | State::Ringing { .. }
                | State::InProgress { .. } => {
                    let late = call.created_at + 100 * AFTERGLOW;
                    assert!(is_public(&call, late), "{name}");
                }
            }
        }
    }
}
