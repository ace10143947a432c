//! Whatever is said on a WebSocket: an `error` frame, nothing written, and the
//! connection and all others stay.

mod surface;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use surface::{Client, Running, UNKNOWN, raw, within};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

const LIMIT: usize = 16 * 1024;

const ALICE: &str = "+15550001111";
const BOB: &str = "+15550002222";

/// What no client may say, whoever it is.
fn nonsense() -> Vec<(Message, &'static str)> {
    let deep = format!("{{\"x\":{}", "[".repeat(8_000));
    let not_json = [
        "",
        " ",
        "{",
        "hello",
        "{'type':'register'}",
        "{\"type\":\"hangup\"",
        "\u{0}",
        &deep,
    ];
    let other_form = [
        "null",
        "true",
        "7",
        "\"register\"",
        "[]",
        "{}",
        "{\"TYPE\":\"register\"}",
        "{\"type\":null}",
        "{\"type\":5}",
        "{\"type\":[]}",
        "{\"type\":{}}",
        "{\"type\":\"hangup\",\"type\":\"hangup\"}",
        "[\"hangup\",null,null,null,null,\"x\"]",
    ];
    let unknown = [
        "",
        "REGISTER",
        "register ",
        "answer",
        "call_status",
        "error",
        "\u{1f4de}",
    ];
    let fields = ["userId", "token", "to", "from", "callId"];
    let wrong_types = fields.iter().flat_map(|field| {
        let with = move |value: Value| json!({"type": "hangup", *field: value}).to_string();
        [json!(5), json!(true), json!(["x"]), json!({"x": "y"})].map(with)
    });
    let missing = [
        json!({"type": "register"}),
        json!({"type": "register", "userId": null}),
        json!({"type": "initiate_call", "from": ALICE}),
        json!({"type": "answer_call", "userId": "alice"}),
        json!({"type": "hangup"}),
    ];
    let mut all: Vec<(Message, &str)> = Vec::new();
    all.extend(not_json.map(|text| (Message::text(text), "invalid_json")));
    all.extend(other_form.map(|text| (Message::text(text), "invalid_message")));
    all.extend(unknown.map(|kind| {
        (
            Message::text(json!({"type": kind}).to_string()),
            "unknown_type",
        )
    }));
    all.extend(wrong_types.map(|text| (Message::text(text), "invalid_message")));
    all.extend(missing.map(|frame| (Message::text(frame.to_string()), "invalid_message")));
    all.extend(
        [vec![], vec![0xff; 100], b"{\"type\":\"hangup\"}".to_vec()]
            .map(|bytes| (Message::binary(bytes), "text_only")),
    );
    all
}

async fn expect(client: &mut Client, message: Message, code: &str) {
    client.send(message.clone()).await;
    assert_eq!(client.error().await, code, "{message:?}");
}

#[tokio::test]
async fn nonsense_is_answered_with_an_error_each() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let before = running.database().dump();
    let mut other = running.device("alice").await;
    let mut client = running.connect().await;
    for (message, code) in nonsense() {
        expect(&mut client, message, code).await;
    }
    client.register("alice").await;
    for (message, code) in nonsense() {
        expect(&mut client, message, code).await;
    }
    // What names nobody says who registers.
    for user in ["", "a\nb", &"u".repeat(129)] {
        let frame = json!({"type": "register", "userId": user}).to_string();
        expect(&mut client, Message::text(frame), "invalid_user_id").await;
    }
    assert_eq!(running.database().dump(), before);
    assert!(
        other.flush().await.is_empty(),
        "another device hears nothing of it"
    );
    // It still is a device of its user.
    let from = running
        .post("/start-call", json!({"to": "+15005550100", "from": ALICE}))
        .await;
    assert_eq!(
        client.until("call_initiated").await["callId"],
        from.text("callId")
    );
    assert_eq!(
        other.until("call_initiated").await["callId"],
        from.text("callId")
    );
}

#[tokio::test]
async fn nothing_is_done_for_who_has_not_registered() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let before = running.database().dump();
    let mut client = running.connect().await;
    for frame in [
        json!({"type": "initiate_call", "to": "+15005550104"}),
        json!({"type": "initiate_call", "to": "nonsense"}),
        json!({"type": "answer_call", "callId": UNKNOWN, "userId": "alice"}),
        json!({"type": "hangup", "callId": UNKNOWN}),
    ] {
        expect(
            &mut client,
            Message::text(frame.to_string()),
            "not_registered",
        )
        .await;
    }
    assert_eq!(running.database().dump(), before);
}

#[tokio::test]
async fn a_call_to_what_is_no_number_fails() {
    let running = Running::start().await;
    let before = running.database().dump();
    let mut client = running.device("alice").await;
    let long = "9".repeat(5_000);
    for number in ["", "abc", "5550001111", "+1", "client:bob", &long] {
        for frame in [
            json!({"type": "initiate_call", "to": number}),
            json!({"type": "initiate_call", "to": BOB, "from": number}),
        ] {
            client.say(frame).await;
            let failed = client.next().await;
            assert_eq!(failed["type"], "call_failed", "{failed}");
            assert_eq!(failed["callId"], Value::Null);
            assert!(
                failed["reason"]
                    .as_str()
                    .expect("why")
                    .contains("phone number"),
                "{failed}"
            );
        }
    }
    assert!(client.flush().await.is_empty());
    assert_eq!(running.database().dump(), before);
}

#[tokio::test]
async fn a_call_that_is_not_there_or_not_theirs_is_unknown() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    running.register("bob", BOB).await;
    let (mut alice, mut bob) = (running.device("alice").await, running.device("bob").await);
    let simulator = running.server.simulator().expect("a simulator");
    simulator
        .place_call("+15550009999", ALICE)
        .await
        .expect("a call to alice");
    let ringing = alice.next().await;
    assert_eq!(ringing["type"], "incoming_call", "{ringing}");
    let theirs = ringing["callId"].as_str().expect("an id");
    running.server.app().calls.settled().await;
    let before = running.database().dump();
    for id in ["", "x", UNKNOWN, theirs, &"9".repeat(5_000)] {
        for frame in [
            json!({"type": "answer_call", "callId": id, "userId": "bob"}),
            json!({"type": "answer_call", "callId": id}),
        ] {
            expect(&mut bob, Message::text(frame.to_string()), "unknown_call").await;
        }
        // Where access is open, anybody may end a call that there is.
        if id != theirs {
            let frame = json!({"type": "hangup", "callId": id});
            expect(&mut bob, Message::text(frame.to_string()), "unknown_call").await;
        }
    }
    // Nor does it help to say one is somebody else.
    let frame = json!({"type": "answer_call", "callId": theirs, "userId": "alice"});
    expect(&mut bob, Message::text(frame.to_string()), "forbidden").await;
    assert_eq!(running.database().dump(), before);
    assert!(alice.flush().await.is_empty(), "it rings on");
    assert!(bob.flush().await.is_empty());

    alice.say(json!({"type": "hangup", "callId": theirs})).await;
    alice.until_status("busy").await;
    let frame = json!({"type": "answer_call", "callId": theirs, "userId": "alice"});
    expect(&mut alice, Message::text(frame.to_string()), "call_over").await;
}

#[tokio::test]
async fn an_outbound_call_is_not_answered_by_us() {
    let running = Running::start().await;
    let mut alice = running.device("alice").await;
    alice
        .say(json!({"type": "initiate_call", "to": "+15005550101"}))
        .await;
    let id = alice.until("call_initiated").await["callId"].clone();
    alice.until_status("initiated").await;
    alice
        .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
        .await;
    let refused = alice.until("error").await;
    assert_eq!(
        (&refused["code"], &refused["callId"]),
        (&json!("not_incoming"), &id)
    );
}

#[tokio::test]
async fn a_thousand_junk_frames_get_a_thousand_errors() {
    let running = Running::start().await;
    let mut bystander = running.device("alice").await;
    let client = running.device("alice").await;
    let kinds = nonsense();
    let junk: Vec<Message> = kinds
        .iter()
        .map(|(message, _)| message.clone())
        .cycle()
        .take(1_000)
        .collect();
    let (mut sink, mut stream) = client.into_inner().split();
    let sending = async {
        for message in junk {
            sink.feed(message).await.expect("the connection is open");
        }
        sink.flush().await.expect("the connection is open");
    };
    let reading = async {
        for (index, (_, code)) in kinds.iter().cycle().take(1_000).enumerate() {
            let message = stream
                .next()
                .await
                .expect("the connection is open")
                .expect("a frame");
            let frame: Value =
                serde_json::from_str(message.to_text().expect("text")).expect("JSON");
            assert_eq!(frame["code"], *code, "frame {index}");
        }
    };
    within("a thousand errors", async {
        tokio::join!(sending, reading)
    })
    .await;
    let mut client = Client::from_inner(sink.reunite(stream).expect("two halves of one"));
    assert!(client.flush().await.is_empty());
    assert!(bystander.flush().await.is_empty());
}

#[tokio::test]
async fn a_message_at_the_limit_is_read_and_one_over_it_ends_its_connection_only() {
    let running = Running::start().await;
    let mut bystander = running.device("alice").await;
    let text = |length: usize| format!("{{\"type\":\"{}\"}}", "x".repeat(length - 11));
    let mut client = running.device("alice").await;
    expect(&mut client, Message::text(text(LIMIT)), "unknown_type").await;
    assert!(client.flush().await.is_empty());
    for message in [
        Message::text(text(LIMIT + 1)),
        Message::binary(vec![0; 10 * LIMIT]),
    ] {
        let mut client = running.device("alice").await;
        // The server may have had enough before it is all said.
        let _ = client.inner().send(message).await;
        assert_eq!(client.heard().await, None, "the connection is ended");
    }
    // In pieces it is no shorter.
    let mut client = running.device("alice").await;
    let piece = |code, last| {
        Message::Frame(Frame::message(
            vec![b' '; LIMIT / 2],
            OpCode::Data(code),
            last,
        ))
    };
    for part in [
        piece(Data::Text, false),
        piece(Data::Continue, false),
        piece(Data::Continue, true),
    ] {
        let _ = client.inner().send(part).await;
    }
    assert_eq!(client.heard().await, None, "the connection is ended");
    assert!(bystander.flush().await.is_empty());
    assert_eq!(running.server.app().hub.len(), 2);
}

#[tokio::test]
async fn what_breaks_the_protocol_ends_its_connection_only() {
    let running = Running::start().await;
    let mut bystander = running.device("alice").await;
    let frames = [
        // RFC 6455 §8.1: text that is not UTF-8 fails the connection.
        Frame::message(vec![0xff, 0xfe], OpCode::Data(Data::Text), true),
        Frame::message(vec![b'x'], OpCode::Data(Data::Continue), true),
        Frame::message(vec![b'x'], OpCode::Data(Data::Reserved(5)), true),
    ];
    for frame in frames {
        let mut client = running.device("alice").await;
        client.send(Message::Frame(frame)).await;
        assert_eq!(client.heard().await, None, "the connection is ended");
    }
    assert!(bystander.flush().await.is_empty());
    assert_eq!(running.server.app().hub.len(), 1);
}

#[tokio::test]
async fn any_path_of_the_socket_port_is_a_socket_and_ws_of_the_other() {
    let running = Running::start().await;
    let (http, socket) = (
        running.server.addresses().http,
        running.server.addresses().socket,
    );
    for url in [
        format!("ws://{socket}"),
        format!("ws://{socket}/"),
        format!("ws://{socket}/ws"),
        format!("ws://{socket}/any/path%20at?all=1"),
        format!("ws://{http}/ws"),
        format!("ws://{http}/ws?device=1"),
    ] {
        let mut client = Client::connect(&url).await;
        client.register("alice").await;
        client.send(Message::Ping("still there?".into())).await;
        let pong = within("a pong", client.inner().next())
            .await
            .expect("open")
            .expect("a frame");
        assert_eq!(pong, Message::Pong("still there?".into()), "{url}");
        client.close().await;
    }
}

#[tokio::test]
async fn a_broken_handshake_is_told_to_upgrade() {
    let running = Running::start().await;
    let socket = running.server.addresses().socket;
    let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
    for headers in [
        format!("{upgrade}sec-websocket-version: 13\r\n"),
        format!("{upgrade}sec-websocket-version: 8\r\n{key}"),
        format!("{upgrade}{key}"),
        format!("connection: upgrade\r\nupgrade: h2c\r\nsec-websocket-version: 13\r\n{key}"),
        format!("connection: close\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n{key}"),
    ] {
        let request = format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let answer = raw::exchange(socket, request.as_bytes())
            .await
            .expect("an answer");
        assert_eq!(
            answer.error(),
            (426, "websocket_only".to_owned()),
            "{headers}"
        );
    }
}
