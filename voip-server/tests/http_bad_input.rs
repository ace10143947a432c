//! Whatever is sent to an endpoint: a clear error, nothing written, and the
//! server lives on.

mod surface;

use reqwest::Method;
use serde_json::json;
use surface::{Case, Running, SECRET, check, raw};

const LIMIT: usize = 64 * 1024;

const UNKNOWN: &str = "018c1f6e-7c3a-7000-8000-0000000000ff";

/// Where clients send JSON.
const JSON_PATHS: [&str; 4] = [
    "/start-call",
    "/hangup",
    "/connect-call",
    "/api/register-user",
];

const INVALID_JSON: (u16, &str) = (400, "invalid_json");
const INVALID_BODY: (u16, &str) = (400, "invalid_body");
const NOT_FOUND: (u16, &str) = (404, "not_found");
const UNKNOWN_CALL: (u16, &str) = (404, "unknown_call");
const WRONG_METHOD: (u16, &str) = (405, "method_not_allowed");
const TOO_LARGE: (u16, &str) = (413, "body_too_large");
const WRONG_TYPE: (u16, &str) = (415, "unsupported_media_type");

#[tokio::test]
async fn what_is_not_json_is_told_so() {
    let running = Running::start().await;
    let texts: [&[u8]; 8] = [
        b"",
        b" ",
        b"{",
        b"{\"to\":\"+1555",
        b"to=%2B15550001111",
        b"{'to':'+15550001111'}",
        b"{\"to\":\"\xff\xfe\"}",
        b"\xff\xfe{\x00}\x00",
    ];
    let deep = [b"{\"x\":".to_vec(), b"[".repeat(10_000)].concat();
    for path in JSON_PATHS {
        let cases = texts
            .iter()
            .map(|text| Case::json(path, text, INVALID_JSON));
        check(
            &running,
            cases.chain([Case::json(path, &deep, INVALID_JSON)]),
        )
        .await;
    }
    // Fields that nobody reads are passed over without a close look.
    for text in ["{\"to\":\"+15550001111\"} and more", "{\"to\":\"\\ud800\"}"] {
        check(&running, [Case::json("/start-call", text, INVALID_JSON)]).await;
    }
}

#[tokio::test]
async fn json_of_another_form_is_told_so() {
    let running = Running::start().await;
    let texts = [
        "null",
        "true",
        "7",
        "\"+15550001111\"",
        "[]",
        "[{}]",
        "{}",
        "{\"x\":1}",
    ];
    for path in JSON_PATHS {
        check(
            &running,
            texts
                .iter()
                .map(|text| Case::json(path, text, INVALID_BODY)),
        )
        .await;
    }
    // A list is no object, even if its values fit one after the other.
    let lists = [
        ("/start-call", json!(["+15550001111", null, null])),
        ("/hangup", json!([UNKNOWN])),
        ("/connect-call", json!([UNKNOWN, "Manoj", null])),
        (
            "/api/register-user",
            json!(["Manoj", "+15550001111", "token", null]),
        ),
    ];
    let list =
        |(path, list): (_, serde_json::Value)| Case::json(path, list.to_string(), INVALID_BODY);
    check(&running, lists.map(list)).await;
}

#[tokio::test]
async fn a_field_that_is_missing_or_of_another_type_is_told() {
    let running = Running::start().await;
    let whole = [
        (
            "/start-call",
            json!({"to": "+15550001111"}),
            vec!["from", "callId"],
        ),
        ("/hangup", json!({"callId": UNKNOWN}), vec![]),
        (
            "/connect-call",
            json!({"callId": UNKNOWN, "userId": "Manoj"}),
            vec!["deviceId"],
        ),
        (
            "/api/register-user",
            json!({"userId": "Manoj", "phoneNumber": "+15550001111", "fcmToken": "t"}),
            vec!["platform"],
        ),
    ];
    for (path, good, optional) in whole {
        let needed: Vec<&str> = good
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        let mut bodies = Vec::new();
        for &field in &needed {
            let mut without = good.clone();
            without.as_object_mut().expect("an object").remove(field);
            bodies.push(without);
            bodies.push(with(&good, field, json!(null)));
        }
        for &field in needed.iter().chain(&optional) {
            for wrong in [
                json!(5),
                json!(true),
                json!([]),
                json!(["x"]),
                json!({"x": "y"}),
            ] {
                bodies.push(with(&good, field, wrong));
            }
        }
        check(
            &running,
            bodies
                .iter()
                .map(|body| Case::json(path, body.to_string(), INVALID_BODY)),
        )
        .await;
        let twice = format!("{{\"{0}\":\"a\",\"{0}\":\"b\"}}", needed[0]);
        check(&running, [Case::json(path, twice, INVALID_BODY)]).await;
    }
}

fn with(good: &serde_json::Value, field: &str, value: serde_json::Value) -> serde_json::Value {
    let mut changed = good.clone();
    changed[field] = value;
    changed
}

#[tokio::test]
async fn a_value_that_cannot_be_used_is_told() {
    let running = Running::start().await;
    let mut cases = Vec::new();
    let long = "9".repeat(10_000);
    let bad_numbers = [
        "",
        " ",
        "+",
        "abc",
        "+1",
        "5550001111",
        "0015550001111",
        "+1555000111a",
        "+1555000111१",
        "+15550001111;ext=5",
        "+15550001111\u{0}",
        "client:Manoj",
        &long,
    ];
    for number in bad_numbers {
        let invalid = (400, "invalid_number");
        let dial = |body: serde_json::Value| Case::json("/start-call", body.to_string(), invalid);
        cases.push(dial(json!({"to": number})));
        cases.push(dial(json!({"to": "+15550001111", "from": number})));
        let user = json!({"userId": "Manoj", "phoneNumber": number, "fcmToken": "t"});
        cases.push(Case::json("/api/register-user", user.to_string(), invalid));
    }
    let bad_ids = [
        "",
        "7",
        "018c1f6e-7c3a-7000-8000",
        "../../etc/passwd",
        &long,
    ];
    for id in bad_ids {
        let dial = json!({"to": "+15550001111", "callId": id});
        cases.push(Case::json(
            "/start-call",
            dial.to_string(),
            (400, "invalid_call_id"),
        ));
    }
    for id in bad_ids.iter().chain(&[UNKNOWN]) {
        cases.push(Case::json(
            "/hangup",
            json!({"callId": id}).to_string(),
            UNKNOWN_CALL,
        ));
        let answer = json!({"callId": id, "userId": "Manoj"});
        cases.push(Case::json(
            "/connect-call",
            answer.to_string(),
            UNKNOWN_CALL,
        ));
    }
    for user in ["", "a\nb", "\u{0}", &"u".repeat(129), &"ü".repeat(65)] {
        let invalid = (400, "invalid_user_id");
        let answer = json!({"callId": UNKNOWN, "userId": user});
        cases.push(Case::json("/connect-call", answer.to_string(), invalid));
        let user = json!({"userId": user, "phoneNumber": "+15550001111", "fcmToken": "t"});
        cases.push(Case::json("/api/register-user", user.to_string(), invalid));
    }
    for device in ["", &"d".repeat(129)] {
        let answer = json!({"callId": UNKNOWN, "userId": "Manoj", "deviceId": device});
        cases.push(Case::json(
            "/connect-call",
            answer.to_string(),
            (400, "invalid_device_id"),
        ));
    }
    for token in ["", "a b", "tökén", "a\nb", &"t".repeat(4097)] {
        let user = json!({"userId": "Manoj", "phoneNumber": "+15550001111", "fcmToken": token});
        cases.push(Case::json(
            "/api/register-user",
            user.to_string(),
            (400, "invalid_push_token"),
        ));
    }
    let user = json!({"userId": "Manoj", "phoneNumber": "+15550001111", "fcmToken": "t", "platform": "fax"});
    cases.push(Case::json(
        "/api/register-user",
        user.to_string(),
        (400, "invalid_platform"),
    ));
    let dial = json!({"to": "+15550001111"}).to_string();
    let keys: [&[u8]; 5] = [b"", b"\"\"", b"a b", b"k\xff", &b"k".repeat(256)];
    for key in keys {
        let case = Case::json("/start-call", &dial, (400, "invalid_idempotency_key"));
        cases.push(case.header("idempotency-key", key));
    }
    check(&running, cases).await;
}

#[tokio::test]
async fn without_a_number_to_call_from_one_must_be_named() {
    let real = [
        ("TWILIO_ACCOUNT_SID", "AC000000000000000000000000000000a1"),
        ("TWILIO_AUTH_TOKEN", "token"),
        ("TWILIO_API_BASE_URL", "http://127.0.0.1:9"),
        ("PUBLIC_URL", "https://voip.example.com"),
        ("JWT_SECRET", SECRET),
        ("AUTH_MODE", "open"),
    ];
    let running = Running::with(real).await;
    let dial = json!({"to": "+15550001111"}).to_string();
    check(
        &running,
        [Case::json("/start-call", dial, (400, "missing_from"))],
    )
    .await;
}

#[tokio::test]
async fn a_log_that_cannot_be_listed_is_told_why() {
    let running = Running::start().await;
    let get = |path: &str, code| Case::new(Method::GET, path, (400, code));
    let mut cases = Vec::new();
    for limit in [
        "",
        "0",
        "-1",
        "10001",
        "1e3",
        "ten",
        "18446744073709551616",
        "%31%30%30%30%31",
    ] {
        cases.push(get(
            &format!("/api/call-logs/Manoj?limit={limit}"),
            "invalid_limit",
        ));
    }
    for cursor in [
        "",
        "x",
        "1.2",
        "1.",
        ".018c1f6e7c3a70008000000000000001",
        "%00",
        "9e9.x",
    ] {
        cases.push(get(
            &format!("/api/call-logs/Manoj?cursor={cursor}"),
            "invalid_cursor",
        ));
    }
    cases.push(get("/api/call-logs/%ff%fe", "invalid_user_id"));
    check(&running, cases).await;
    // Nobody of that name, however odd, simply has no calls.
    for name in ["nobody", "%00", "a%2Fb", "%F0%9F%93%9E", &"n".repeat(5_000)] {
        let answer = running.get(&format!("/api/call-logs/{name}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "[]"), "{name}");
    }
}

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
    for path in ["/api/call-logs/Manoj", "/healthz", "/readyz", "/ws"] {
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            check(&running, [Case::new(method, path, WRONG_METHOD)]).await;
        }
    }
    let long = format!("/{}", "x".repeat(8_000));
    let paths = [
        "/",
        "/nothing",
        "/api",
        "/twilio",
        "/start-call/",
        "//start-call",
        "/START-CALL",
        "/api/call-logs",
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
