use proptest::prelude::*;

use super::*;

fn read(kind: &str, payload: Value) -> ClientFrame {
    let frame = json!({"type": kind, "version": "1.6", "payload": payload});
    ClientFrame::read(&frame.to_string())
}

#[test]
fn each_frame_of_a_browser_is_read() {
    assert_eq!(ClientFrame::read("\n"), ClientFrame::Heartbeat);
    assert_eq!(
        read(
            "listen",
            json!({"token": "t", "reconnectTimeout": 3, "browserinfo": {}})
        ),
        ClientFrame::Listen {
            token: "t".to_owned(),
            reconnect_timeout: 3
        }
    );
    assert_eq!(
        read("register", json!({"media": {"audio": false}})),
        ClientFrame::Register { audio: false }
    );
    assert_eq!(
        read(
            "invite",
            json!({"callsid": "TJS1", "sdp": "v=0", "twilio": {"params": "To=%2B15550001111&a=x%20y"}})
        ),
        ClientFrame::Invite {
            callsid: "TJS1".to_owned(),
            sdp: "v=0".to_owned(),
            parameters: vec![
                ("To".to_owned(), "+15550001111".to_owned()),
                ("a".to_owned(), "x y".to_owned())
            ],
            reconnect: None
        }
    );
    assert_eq!(
        read(
            "invite",
            json!({"callsid": "CA1", "sdp": "v=0", "reconnect": "r", "twilio": {}})
        ),
        ClientFrame::Invite {
            callsid: "CA1".to_owned(),
            sdp: "v=0".to_owned(),
            parameters: Vec::new(),
            reconnect: Some("r".to_owned())
        }
    );
    let (callsid, sdp) = ("CA1".to_owned(), "v=0".to_owned());
    let about = json!({"callsid": "CA1", "sdp": "v=0", "dtmf": "1w#"});
    assert_eq!(
        read("answer", about.clone()),
        ClientFrame::Answer {
            callsid: callsid.clone(),
            sdp: sdp.clone()
        }
    );
    assert_eq!(
        read("reinvite", about.clone()),
        ClientFrame::Reinvite {
            callsid: callsid.clone(),
            sdp
        }
    );
    assert_eq!(
        read("reject", about.clone()),
        ClientFrame::Reject {
            callsid: callsid.clone()
        }
    );
    assert_eq!(
        read("hangup", about.clone()),
        ClientFrame::Hangup {
            callsid: callsid.clone()
        }
    );
    let digits = "1w#".to_owned();
    assert_eq!(read("dtmf", about), ClientFrame::Dtmf { callsid, digits });
}

#[test]
fn what_is_no_frame_is_unknown() {
    for text in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"type":"invite"}"#,
        r#"{"type":7,"payload":{}}"#,
    ] {
        assert_eq!(ClientFrame::read(text), ClientFrame::Unknown, "{text}");
    }
    assert_eq!(read("transportClose", json!({})), ClientFrame::Unknown);
}

#[test]
fn frames_for_browsers_are_as_the_sdk_reads_them() {
    let callsid = || "CA1".to_owned();
    let reconnect = || "r".to_owned();
    let message = Message {
        id: "KX1".to_owned(),
        content: json!({"a": 1}),
        content_type: "application/json".to_owned(),
        kind: "user-defined-message".to_owned(),
    };
    let frames = [
        ServerFrame::Heartbeat,
        ServerFrame::Connected {
            edge: Some("localhost:1/signal?".to_owned()),
            identity: "ann".to_owned(),
            ttl: 60,
        },
        ServerFrame::Ready,
        ServerFrame::Offline,
        ServerFrame::Ringing {
            callsid: callsid(),
            sdp: None,
            reconnect: reconnect(),
        },
        ServerFrame::Answer {
            callsid: callsid(),
            sdp: Some("v=0".to_owned()),
            reconnect: reconnect(),
        },
        ServerFrame::Invite {
            callsid: callsid(),
            sdp: "v=0".to_owned(),
            parameters: vec![("From".to_owned(), "+15550001111".to_owned())],
            reconnect: reconnect(),
        },
        ServerFrame::Cancel { callsid: callsid() },
        ServerFrame::Hangup {
            callsid: callsid(),
            error: None,
        },
        ServerFrame::Hangup {
            callsid: callsid(),
            error: Some((31486, "busy".to_owned())),
        },
        ServerFrame::Message {
            callsid: callsid(),
            message,
        },
        ServerFrame::Ack {
            callsid: callsid(),
            id: "KX1".to_owned(),
        },
        ServerFrame::Error {
            code: 31205,
            message: "expired".to_owned(),
            about: None,
        },
        ServerFrame::Error {
            code: 31209,
            message: "no such call".to_owned(),
            about: Some((callsid(), "KX1".to_owned())),
        },
        ServerFrame::Close,
    ];
    let texts: Vec<String> = frames.iter().map(ServerFrame::text).collect();
    insta::assert_snapshot!(texts.join("\n"));
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".*") {
        ClientFrame::read(&text);
    }

    #[test]
    fn no_payload_makes_it_panic(
        kind in "listen|register|invite|answer|dtmf|message|reinvite|hangup",
        name in "callsid|sdp|twilio|media|token|content|reconnect",
        value in prop_oneof![
            Just(json!(null)), Just(json!(1)), Just(json!([])), Just(json!({"params": 1})),
            Just(json!({"params": "&&=&a"})), ".*".prop_map(Value::String),
        ],
    ) {
        let payload = Map::from_iter([(name, value)]);
        read(&kind, Value::Object(payload));
    }
}
