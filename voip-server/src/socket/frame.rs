use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use voip_core::{CallId, CallStatus, Event, EventKind, Hold};

use crate::api::{ApiError, is_object};

/// What a client says.
#[derive(PartialEq, Eq)]
pub(crate) enum ClientFrame {
    /// This connection is a device of this user.
    Register {
        /// The user.
        user_id: String,
        /// Proof, where it is needed.
        token: Option<String>,
    },
    /// Call a number.
    InitiateCall {
        /// Whom.
        to: String,
        /// The number shown to them.
        from: Option<String>,
    },
    /// Answer an incoming call.
    AnswerCall {
        /// Which.
        call_id: String,
        /// The user, as registered.
        user_id: Option<String>,
    },
    /// End, give up or decline a call.
    Hangup {
        /// Which.
        call_id: String,
    },
}

/// What the fields of every client message are; each message has some.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    #[serde(rename = "type")]
    kind: Option<String>,
    user_id: Option<String>,
    token: Option<String>,
    to: Option<String>,
    from: Option<String>,
    call_id: Option<String>,
}

impl ClientFrame {
    /// Reads a text message.
    ///
    /// # Errors
    /// What is wrong with it, for the client.
    pub(crate) fn read(text: &str) -> Result<Self, ApiError> {
        let unusable = |why: &dyn fmt::Display| {
            ApiError::bad_request(
                "invalid_message",
                format!("the message cannot be used: {why}"),
            )
        };
        let fields: Fields = match serde_json::from_str(text) {
            Err(error) if !error.is_data() => {
                let message = format!("the message is not JSON: {error}");
                return Err(ApiError::bad_request("invalid_json", message));
            }
            // A list of the fields' values in our order would be read as well.
            _ if !is_object(text) => return Err(unusable(&"it is not a JSON object")),
            Ok(fields) => fields,
            Err(error) => return Err(unusable(&error)),
        };
        let need = |field: Option<String>, name: &str| {
            field.ok_or_else(|| {
                ApiError::bad_request("invalid_message", format!("`{name}` is missing"))
            })
        };
        match fields.kind.as_deref() {
            Some("register") => Ok(Self::Register {
                user_id: need(fields.user_id, "userId")?,
                token: fields.token,
            }),
            Some("initiate_call") => Ok(Self::InitiateCall {
                to: need(fields.to, "to")?,
                from: fields.from,
            }),
            Some("answer_call") => Ok(Self::AnswerCall {
                call_id: need(fields.call_id, "callId")?,
                user_id: fields.user_id,
            }),
            Some("hangup") => Ok(Self::Hangup {
                call_id: need(fields.call_id, "callId")?,
            }),
            Some(_) => {
                let message = "`type` is none of register, initiate_call, answer_call, hangup";
                Err(ApiError::bad_request("unknown_type", message))
            }
            None => Err(ApiError::bad_request(
                "invalid_message",
                "`type` is missing",
            )),
        }
    }
}

/// What a client is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(
    tag = "type",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub(crate) enum ServerFrame<'a> {
    /// This connection now is a device of this user.
    RegisterSuccess {
        /// The user.
        user_id: &'a str,
        /// The user's calls that are not over, the newest first.
        live_calls: Vec<CallId>,
        /// Whether there may be more that are not listed, all of them older.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        more_live_calls: bool,
    },
    /// A call is being placed.
    CallInitiated {
        /// Its name.
        call_id: CallId,
        /// Whom it calls.
        to: &'a str,
    },
    /// A call could not be placed.
    CallFailed {
        /// Its name, where it got so far as to have one.
        call_id: Option<CallId>,
        /// Why, for people.
        reason: &'a str,
        /// Why, for programs; stable. There where the call got no name.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    /// Somebody calls.
    IncomingCall {
        /// Who.
        from: &'a str,
        /// The number they called.
        to: &'a str,
        /// The call's name.
        call_id: CallId,
    },
    /// A call reached a status.
    CallStatus {
        /// Which call.
        call_id: CallId,
        /// The status.
        status: CallStatus,
    },
    /// The far end of a call was put on hold or taken back, or is about to be.
    CallHold {
        /// Which call.
        call_id: CallId,
        /// How it stands.
        hold: Hold,
        /// Whether that is because a change failed.
        failed: bool,
    },
    /// Something the client said could not be done.
    Error {
        /// For people.
        message: Cow<'a, str>,
        /// Stable, for programs.
        code: &'static str,
        /// The call it is about, where there is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        call_id: Option<CallId>,
    },
}

impl<'a> ServerFrame<'a> {
    /// What a client is told of `kind`, which happened to `call`.
    pub(crate) fn of(call: CallId, kind: &'a EventKind) -> Self {
        let call_id = call;
        match kind {
            EventKind::IncomingCall { from, to } => Self::IncomingCall { from, to, call_id },
            EventKind::CallInitiated { to } => Self::CallInitiated { call_id, to },
            EventKind::CallFailed { reason } => Self::CallFailed {
                call_id: Some(call_id),
                reason,
                code: None,
            },
            EventKind::Status { status, .. } => Self::CallStatus {
                call_id,
                status: *status,
            },
            EventKind::Hold { hold, failed } => Self::CallHold {
                call_id,
                hold: *hold,
                failed: *failed,
            },
        }
    }

    /// What a client is told of an event.
    pub(crate) fn of_event(event: &'a Event) -> Self {
        Self::of(event.call, &event.kind)
    }

    /// The message as text.
    pub(crate) fn text(&self) -> String {
        // Strings, ids and statuses always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Tokens, numbers and names stay out of logs: only the kind is told.
impl fmt::Debug for ClientFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Register { .. } => "Register(…)",
            Self::InitiateCall { .. } => "InitiateCall(…)",
            Self::AnswerCall { .. } => "AnswerCall(…)",
            Self::Hangup { .. } => "Hangup(…)",
        })
    }
}

/// Numbers and names stay out of logs: the kind is told, and which call it is
/// about.
impl fmt::Debug for ServerFrame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, call) = match self {
            Self::RegisterSuccess { .. } => ("RegisterSuccess", None),
            Self::CallInitiated { call_id, .. } => ("CallInitiated", Some(call_id)),
            Self::CallFailed { call_id, .. } => ("CallFailed", call_id.as_ref()),
            Self::IncomingCall { call_id, .. } => ("IncomingCall", Some(call_id)),
            Self::CallStatus { call_id, .. } => ("CallStatus", Some(call_id)),
            Self::CallHold { call_id, .. } => ("CallHold", Some(call_id)),
            Self::Error { call_id, .. } => ("Error", call_id.as_ref()),
        };
        let mut frame = f.debug_struct(kind);
        if let Some(call) = call {
            frame.field("call_id", call);
        }
        frame.finish_non_exhaustive()
    }
}

impl From<&ApiError> for ServerFrame<'static> {
    fn from(error: &ApiError) -> Self {
        Self::Error {
            message: error.message.clone(),
            code: error.code,
            call_id: error.call,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ID: &str = "018c1f6e-7c3a-7000-8000-000000000001";

    #[test]
    fn server_messages_keep_their_form() {
        let call_id = ID.parse().unwrap();
        let all = [
            ServerFrame::RegisterSuccess {
                user_id: "Manoj",
                live_calls: Vec::new(),
                more_live_calls: false,
            },
            ServerFrame::RegisterSuccess {
                user_id: "Manoj",
                live_calls: vec![call_id],
                more_live_calls: true,
            },
            ServerFrame::CallInitiated {
                call_id,
                to: "+15550001111",
            },
            ServerFrame::CallFailed {
                call_id: Some(call_id),
                reason: "busy",
                code: None,
            },
            ServerFrame::CallFailed {
                call_id: None,
                reason: "no number",
                code: Some("missing_from"),
            },
            ServerFrame::IncomingCall {
                from: "+15550002222",
                to: "+15550001111",
                call_id,
            },
            ServerFrame::CallStatus {
                call_id,
                status: CallStatus::InProgress,
            },
            ServerFrame::Error {
                message: "no".into(),
                code: "unknown_call",
                call_id: None,
            },
        ];
        let lines: Vec<String> = all.iter().map(ServerFrame::text).collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn client_messages_are_read() {
        let register = ClientFrame::read(r#"{"type":"register","userId":"Manoj"}"#);
        assert_eq!(
            register,
            Ok(ClientFrame::Register {
                user_id: "Manoj".into(),
                token: None
            })
        );
        let dial = ClientFrame::read(r#"{"type":"initiate_call","to":"+1","from":null,"x":1}"#);
        assert_eq!(
            dial,
            Ok(ClientFrame::InitiateCall {
                to: "+1".into(),
                from: None
            })
        );
    }

    #[test]
    fn no_token_number_or_name_shows_in_debug() {
        let call_id = ID.parse().unwrap();
        let heard = [
            r#"{"type":"register","userId":"Manoj","token":"s3cret"}"#,
            r#"{"type":"initiate_call","to":"+15550001111","from":"+15550002222"}"#,
            r#"{"type":"answer_call","callId":"x","userId":"Manoj"}"#,
        ]
        .map(|text| format!("{:?}", ClientFrame::read(text).unwrap()));
        let said = [
            ServerFrame::RegisterSuccess {
                user_id: "Manoj",
                live_calls: Vec::new(),
                more_live_calls: false,
            },
            ServerFrame::CallInitiated {
                call_id,
                to: "+15550001111",
            },
            ServerFrame::CallFailed {
                call_id: None,
                reason: "+15550001111 is busy",
                code: None,
            },
            ServerFrame::IncomingCall {
                from: "+15550002222",
                to: "+15550001111",
                call_id,
            },
        ]
        .map(|frame| format!("{frame:?}"));
        for text in heard.iter().chain(&said) {
            let secret = ["Manoj", "s3cret", "+1555"]
                .iter()
                .find(|word| text.contains(**word));
            assert_eq!(secret, None, "{text}");
        }
        assert!(said[1].contains(ID), "{}", said[1]);
    }

    #[test]
    fn every_fault_has_its_code() {
        for (text, code) in [
            ("{", "invalid_json"),
            ("7", "invalid_message"),
            (r#"["hangup",null,null,null,null,"x"]"#, "invalid_message"),
            (r#"{"userId":"x"}"#, "invalid_message"),
            (r#"{"type":"dance"}"#, "unknown_type"),
            (r#"{"type":"register"}"#, "invalid_message"),
            (r#"{"type":"register","userId":5}"#, "invalid_message"),
            (r#"{"type":"hangup"}"#, "invalid_message"),
        ] {
            assert_eq!(ClientFrame::read(text).unwrap_err().code, code, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,200}|[{}\\[\\]\",:a-z0-9]{0,80}") {
            let _ = ClientFrame::read(&text);
        }
    }
}
