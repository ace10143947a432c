//! From markup to verbs.

use std::time::Duration;

use super::attributes::{Attributes, SCHEMA_WARNING};
use super::xml::Element;
use super::{
    Dial, Document, DocumentError, Enqueue, Gather, MAX_DOCUMENT_BYTES, Play, Record, RejectReason,
    Say, Sound, Target, Verb, Warning,
};

/// Reads a document.
///
/// # Errors
/// [`DocumentError`] when it is empty, larger than 64 kB, not well-formed, or when its root is
/// not `Response`.
pub fn read(text: &str) -> Result<Document, DocumentError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(DocumentError::TooLarge);
    }
    if text.trim().is_empty() {
        return Err(DocumentError::Empty);
    }
    let root = Element::parse(text)?;
    if root.name != "Response" {
        return Err(DocumentError::WrongRoot);
    }
    let mut document = Document::default();
    for element in root.elements() {
        if let Some(verb) = verb(element, &mut document.warnings) {
            document.verbs.push(verb);
        }
    }
    Ok(document)
}

fn verb(element: &Element, warnings: &mut Vec<Warning>) -> Option<Verb> {
    let mut attributes = Attributes::new(element, warnings);
    Some(match element.name.as_str() {
        "Say" => {
            attributes.known(&["voice", "language", "loop"]);
            let times = attributes.times();
            Verb::Say(Say {
                text: element.whole_text(),
                times,
            })
        }
        "Play" => {
            attributes.known(&["loop", "digits"]);
            let sound = match attributes.text("digits") {
                Some(keys) => Sound::Keys(keys.to_owned()),
                None => Sound::Audio(element.own_text()),
            };
            let times = attributes.times();
            Verb::Play(Play { sound, times })
        }
        "Pause" => {
            attributes.known(&["length"]);
            Verb::Pause(attributes.seconds("length", 1..=86400, 1, 13910))
        }
        "Hangup" => Verb::Hangup,
        "Reject" => {
            attributes.known(&["reason"]);
            Verb::Reject(match attributes.text("reason").map(str::trim) {
                None | Some("rejected") => RejectReason::Rejected,
                Some("busy") => RejectReason::Busy,
                Some(_) => {
                    attributes.odd(SCHEMA_WARNING, "reason");
                    RejectReason::Rejected
                }
            })
        }
        "Redirect" => {
            attributes.known(&["method"]);
            Verb::Redirect(Target {
                url: element.own_text(),
                method: attributes.method("method", 13710),
            })
        }
        "Gather" => Verb::Gather(gather(element, warnings)),
        "Record" => Verb::Record(record(&mut attributes)),
        "Dial" => Verb::Dial(Box::new(Dial::read(element, warnings))),
        // A background stream or transcription changes nothing that can be observed here.
        "Start" | "Stop" => return None,
        "Enqueue" => match Enqueue::read(element, warnings) {
            Some(enqueue) => Verb::Enqueue(Box::new(enqueue)),
            None => Verb::Unsupported {
                name: element.name.clone(),
                code: SCHEMA_WARNING,
            },
        },
        "Leave" => Verb::Leave,
        "Connect" | "Refer" | "Pay" | "Sms" => Verb::Unsupported {
            name: element.name.clone(),
            code: 13750,
        },
        _ => {
            attributes.odd(SCHEMA_WARNING, "the element");
            return None;
        }
    })
}

fn gather(element: &Element, warnings: &mut Vec<Warning>) -> Gather {
    let mut prompts = Vec::new();
    for inner in element.elements() {
        match verb(inner, warnings) {
            Some(prompt @ (Verb::Say(_) | Verb::Play(_) | Verb::Pause(_))) => prompts.push(prompt),
            _ => Attributes::new(inner, warnings).odd(SCHEMA_WARNING, "the element"),
        }
    }
    let mut attributes = Attributes::new(element, warnings);
    attributes.known(&[
        "action",
        "method",
        "input",
        "timeout",
        "numDigits",
        "finishOnKey",
        "actionOnEmptyResult",
        "speechTimeout",
        "language",
        "hints",
        "profanityFilter",
        "speechModel",
        "partialResultCallback",
        "partialResultCallbackMethod",
        "bargeIn",
        "maxSpeechTime",
        "enhanced",
    ]);
    let num_digits = attributes.number("numDigits", 0..=1000, 0, SCHEMA_WARNING);
    Gather {
        prompts,
        action: attributes.action(SCHEMA_WARNING),
        timeout: attributes.seconds("timeout", 0..=600, 5, SCHEMA_WARNING),
        num_digits: (num_digits > 0).then_some(num_digits),
        finish_on_key: match attributes.text("finishOnKey") {
            None => Some('#'),
            Some(key) => key.chars().next(),
        },
        action_on_empty_result: attributes.flag("actionOnEmptyResult", false, SCHEMA_WARNING),
        barge_in: attributes.flag("bargeIn", true, SCHEMA_WARNING),
        takes_keys: attributes
            .text("input")
            .is_none_or(|input| input.split_whitespace().any(|word| word == "dtmf")),
        takes_speech: attributes
            .text("input")
            .is_some_and(|input| input.split_whitespace().any(|word| word == "speech")),
    }
}

fn record(attributes: &mut Attributes<'_>) -> Record {
    attributes.known(&[
        "action",
        "method",
        "timeout",
        "finishOnKey",
        "maxLength",
        "playBeep",
        "trim",
        "transcribe",
        "transcribeCallback",
        "recordingStatusCallback",
        "recordingStatusCallbackMethod",
        "recordingStatusCallbackEvent",
    ]);
    let timeout = attributes.seconds("timeout", 0..=3600, 5, SCHEMA_WARNING);
    Record {
        action: attributes.action(SCHEMA_WARNING),
        finish_on_keys: attributes
            .text("finishOnKey")
            .unwrap_or("1234567890*#")
            .to_owned(),
        max_length: attributes.seconds("maxLength", 1..=14400, 3600, SCHEMA_WARNING),
        timeout: (timeout > Duration::ZERO).then_some(timeout),
        status: attributes.recording_callback(),
    }
}
