//! `Dial` and what can be dialled.

use std::fmt;
use std::time::Duration;

use super::attributes::{Attributes, SCHEMA_WARNING};
use super::xml::Element;
use super::{Conference, FromQueue, Method, Recorded, Target, Warning};
use crate::detection::Detection;

/// Connects the leg to somebody.
#[derive(Clone, PartialEq, Eq)]
pub struct Dial {
    /// Who, in document order.
    pub targets: Vec<DialTarget>,
    /// Asked when the dial is over; without one the next verb runs.
    pub action: Option<Target>,
    /// How long each attempt rings, the vendor's extra five seconds not counted.
    pub timeout: Duration,
    /// The longest conversation.
    pub time_limit: Duration,
    /// Who the callee sees; the caller's own number without one.
    pub caller_id: Option<String>,
    /// Whether the caller's leg is answered only when the callee answers.
    pub answer_on_bridge: bool,
    /// Whether the caller can drop the callee with the star key.
    pub hangup_on_star: bool,
    /// One after the other instead of all together.
    pub sequential: bool,
    /// A room to enter, in place of somebody to call.
    pub conference: Option<Conference>,
    /// A queue to fetch somebody from, in place of somebody to call.
    pub queue: Option<FromQueue>,
    /// Whether the conversation is recorded.
    pub recorded: Option<Recorded>,
    /// Set when the dial holds something that is not executed.
    pub unsupported: Option<(String, u32)>,
}

/// One party to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DialTarget {
    /// Who.
    pub noun: Noun,
    /// A document for the callee, run after the answer and before the two are connected.
    pub screen: Option<Target>,
    /// Who is told about this leg.
    pub status: Option<StatusSubscription>,
    /// Keys that are sent when the callee has answered.
    pub send_digits: Option<String>,
    /// Whether it is found out who or what answered.
    pub detection: Option<Detection>,
}

/// Who is called.
#[derive(Clone, PartialEq, Eq)]
pub enum Noun {
    /// A telephone number, as written.
    Number(String),
    /// A voice client.
    Client {
        /// Its identity.
        identity: String,
        /// Custom parameters for it.
        parameters: Vec<(String, String)>,
    },
    /// A SIP address.
    Sip(String),
}

/// Where the status of a leg is reported, and which events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSubscription {
    /// The address; relative to the document when it came from one.
    pub url: String,
    /// How it is sent.
    pub method: Method,
    /// The events asked for, as written; unknown words match nothing.
    pub events: Vec<String>,
}

const NUMBER: [&str; 14] = [
    "url",
    "method",
    "sendDigits",
    "statusCallback",
    "statusCallbackMethod",
    "statusCallbackEvent",
    "machineDetection",
    "machineDetectionTimeout",
    "machineDetectionSpeechThreshold",
    "machineDetectionSpeechEndThreshold",
    "machineDetectionSilenceTimeout",
    "amdStatusCallback",
    "amdStatusCallbackMethod",
    "byoc",
];

const CLIENT: [&str; 6] = [
    "url",
    "clientNotificationUrl",
    "method",
    "statusCallback",
    "statusCallbackMethod",
    "statusCallbackEvent",
];

const SIP: [&str; 15] = [
    "url",
    "method",
    "username",
    "password",
    "codecs",
    "statusCallback",
    "statusCallbackMethod",
    "statusCallbackEvent",
    "machineDetection",
    "machineDetectionTimeout",
    "machineDetectionSpeechThreshold",
    "machineDetectionSpeechEndThreshold",
    "machineDetectionSilenceTimeout",
    "amdStatusCallback",
    "amdStatusCallbackMethod",
];

impl Noun {
    /// The attributes that its element may have.
    fn attributes(&self) -> &'static [&'static str] {
        match self {
            Self::Number(_) => &NUMBER,
            Self::Client { .. } => &CLIENT,
            Self::Sip(_) => &SIP,
        }
    }
}

impl Dial {
    /// A dial without attributes or targets, as there is behind a participant that a REST
    /// request calls into a room.
    pub(crate) fn bare() -> Self {
        let (element, mut warnings) = (Element::default(), Vec::new());
        Self::read(&element, &mut warnings)
    }

    pub(super) fn read(element: &Element, warnings: &mut Vec<Warning>) -> Self {
        let mut attributes = Attributes::new(element, warnings);
        let mut dial = Self {
            targets: Vec::new(),
            action: None,
            timeout: attributes.seconds("timeout", 5..=600, 30, 13212),
            time_limit: attributes.seconds("timeLimit", 1..=14400, 14400, 13216),
            caller_id: attributes
                .text("callerId")
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty()),
            answer_on_bridge: attributes.flag("answerOnBridge", false, 13219),
            hangup_on_star: attributes.flag("hangupOnStar", false, 13213),
            sequential: attributes.flag("sequential", false, 13218),
            conference: None,
            queue: None,
            recorded: attributes.dial_record(),
            unsupported: None,
        };
        let action = attributes.action(SCHEMA_WARNING);
        dial.action = (!action.url.is_empty()).then_some(action);
        attributes.known(&[
            "action",
            "method",
            "timeout",
            "timeLimit",
            "callerId",
            "answerOnBridge",
            "hangupOnStar",
            "sequential",
            "record",
            "recordingStatusCallback",
            "recordingStatusCallbackMethod",
            "recordingStatusCallbackEvent",
            "recordingTrack",
            "recordingConfigurationId",
            "trim",
            "ringTone",
            "referUrl",
            "referMethod",
            "callReason",
            "events",
            "passports",
        ]);
        let number = element.own_text();
        if !number.is_empty() {
            dial.targets.push(DialTarget::plain(Noun::Number(number)));
        }
        for inner in element.elements() {
            dial.read_noun(inner, warnings);
        }
        let alone = usize::from(dial.conference.is_some()) + usize::from(dial.queue.is_some());
        if alone + usize::from(!dial.targets.is_empty()) > 1 {
            let name = "Conference or Queue beside other targets";
            dial.unsupported = Some((name.to_owned(), 13000));
        }
        dial
    }

    fn read_noun(&mut self, element: &Element, warnings: &mut Vec<Warning>) {
        let noun = match element.name.as_str() {
            "Number" => Noun::Number(element.own_text()),
            "Sip" => Noun::Sip(element.own_text()),
            "Client" => client(element),
            "Conference" => {
                match Conference::read(element, warnings) {
                    Some(room) => self.conference = Some(room),
                    None => self.unsupported = Some((element.name.clone(), 13237)),
                }
                return;
            }
            "Queue" => {
                match FromQueue::read(element, warnings) {
                    Some(queue) => self.queue = Some(queue),
                    None => self.unsupported = Some((element.name.clone(), SCHEMA_WARNING)),
                }
                return;
            }
            _ => {
                Attributes::new(element, warnings).odd(13215, "the element");
                return;
            }
        };
        let mut attributes = Attributes::new(element, warnings);
        attributes.known(noun.attributes());
        let screen = attributes.text("url").map(str::trim).unwrap_or_default();
        let screen = (!screen.is_empty()).then(|| Target {
            url: screen.to_owned(),
            method: attributes.method("method", 13221),
        });
        let status = attributes.status_callback("completed");
        let send_digits = match attributes.text("sendDigits").map(str::trim) {
            None | Some("") => None,
            Some(keys) if crate::keys::can_be_sent(keys) => Some(keys.to_owned()),
            Some(_) => {
                attributes.odd(13222, "sendDigits");
                None
            }
        };
        let detection = attributes.detection();
        self.targets.push(DialTarget {
            noun,
            screen,
            status,
            send_digits,
            detection,
        });
    }
}

/// Shows no number.
impl fmt::Debug for Dial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dial")
            .field("targets", &self.targets)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Shows no number.
impl fmt::Debug for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number(..)",
            Self::Client { .. } => "Client(..)",
            Self::Sip(_) => "Sip(..)",
        })
    }
}

impl DialTarget {
    fn plain(noun: Noun) -> Self {
        Self {
            noun,
            screen: None,
            status: None,
            send_digits: None,
            detection: None,
        }
    }
}

fn client(element: &Element) -> Noun {
    let mut identity = element.own_text();
    let mut parameters = Vec::new();
    for inner in element.elements() {
        match inner.name.as_str() {
            "Identity" => identity = inner.own_text(),
            "Parameter" => parameters.push((
                inner.attribute("name").unwrap_or_default().to_owned(),
                inner.attribute("value").unwrap_or_default().to_owned(),
            )),
            _ => {}
        }
    }
    Noun::Client {
        identity,
        parameters,
    }
}
