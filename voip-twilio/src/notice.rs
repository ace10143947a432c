//! What the fields of a webhook mean.

use std::{str::FromStr, sync::Arc, time::Duration};

use voip_core::{
    CallId, CallStatus, Party, ProviderCallId, Timestamp,
    ports::{LegReport, Notice, VoiceRequest, WebhookError},
};

use crate::{
    callback_urls::{CALL_ID_FIELD, CALL_STATUS_PATH, STATUS_PATH},
    date,
    errors::{meaning, sip_reason},
    form::Form,
    webhooks::Named,
};

/// The fields that have places of their own in a [`VoiceRequest`].
const PLACED: [&str; 6] = [
    "CallSid",
    "From",
    "To",
    "CallStatus",
    "Digits",
    CALL_ID_FIELD,
];

/// Reads the fields of a webhook to `path`, whose query named what of ours it
/// is about.
///
/// The fields say what kind of webhook it is. A voice client may add fields of
/// any name to the first request of its call, but takes none away, and the
/// provider always names that call's status: so whatever is not about a single
/// call must come without one.
pub(crate) fn read(form: &Form<'_>, path: &str, named: &Named) -> Result<Notice, WebhookError> {
    let call = named.call;
    let Some(status) = form.text("CallStatus") else {
        return without_status(form);
    };
    let status: CallStatus = read_as(status, "CallStatus")?;
    if form.text("DialCallStatus").is_some() {
        return dial_ended(form, status, call, named.turn);
    }
    let progress = form.text("CallbackSource") == Some("call-progress-events")
        || (status.is_final() || form.text("Timestamp").is_some()) && is_status_path(path);
    match progress {
        true => self::progress(form, status, call),
        false => voice(form, status, call),
    }
}

fn without_status(form: &Form<'_>) -> Result<Notice, WebhookError> {
    if form.text("ConferenceSid").is_some() && form.text("StatusCallbackEvent").is_some() {
        conference(form)
    } else if form.text("RecordingSid").is_some() && form.text("RecordingStatus").is_some() {
        recording(form)
    } else if form.text("MachineDetectionDuration").is_some() {
        Ok(Notice::MachineDetected {
            leg: required(form, "CallSid")?,
            answered_by: shared(form, "AnsweredBy").ok_or_else(|| missing("AnsweredBy"))?,
        })
    } else {
        Err(missing("CallStatus"))
    }
}

fn progress(
    form: &Form<'_>,
    status: CallStatus,
    call: Option<CallId>,
) -> Result<Notice, WebhookError> {
    let duration = match status.is_final() {
        true => seconds(form, "CallDuration"),
        false => None,
    };
    Ok(Notice::Progress {
        report: LegReport {
            leg: required(form, "CallSid")?,
            status,
            at: at(form),
            duration,
            reason: reason(form, status),
        },
        call,
        // A client may send fields of its own, and this one is the provider's
        // only where the provider made the leg.
        parent: optional(form, "ParentCallSid").filter(|_| {
            form.get("Direction")
                .is_none_or(|word| word == "outbound-dial")
        }),
        sequence: number(form, "SequenceNumber"),
    })
}

fn dial_ended(
    form: &Form<'_>,
    leg_status: CallStatus,
    call: Option<CallId>,
    turn: Option<u32>,
) -> Result<Notice, WebhookError> {
    let status = match required_text(form, "DialCallStatus")? {
        // Said of a conference that is over, and of a child that was answered
        // and moved elsewhere. Either way the dial is over and was answered.
        "answered" => CallStatus::Completed,
        text => read_as(text, "DialCallStatus")?,
    };
    Ok(Notice::DialEnded {
        leg: required(form, "CallSid")?,
        call,
        turn,
        child: optional(form, "DialCallSid"),
        status,
        bridged: flag(form, "DialBridged"),
        duration: seconds(form, "DialCallDuration"),
        leg_over: leg_status.is_final(),
    })
}

fn conference(form: &Form<'_>) -> Result<Notice, WebhookError> {
    Ok(Notice::Conference {
        conference: required(form, "ConferenceSid")?,
        name: Arc::from(form.get("FriendlyName").unwrap_or_default()),
        event: Arc::from(required_text(form, "StatusCallbackEvent")?),
        leg: optional(form, "CallSid"),
        hold: flag(form, "Hold"),
        reason: shared(form, "ReasonParticipantLeft")
            .or_else(|| shared(form, "ReasonConferenceEnded"))
            .or_else(|| shared(form, "Reason")),
        sequence: number(form, "SequenceNumber"),
        at: at(form),
    })
}

fn recording(form: &Form<'_>) -> Result<Notice, WebhookError> {
    let of = match form.text("CallSid") {
        Some(text) => read_as(text, "CallSid")?,
        None => required(form, "ConferenceSid")?,
    };
    Ok(Notice::Recording {
        of,
        recording: required(form, "RecordingSid")?,
        status: Arc::from(required_text(form, "RecordingStatus")?),
        url: shared(form, "RecordingUrl"),
        duration: seconds(form, "RecordingDuration"),
    })
}

fn voice(
    form: &Form<'_>,
    status: CallStatus,
    call: Option<CallId>,
) -> Result<Notice, WebhookError> {
    let pairs = form.pairs().iter().map(|(name, value)| (name, value));
    let others = pairs.filter(|(name, _)| !PLACED.contains(&name.as_ref()));
    Ok(Notice::Voice(VoiceRequest {
        leg: required(form, "CallSid")?,
        call,
        from: Party::read(form.get("From").unwrap_or_default()),
        // The provider sets this field, whatever the client sends.
        client: form
            .text("From")
            .and_then(|from| from.strip_prefix("client:")?.parse().ok()),
        to: Party::read(form.get("To").unwrap_or_default()),
        status,
        inbound: form.get("Direction") == Some("inbound"),
        digits: shared(form, "Digits"),
        fields: others.collect(),
    }))
}

/// Why a call ended, where its status alone does not say.
fn reason(form: &Form<'_>, status: CallStatus) -> Option<Arc<str>> {
    if !status.is_final() || status == CallStatus::Completed {
        return None;
    }
    let code = number(form, "ErrorCode");
    if let Some(meaning) = code.and_then(meaning) {
        return Some(Arc::from(meaning.text));
    }
    let sip = form
        .text("SipResponseCode")
        .and_then(|text| text.parse().ok())
        .and_then(sip_reason);
    match (sip, status) {
        (Some(text), _) => Some(Arc::from(text)),
        (None, CallStatus::Failed) => Some(Arc::from("the call could not be connected")),
        (None, _) => None,
    }
}

fn is_status_path(path: &str) -> bool {
    path.ends_with(STATUS_PATH) || path.contains(CALL_STATUS_PATH)
}

fn at(form: &Form<'_>) -> Option<Timestamp> {
    form.text("Timestamp").and_then(date::rfc2822)
}

fn seconds(form: &Form<'_>, name: &str) -> Option<Duration> {
    number(form, name).map(|seconds: u32| Duration::from_secs(seconds.into()))
}

fn number(form: &Form<'_>, name: &str) -> Option<u32> {
    form.text(name)?.parse().ok()
}

fn flag(form: &Form<'_>, name: &str) -> Option<bool> {
    form.text(name)?.parse().ok()
}

fn shared(form: &Form<'_>, name: &str) -> Option<Arc<str>> {
    form.text(name).map(Arc::from)
}

fn optional(form: &Form<'_>, name: &str) -> Option<ProviderCallId> {
    form.text(name)?.parse().ok()
}

fn required(form: &Form<'_>, name: &'static str) -> Result<ProviderCallId, WebhookError> {
    read_as(required_text(form, name)?, name)
}

fn required_text<'f>(form: &'f Form<'_>, name: &'static str) -> Result<&'f str, WebhookError> {
    form.text(name).ok_or_else(|| missing(name))
}

/// Reads a value; the fault names the field and keeps the value to itself.
fn read_as<T: FromStr>(text: &str, name: &'static str) -> Result<T, WebhookError> {
    text.parse()
        .map_err(|_| WebhookError::Malformed(format!("{name} cannot be read")))
}

fn missing(name: &'static str) -> WebhookError {
    WebhookError::Malformed(format!("{name} is missing or said twice"))
}
