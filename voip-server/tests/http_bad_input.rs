//! Whatever is sent to an endpoint: a clear error, nothing written, and the
//! server lives on.

mod surface;

use reqwest::Method;
use serde_json::json;
use surface::{Case, JSON_PATHS, Running, SECRET, UNKNOWN, check};

const INVALID_JSON: (u16, &str) = (400, "invalid_json");
const INVALID_BODY: (u16, &str) = (400, "invalid_body");
const UNKNOWN_CALL: (u16, &str) = (404, "unknown_call");

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
        (
            "/api/signup",
            json!({"email": "ann@example.com", "password": "kettle at 4 o'clock"}),
            vec!["name"],
        ),
        (
            "/api/login",
            json!({"email": "ann@example.com", "password": "kettle at 4 o'clock"}),
            vec![],
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
    for path in ["/docs/%ff", "/dialer/x/%ff"] {
        cases.push(Case::new(Method::GET, path, (404, "not_found")));
    }
    check(&running, cases).await;
    // Nobody of that name, however odd, simply has no calls.
    for name in ["nobody", "%00", "a%2Fb", "%F0%9F%93%9E", &"n".repeat(5_000)] {
        let answer = running.get(&format!("/api/call-logs/{name}")).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "[]"), "{name}");
    }
}
