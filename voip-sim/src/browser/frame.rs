//! What goes over the WebSocket: text frames, each a JSON object with a type and a payload, or a
//! line feed, which is a heartbeat.

use percent::decoded;
use serde_json::{Map, Value, json};

mod percent;

/// A frame of a browser.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ClientFrame {
    /// The answer to a heartbeat.
    Heartbeat,
    /// Says who it is; comes first, and again with a new token.
    Listen {
        token: String,
        /// How many seconds it would like its calls to outlive the connection.
        reconnect_timeout: u64,
    },
    /// Wants calls, or none any more.
    Register { audio: bool },
    /// Places a call, or comes back to one.
    Invite {
        callsid: String,
        sdp: String,
        parameters: Vec<(String, String)>,
        reconnect: Option<String>,
    },
    /// Takes a call.
    Answer { callsid: String, sdp: String },
    /// Declines a call.
    Reject { callsid: String },
    /// Ends a call.
    Hangup { callsid: String },
    /// Presses keys.
    Dtmf { callsid: String, digits: String },
    /// Wants the media path made anew.
    Reinvite { callsid: String, sdp: String },
    /// Says something beside the conversation.
    Message { callsid: String, message: Message },
    /// Something else, which is not answered.
    Unknown,
}

/// Something that is said beside a conversation.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) content: Value,
    pub(crate) content_type: String,
    pub(crate) kind: String,
}

impl ClientFrame {
    /// Reads a frame; what cannot be understood is [`Unknown`](Self::Unknown).
    pub(super) fn read(text: &str) -> Self {
        if text == "\n" {
            return Self::Heartbeat;
        }
        let Ok(Value::Object(frame)) = serde_json::from_str(text) else {
            return Self::Unknown;
        };
        let payload = Payload(frame.get("payload").and_then(Value::as_object));
        let kind = frame.get("type").and_then(Value::as_str);
        kind.and_then(|kind| payload.frame(kind))
            .unwrap_or(Self::Unknown)
    }
}

struct Payload<'a>(Option<&'a Map<String, Value>>);

impl Payload<'_> {
    fn frame(&self, kind: &str) -> Option<ClientFrame> {
        let callsid = || self.text("callsid");
        Some(match kind {
            "listen" => ClientFrame::Listen {
                token: self.text("token")?,
                reconnect_timeout: self
                    .get("reconnectTimeout")
                    .and_then(Value::as_u64)
                    .unwrap_or(0),
            },
            "register" => ClientFrame::Register {
                audio: self.get("media")?.get("audio")?.as_bool()?,
            },
            "invite" => ClientFrame::Invite {
                callsid: callsid()?,
                sdp: self.text("sdp")?,
                parameters: self.parameters(),
                reconnect: self.text("reconnect"),
            },
            "answer" => ClientFrame::Answer {
                callsid: callsid()?,
                sdp: self.text("sdp")?,
            },
            "reject" => ClientFrame::Reject {
                callsid: callsid()?,
            },
            "hangup" => ClientFrame::Hangup {
                callsid: callsid()?,
            },
            "dtmf" => ClientFrame::Dtmf {
                callsid: callsid()?,
                digits: self.text("dtmf")?,
            },
            "reinvite" => ClientFrame::Reinvite {
                callsid: callsid()?,
                sdp: self.text("sdp")?,
            },
            "message" => ClientFrame::Message {
                callsid: callsid()?,
                message: Message {
                    id: self.text("voiceeventsid").unwrap_or_default(),
                    content: self.get("content").cloned().unwrap_or_default(),
                    content_type: self.text("contenttype").unwrap_or_default(),
                    kind: self.text("messagetype").unwrap_or_default(),
                },
            },
            _ => return None,
        })
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0?.get(name)
    }

    fn text(&self, name: &str) -> Option<String> {
        self.get(name)?.as_str().map(str::to_owned)
    }

    /// `name=value` pairs, each side percent-encoded.
    fn parameters(&self) -> Vec<(String, String)> {
        let twilio = self.get("twilio").and_then(|twilio| twilio.get("params"));
        let pairs = twilio
            .and_then(Value::as_str)
            .unwrap_or_default()
            .split('&');
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        pairs
            .map(|(name, value)| (decoded(name), decoded(value)))
            .collect()
    }
}

/// A frame for a browser.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ServerFrame {
    Heartbeat,
    Connected {
        /// What the browser is to come back to, where it came by a name of its own making.
        edge: Option<String>,
        identity: String,
        ttl: i64,
    },
    Ready,
    Offline,
    Ringing {
        callsid: String,
        sdp: Option<String>,
        reconnect: String,
    },
    Answer {
        callsid: String,
        sdp: Option<String>,
        reconnect: String,
    },
    Invite {
        callsid: String,
        sdp: String,
        parameters: Vec<(String, String)>,
        reconnect: String,
    },
    Cancel {
        callsid: String,
    },
    Hangup {
        callsid: String,
        error: Option<(u32, String)>,
    },
    Message {
        callsid: String,
        message: Message,
    },
    Ack {
        callsid: String,
        id: String,
    },
    Error {
        code: u32,
        message: String,
        /// The call and the message that it is about.
        about: Option<(String, String)>,
    },
    Close,
}

impl ServerFrame {
    /// The text of the frame.
    pub(super) fn text(&self) -> String {
        let (kind, payload) = match self {
            Self::Heartbeat => return "\n".to_owned(),
            Self::Connected {
                edge,
                identity,
                ttl,
            } => {
                let mut payload = json!({
                    "region": "US_EAST_VIRGINIA",
                    "token": {"identity": identity, "ttl": ttl},
                });
                if let Some(edge) = edge {
                    payload["edge"] = json!(edge);
                }
                ("connected", payload)
            }
            Self::Ready => ("ready", json!({})),
            Self::Offline => ("offline", json!({})),
            Self::Ringing {
                callsid,
                sdp,
                reconnect,
            } => ("ringing", described(callsid, sdp.as_deref(), reconnect)),
            Self::Answer {
                callsid,
                sdp,
                reconnect,
            } => ("answer", described(callsid, sdp.as_deref(), reconnect)),
            Self::Invite {
                callsid,
                sdp,
                parameters,
                reconnect,
            } => {
                let mut payload = described(callsid, Some(sdp), reconnect);
                let pairs = parameters.iter().cloned();
                let pairs = pairs.map(|(name, value)| (name, Value::String(value)));
                payload["parameters"] = Value::Object(pairs.collect());
                ("invite", payload)
            }
            Self::Cancel { callsid } => ("cancel", json!({"callsid": callsid})),
            Self::Hangup { callsid, error } => {
                let mut payload = json!({"callsid": callsid});
                if let Some((code, message)) = error {
                    payload["error"] = json!({"code": code, "message": message});
                }
                ("hangup", payload)
            }
            Self::Message { callsid, message } => (
                "message",
                json!({
                    "callsid": callsid,
                    "content": message.content,
                    "contenttype": message.content_type,
                    "messagetype": message.kind,
                    "voiceeventsid": message.id,
                }),
            ),
            Self::Ack { callsid, id } => (
                "ack",
                json!({"acktype": "message", "callsid": callsid, "voiceeventsid": id}),
            ),
            Self::Error {
                code,
                message,
                about,
            } => {
                let mut payload = json!({"error": {"code": code, "message": message}});
                if let Some((callsid, id)) = about {
                    payload["callsid"] = json!(callsid);
                    payload["voiceeventsid"] = json!(id);
                }
                ("error", payload)
            }
            Self::Close => ("close", json!({})),
        };
        json!({"type": kind, "version": "", "payload": payload}).to_string()
    }
}

fn described(callsid: &str, sdp: Option<&str>, reconnect: &str) -> Value {
    let mut payload = json!({"callsid": callsid, "reconnect": reconnect});
    if let Some(sdp) = sdp {
        payload["sdp"] = json!(sdp);
    }
    payload
}

#[cfg(test)]
mod tests;
