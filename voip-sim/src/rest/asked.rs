//! What placing a call and calling a participant have in common: what else may be asked of a call.

use std::time::Duration;

use super::RestError;
use super::form::Form;
use crate::detection::{Detection, DetectionMode};
use crate::engine::Extras;
use crate::twiml::{Channels, Recorded, StatusSubscription, Track};

/// Reads digits, machine detection and recording. `amd_callback` is what the parameter is called
/// by which the result of the detection is told.
pub(super) fn extras(form: &Form, amd_callback: &str) -> Result<Extras, RestError> {
    let send_digits = match form.get("SendDigits") {
        Some(keys) if !crate::keys::can_be_sent(keys) => {
            return Err(RestError::invalid(21206, "SendDigits is not valid"));
        }
        keys => keys.map(str::to_owned),
    };
    let detection = detection(form, amd_callback)?;
    Ok(Extras {
        // The vendor does not look for machines behind an extension.
        detection: detection.filter(|_| send_digits.is_none()),
        send_digits,
        recorded: recorded(form)?,
    })
}

fn detection(form: &Form, amd_callback: &str) -> Result<Option<Detection>, RestError> {
    let invalid = |name: &str| RestError::invalid(21234, format!("{name} is not valid"));
    let Some(word) = form.get("MachineDetection") else {
        return Ok(None);
    };
    let mode = DetectionMode::parse(word).ok_or_else(|| invalid("MachineDetection"))?;
    let usual = Detection::new(mode);
    let millis = |name: &str, allowed: std::ops::RangeInclusive<u64>, usual: Duration| match form
        .get(name)
    {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .ok()
            .filter(|millis| allowed.contains(millis))
            .map(Duration::from_millis)
            .ok_or_else(|| invalid(name)),
    };
    let callback = form.target(amd_callback, &format!("{amd_callback}Method"))?;
    let asynchronous = match amd_callback {
        "AsyncAmdStatusCallback" => form.get("AsyncAmd") == Some("true"),
        _ => true,
    };
    let timeout = form.seconds("MachineDetectionTimeout", 3..=60, 21234)?;
    Ok(Some(Detection {
        timeout: timeout.unwrap_or(usual.timeout),
        speech: millis("MachineDetectionSpeechThreshold", 1000..=6000, usual.speech)?,
        speech_end: millis(
            "MachineDetectionSpeechEndThreshold",
            500..=5000,
            usual.speech_end,
        )?,
        silence: millis(
            "MachineDetectionSilenceTimeout",
            2000..=10_000,
            usual.silence,
        )?,
        asynchronous,
        callback,
        mode,
    }))
}

fn recorded(form: &Form) -> Result<Option<Recorded>, RestError> {
    match form.get("Record") {
        Some(word) if word.eq_ignore_ascii_case("true") => recording(form).map(Some),
        _ => Ok(None),
    }
}

/// How a recording is made, and who is told about it.
pub(super) fn recording(form: &Form) -> Result<Recorded, RestError> {
    let channels = match form.get("RecordingChannels") {
        None | Some("mono") => Channels::Mono,
        Some("dual") => Channels::Dual,
        Some(_) => return Err(RestError::invalid(20422, "RecordingChannels is not valid")),
    };
    let track = match form.get("RecordingTrack").map(Track::parse) {
        None => Track::Both,
        Some(Some(track)) => track,
        Some(None) => return Err(RestError::invalid(20422, "RecordingTrack is not valid")),
    };
    let callback = form.target("RecordingStatusCallback", "RecordingStatusCallbackMethod")?;
    let mut events: Vec<String> = form
        .all("RecordingStatusCallbackEvent")
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect();
    if events.is_empty() {
        events.push("completed".to_owned());
    }
    Ok(Recorded {
        from_ringing: false,
        channels,
        track,
        status: callback.map(|target| StatusSubscription {
            url: target.url,
            method: target.method,
            events,
        }),
    })
}
