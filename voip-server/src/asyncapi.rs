//! Every message of WebSocket and Socket.IO, as an AsyncAPI document.

use axum::response::{IntoResponse, Response};
use http::header;

/// The document: AsyncAPI 3.0. The tests hold it against the code.
const DOCUMENT: &str = include_str!("../../docs/asyncapi.json");

/// `GET /asyncapi.json`.
#[utoipa::path(
    get,
    path = "/asyncapi.json",
    operation_id = "asyncapi_document",
    tag = "operators",
    responses(
        (status = 200, description = "The document.", content_type = "application/json", body = serde_json::Value),
    ),
)]
pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{
        socket::{ClientFrame, ServerFrame},
        socketio::{self, LegStatus},
    };
    use serde_json::{Value, json};
    use voip_core::{CallStatus, Hold};

    const ID: &str = "018c1f6e-7c3a-7000-8000-000000000001";
    const SID: &str = "CA000000000000000000000000000000b1";

    fn read() -> Value {
        serde_json::from_str(DOCUMENT).unwrap()
    }

    fn messages(document: &Value) -> Vec<(&str, &Value)> {
        let messages = document["components"]["messages"].as_object().unwrap();
        let named = messages.values();
        named
            .map(|message| (message["name"].as_str().unwrap(), &message["payload"]))
            .collect()
    }

    fn payload<'d>(document: &'d Value, name: &str) -> &'d Value {
        let mut found = messages(document).into_iter().filter(|(n, _)| *n == name);
        let payload = found
            .next()
            .unwrap_or_else(|| panic!("{name} is missing"))
            .1;
        assert!(found.next().is_none(), "{name} is there twice");
        payload
    }

    fn names(list: &Value) -> BTreeSet<String> {
        match list {
            Value::Object(fields) => fields.keys().cloned().collect(),
            Value::Array(items) => {
                let texts = items.iter().map(|item| item.as_str().unwrap());
                texts.map(str::to_owned).collect()
            }
            other => panic!("neither fields nor names: {other}"),
        }
    }

    /// Holds a message that is sent with everything, and with as little as may
    /// be, against its description.
    fn holds(document: &Value, name: &str, whole: &Value, least: &Value) {
        let payload = payload(document, name);
        assert_eq!(names(&payload["properties"]), names(whole), "{name}");
        assert_eq!(names(&payload["required"]), names(least), "{name}");
    }

    /// Every kind of frame, with everything and with as little as may be. The
    /// match makes sure that a new one is not forgotten.
    fn server_frames() -> Vec<[ServerFrame<'static>; 2]> {
        let call_id = ID.parse().unwrap();
        let last = ServerFrame::Error {
            message: "no".into(),
            code: "no",
            call_id: None,
        };
        match &last {
            ServerFrame::RegisterSuccess { .. }
            | ServerFrame::CallInitiated { .. }
            | ServerFrame::CallFailed { .. }
            | ServerFrame::IncomingCall { .. }
            | ServerFrame::CallStatus { .. }
            | ServerFrame::CallHold { .. }
            | ServerFrame::Error { .. } => {}
        }
        let (from, to, reason, user_id) = ("a", "b", "c", "d");
        let live_calls = vec![call_id];
        let status = CallStatus::Busy;
        let twice = |frame: ServerFrame<'static>| [frame.clone(), frame];
        vec![
            [true, false].map(|more_live_calls| ServerFrame::RegisterSuccess {
                user_id,
                live_calls: live_calls.clone(),
                more_live_calls,
            }),
            twice(ServerFrame::CallInitiated { call_id, to }),
            [Some("no"), None].map(|code| ServerFrame::CallFailed {
                call_id: None,
                reason,
                code,
            }),
            twice(ServerFrame::IncomingCall { from, to, call_id }),
            twice(ServerFrame::CallStatus { call_id, status }),
            twice(ServerFrame::CallHold {
                call_id,
                hold: Hold::Held,
                failed: false,
            }),
            [
                ServerFrame::Error {
                    message: "no".into(),
                    code: "no",
                    call_id: Some(call_id),
                },
                last,
            ],
        ]
    }

    fn name_of(frame: &ClientFrame) -> &'static str {
        match frame {
            ClientFrame::Register { .. } => "register",
            ClientFrame::InitiateCall { .. } => "initiate_call",
            ClientFrame::AnswerCall { .. } => "answer_call",
            ClientFrame::Hangup { .. } => "hangup",
        }
    }

    const CLIENT_FRAMES: [&str; 4] = ["register", "initiate_call", "answer_call", "hangup"];

    #[test]
    fn what_the_server_says_is_described() {
        let document = read();
        for frames in server_frames() {
            let [whole, least] =
                frames.map(|frame| serde_json::from_str::<Value>(&frame.text()).unwrap());
            let name = whole["type"].as_str().unwrap().to_owned();
            holds(&document, &name, &whole, &least);
            assert_eq!(
                payload(&document, &name)["properties"]["type"]["const"],
                *name
            );
        }
        let status = serde_json::to_value(LegStatus {
            call_sid: SID.parse().unwrap(),
            call_status: CallStatus::Completed,
            duration: Some(1),
        });
        let status = status.unwrap();
        holds(&document, socketio::CALL_STATUS, &status, &status);
        let expired = serde_json::to_value(socketio::Expired::default()).unwrap();
        holds(&document, socketio::TOKEN_EXPIRED, &expired, &expired);
        let [whole, least] = socketio::answers();
        holds(&document, "acknowledgement", &whole, &least);
    }

    #[test]
    fn what_clients_say_is_described() {
        let document = read();
        for name in CLIENT_FRAMES {
            let payload = payload(&document, name);
            let fields = names(&payload["properties"]);
            let required = names(&payload["required"]);
            let said = |fields: &BTreeSet<String>| {
                let mut frame: Value = fields.iter().map(|f| (f.clone(), json!("x"))).collect();
                if fields.contains("type") {
                    frame["type"] = json!(name);
                }
                ClientFrame::read(&frame.to_string())
            };
            assert_eq!(said(&fields).map(|frame| name_of(&frame)).ok(), Some(name));
            assert!(said(&required).is_ok(), "{name} with {required:?}");
            for field in &required {
                let mut fewer = fields.clone();
                fewer.remove(field);
                assert!(said(&fewer).is_err(), "{name} without {field}");
            }
            // A field that is read is refused where it is no text.
            for field in fields.iter().filter(|field| *field != "type") {
                let frame = json!({ "type": name, field: 7 });
                assert!(
                    ClientFrame::read(&frame.to_string()).is_err(),
                    "{name}: {field}"
                );
            }
        }
        for name in [socketio::JOIN_CALL, socketio::LEAVE_CALL] {
            let sid = json!({ "callSid": SID });
            holds(&document, name, &sid, &sid);
            assert!(socketio::leg(&sid).is_some());
        }
    }

    #[test]
    fn nothing_else_is_described() {
        let document = read();
        let described: BTreeSet<&str> = messages(&document).into_iter().map(|m| m.0).collect();
        let mut known: BTreeSet<String> = CLIENT_FRAMES.map(str::to_owned).into();
        for [frame, _] in server_frames() {
            let frame: Value = serde_json::from_str(&frame.text()).unwrap();
            known.insert(frame["type"].as_str().unwrap().to_owned());
        }
        let events = [
            socketio::JOIN_CALL,
            socketio::LEAVE_CALL,
            socketio::CALL_STATUS,
            socketio::TOKEN_EXPIRED,
        ];
        known.extend(events.map(str::to_owned));
        known.insert("acknowledgement".to_owned());
        assert_eq!(described, known.iter().map(String::as_str).collect());
        let statuses = &document["components"]["schemas"]["status"]["enum"];
        assert_eq!(*statuses, json!(CallStatus::ALL.map(CallStatus::as_str)));
    }
}
