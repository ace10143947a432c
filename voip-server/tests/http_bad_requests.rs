//! Requests that are wrong as requests, whatever they say: kind, size, method,
//! path, protocol. A clear error, nothing written, and the server lives on.

mod surface;

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use surface::{Case, JSON_PATHS, Running, UNKNOWN, check, raw};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIMIT: usize = 64 * 1024;

const INVALID_BODY: (u16, &str) = (400, "invalid_body");
const NOT_FOUND: (u16, &str) = (404, "not_found");
const UNKNOWN_CALL: (u16, &str) = (404, "unknown_call");
const WRONG_METHOD: (u16, &str) = (405, "method_not_allowed");
const TOO_LARGE: (u16, &str) = (413, "body_too_large");
const WRONG_TYPE: (u16, &str) = (415, "unsupported_media_type");
#[tokio::test]
async fn a_body_of_another_kind_is_refused() {
    let running = Running::start().await;
    let body = json!({"to": "+15550001111", "callId": UNKNOWN, "userId": "Manoj"}).to_string();
    let kinds = [
        "text/plain",
        "text/json",
        "application/jsonx",
        "multipart/form-data; boundary=x",
        "",
        ";",
    ];
    for path in JSON_PATHS {
        let none = Case::new(Method::POST, path, WRONG_TYPE).body(&body);
        let typed = |kind: &&str| {
            Case::new(Method::POST, path, WRONG_TYPE)
                .header("content-type", kind)
                .body(&body)
        };
        check(&running, kinds.iter().map(typed).chain([none])).await;
    }
    let form_too = JSON_PATHS.iter().filter(|&&path| path != "/connect-call");
    check(
        &running,
        form_too.map(|path| Case::form(path, "to=%2B15550001111", WRONG_TYPE)),
    )
    .await;
}

#[tokio::test]
async fn a_form_that_cannot_be_used_is_told_so() {
    let running = Running::start().await;
    let forms = [
        "",
        "callId=1",
        "userId=Manoj",
        "callId=1&callId=2&userId=Manoj",
        "&&&",
        "\u{0}",
    ];
    check(
        &running,
        forms.map(|form| Case::form("/connect-call", form, INVALID_BODY)),
    )
    .await;
    let odd = [
        "callId=%FF&userId=Manoj",
        "callId=%zz&userId=Manoj",
        "callId=&userId=Manoj",
    ];
    check(
        &running,
        odd.map(|form| Case::form("/connect-call", form, UNKNOWN_CALL)),
    )
    .await;
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_read() {
    let running = Running::start().await;
    let fits = format!("{{\"callId\":\"{}\"}}", "x".repeat(LIMIT - 13));
    assert_eq!(fits.len(), LIMIT);
    check(&running, [Case::json("/hangup", &fits, UNKNOWN_CALL)]).await;
    let paths = JSON_PATHS
        .iter()
        .chain(&["/twilio-status", "/twilio-inbound", "/twilio/voice"]);
    for path in paths {
        for length in [LIMIT + 1, 10 * LIMIT] {
            check(&running, [Case::json(path, vec![b' '; length], TOO_LARGE)]).await;
        }
    }
}

#[tokio::test]
async fn another_method_or_path_is_told_so() {
    let running = Running::start().await;
    let posts = JSON_PATHS.iter().chain(&[
        "/twilio-status",
        "/twilio-inbound",
        "/twilio/voice",
        "/twilio/bridge-ended",
    ]);
    for path in posts {
        for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH] {
            check(&running, [Case::new(method, path, WRONG_METHOD)]).await;
        }
    }
    for path in [
        "/api/call-logs/Manoj",
        "/healthz",
        "/readyz",
        "/ws",
        "/",
        "/login.html",
    ] {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            check(&running, [Case::new(method, path, WRONG_METHOD)]).await;
        }
    }
    let long = format!("/{}", "x".repeat(8_000));
    let paths = [
        "/nothing",
        "/login.htm",
        "/dialer/",
        "/api",
        "/twilio",
        "/start-call/",
        "//start-call",
        "/START-CALL",
        "/api/call-logs/",
        "/api/call-logs/a/b",
        "/%2e%2e/etc",
        "/ws/x",
        &long,
    ];
    for path in paths {
        let cases = [Method::GET, Method::POST].map(|method| Case::new(method, path, NOT_FOUND));
        check(&running, cases).await;
    }
}

#[tokio::test]
async fn plain_http_at_a_socket_is_told_to_upgrade() {
    let running = Running::start().await;
    check(
        &running,
        [Case::new(Method::GET, "/ws", (426, "websocket_only"))],
    )
    .await;
    let socket = running.server.addresses().socket;
    for method in [Method::GET, Method::POST, Method::DELETE] {
        for path in ["/", "/ws", "/any/path?at=all", "/start-call"] {
            let url = format!("http://{socket}{path}");
            let answer = running
                .send(running.http.request(method.clone(), url))
                .await;
            assert_eq!(answer.error(), (426, "websocket_only".to_owned()), "{path}");
            // RFC 9110 §15.5.22: the answer names the protocol it wants.
            assert_eq!(answer.header("upgrade"), Some("websocket"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn what_is_hardly_http_harms_nobody() {
    let running = Running::start().await;
    let before = running.database().dump();
    let http = running.server.addresses().http;
    let json = "POST /start-call HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let requests: [(&str, Vec<u8>); 12] = [
        ("nothing", Vec::new()),
        ("no http", b"hello\r\n\r\n".to_vec()),
        ("not even text", vec![0xff; 4096]),
        (
            "another protocol",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        ),
        (
            "a later version",
            b"GET /healthz HTTP/3.0\r\nhost: x\r\n\r\n".to_vec(),
        ),
        ("half a head", b"GET /healthz HTTP/1.1\r\nho".to_vec()),
        (
            "a body that breaks off",
            format!("{json}content-length: 100\r\n\r\n{{\"to\":").into(),
        ),
        (
            "two lengths",
            format!("{json}content-length: 2\r\ncontent-length: 3\r\n\r\n{{}}x").into(),
        ),
        (
            "a negative length",
            format!("{json}content-length: -1\r\n\r\n{{}}").into(),
        ),
        (
            "a huge length",
            format!("{json}content-length: 99999999999999999999\r\n\r\n").into(),
        ),
        (
            "a bad chunk",
            format!("{json}transfer-encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n").into(),
        ),
        (
            "an endless chunk",
            format!("{json}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n").into(),
        ),
    ];
    for (what, request) in requests {
        if let Some(answer) = raw::exchange(http, &request).await {
            assert!(
                (400..500).contains(&answer.status) || answer.status == 505,
                "{what}: {answer:?}"
            );
        }
        check(&running, []).await;
    }
    let chunked = [
        format!("{json}transfer-encoding: chunked\r\n\r\n").into_bytes(),
        format!("4000\r\n{}\r\n", "x".repeat(0x4000))
            .into_bytes()
            .repeat(5),
        b"0\r\n\r\n".to_vec(),
    ]
    .concat();
    let answer = raw::exchange(http, &chunked).await.expect("an answer");
    assert_eq!(answer.error(), (413, "body_too_large".to_owned()));
    assert_eq!(running.database().dump(), before);
}

/// Many a client writes head and body one after the other, and its next request
/// on the same connection.
#[tokio::test]
async fn a_request_refused_by_its_head_leaves_the_connection_in_order() {
    let running = Running::guarded().await;
    let http = running.server.addresses().http;
    let mut stream = TcpStream::connect(http).await.expect("a connection");
    let body = "{\"parentCallSid\":\"x\"}";
    for (path, status) in [
        ("POST /api/hold-call", 401),
        ("POST /nowhere", 404),
        ("PUT /hangup", 405),
    ] {
        let head = format!(
            "{path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("it listens");
        let mut early = [0; 1];
        let answer = tokio::time::timeout(Duration::from_millis(100), stream.read(&mut early)); // real time: nothing can be seen not to come
        assert!(
            answer.await.is_err(),
            "{path} was answered before it was asked"
        );
        stream.write_all(body.as_bytes()).await.expect("it listens");
        let answer = raw::read_answer(&mut stream).await.expect("an answer");
        assert_eq!(answer.status, status);
        assert_eq!(answer.header("connection"), None);
    }
    // What is too long is not waited for.
    let head = "POST /api/hold-call HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.expect("it listens");
    let answer = raw::read_answer(&mut stream).await.expect("an answer");
    assert_eq!(
        (answer.status, answer.header("connection")),
        (401, Some("close"))
    );
}
