//! What goes over the wire, word for word. A difference is a difference for
//! every client.

mod surface;

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde_json::json;
use surface::{Answer, Client, Running, SECRET, redact::Redactor};
use tower::ServiceExt;
use voip_sim::{
    faults::{RestFault, RestTarget},
    phone::PhoneScript,
};

const ALICE: &str = "+15550001111";
const BOB: &str = "+15550002222";
const CALLER: &str = "+15550009999";
const SID: &str = "CA00000000000000000000000000000001";
const UNKNOWN: &str = "018c1f6e-7c3a-7000-8000-0000000000ff";

const BUSY: &str = "+15005550100";
const RINGS: &str = "+15005550101";
const ANSWERS: &str = "+15005550104";

/// Headers that say something to a client.
const TELLING: [&str; 5] = [
    "content-type",
    "allow",
    "link",
    "retry-after",
    "www-authenticate",
];

/// The page of a snapshot: what was asked and what was answered.
#[derive(Default)]
struct Page {
    text: String,
    redactor: Redactor,
}

impl Page {
    fn answer(&mut self, asked: &str, answer: &Answer) {
        let mut lines = format!("## {asked}\n{}\n", answer.status);
        for name in TELLING {
            if let Some(value) = answer.header(name) {
                lines += &format!("{name}: {value}\n");
            }
        }
        lines += &format!("{}\n\n", answer.body);
        self.text += &self.redactor.text(&lines);
    }

    async fn ask(&mut self, running: &Running, asked: &str, request: RequestBuilder) -> Answer {
        let answer = running.send(request).await;
        self.answer(asked, &answer);
        answer
    }

    async fn post(&mut self, running: &Running, path: &str, body: serde_json::Value) -> Answer {
        let asked = self.redactor.text(&format!("POST {path} {body}"));
        self.ask(
            running,
            &asked,
            running.http.post(running.url(path)).json(&body),
        )
        .await
    }

    async fn get(&mut self, running: &Running, path: &str) -> Answer {
        let asked = self.redactor.text(&format!("GET {path}"));
        self.ask(running, &asked, running.http.get(running.url(path)))
            .await
    }
}

/// A call that rings alice.
async fn ring(running: &Running, device: &mut Client) -> String {
    let simulator = running.server.simulator().expect("a simulator");
    simulator.place_call(CALLER, ALICE).await.expect("a call");
    device.until("incoming_call").await["callId"]
        .as_str()
        .expect("an id")
        .to_owned()
}

#[tokio::test]
async fn answers_of_success() {
    let running = Running::start().await;
    let mut page = Page::default();
    page.redactor.name(running.url(""), "‹server›");
    let alice = json!({"userId": "alice", "phoneNumber": ALICE, "fcmToken": "token"});
    page.get(&running, "/healthz").await;
    page.get(&running, "/readyz").await;
    page.get(&running, "/api/call-logs/alice").await;
    page.post(&running, "/api/register-user", alice.clone())
        .await;
    page.post(&running, "/api/register-user", alice).await;
    let mut device = running.device("alice").await;
    let started = page
        .post(&running, "/start-call", json!({"to": BUSY, "from": ALICE}))
        .await;
    device.until_status("busy").await;
    let named = json!({"to": RINGS, "from": ALICE, "callId": UNKNOWN});
    page.post(&running, "/start-call", named.clone()).await;
    device.until_status("ringing").await;
    page.post(&running, "/start-call", named).await;
    page.post(&running, "/hangup", json!({"callId": UNKNOWN}))
        .await;
    page.post(&running, "/hangup", json!({"callId": UNKNOWN}))
        .await;
    let inbound = ring(&running, &mut device).await;
    page.post(
        &running,
        "/connect-call",
        json!({"callId": inbound, "userId": "alice"}),
    )
    .await;
    let mut first = page.get(&running, "/api/call-logs/alice?limit=2").await;
    let next = first.header("link").expect("there is more");
    let cursor = next
        .split_once("cursor=")
        .and_then(|(_, rest)| rest.split_once('>'));
    let cursor = cursor.expect("a cursor").0.to_owned();
    page.text = page.text.replace(&cursor, "‹cursor›");
    page.redactor.name(cursor.clone(), "‹cursor›");
    page.get(
        &running,
        &format!("/api/call-logs/alice?limit=2&cursor={cursor}"),
    )
    .await;
    first = running.get("/api/call-logs/alice?limit=3").await;
    assert_eq!(first.header("link"), None, "nothing follows the last page");
    assert_eq!(first.json()[2]["call_id"], started.json()["callId"]);
    insta::assert_snapshot!(page.text);
}

#[tokio::test]
async fn answers_to_bad_requests() {
    let running = Running::with([("MAX_BODY_BYTES", "1000")]).await;
    let mut page = Page::default();
    let json = |body: &str| {
        let request = running
            .http
            .post(running.url("/start-call"))
            .body(body.to_owned());
        request.header("content-type", "application/json")
    };
    page.ask(&running, "no JSON", json("{")).await;
    page.ask(&running, "no UTF-8", json("").body(vec![0xff]))
        .await;
    page.ask(&running, "no object", json("[\"+15550001111\",null,null]"))
        .await;
    page.ask(&running, "a missing field", json("{}")).await;
    page.ask(&running, "another type", json("{\"to\":5}")).await;
    page.ask(&running, "a body over the limit", json(&" ".repeat(1_001)))
        .await;
    let text = running.http.post(running.url("/start-call")).body("{}");
    page.ask(
        &running,
        "another content type",
        text.header("content-type", "text/plain"),
    )
    .await;
    let connect = running.http.post(running.url("/connect-call"));
    page.ask(
        &running,
        "a form without its fields",
        connect.form(&[("userId", "alice")]),
    )
    .await;
    let connect = running.http.post(running.url("/connect-call")).body("x");
    page.ask(&running, "neither form nor JSON", connect).await;
    for body in [
        json!({"to": "5551234"}),
        json!({"to": ALICE, "from": "nobody"}),
        json!({"to": ALICE, "callId": "1"}),
    ] {
        page.post(&running, "/start-call", body).await;
    }
    let key = json("{\"to\":\"+15550001111\"}").header("idempotency-key", "two words");
    page.ask(&running, "a key that is none", key).await;
    let user = |id: &str, number: &str, token: &str| json!({"userId": id, "phoneNumber": number, "fcmToken": token});
    page.post(&running, "/api/register-user", user("", ALICE, "token"))
        .await;
    page.post(&running, "/api/register-user", user("alice", "1", "token"))
        .await;
    page.post(&running, "/api/register-user", user("alice", ALICE, ""))
        .await;
    let mut fax = user("alice", ALICE, "token");
    fax["platform"] = json!("fax");
    page.post(&running, "/api/register-user", fax).await;
    let device = json!({"callId": UNKNOWN, "userId": "alice", "deviceId": ""});
    page.post(&running, "/connect-call", device).await;
    page.get(&running, "/api/call-logs/alice?limit=0").await;
    page.get(&running, "/api/call-logs/alice?cursor=x").await;
    page.get(&running, "/api/call-logs/%ff").await;
    page.get(&running, "/nothing").await;
    page.get(&running, "/start-call").await;
    page.get(&running, "/ws").await;
    insta::assert_snapshot!(page.text);
}

#[tokio::test]
async fn answers_about_calls_that_cannot_be() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut page = Page::default();
    let taken = json!({"userId": "bob", "phoneNumber": ALICE, "fcmToken": "token"});
    page.post(&running, "/api/register-user", taken).await;
    page.post(&running, "/hangup", json!({"callId": UNKNOWN}))
        .await;
    page.post(
        &running,
        "/connect-call",
        json!({"callId": UNKNOWN, "userId": "alice"}),
    )
    .await;
    page.post(
        &running,
        "/start-call",
        json!({"to": RINGS, "callId": UNKNOWN}),
    )
    .await;
    page.post(
        &running,
        "/start-call",
        json!({"to": BUSY, "callId": UNKNOWN}),
    )
    .await;
    page.post(
        &running,
        "/connect-call",
        json!({"callId": UNKNOWN, "userId": "alice"}),
    )
    .await;
    let mut device = running.device("alice").await;
    let id = ring(&running, &mut device).await;
    device
        .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
        .await;
    device.until_status("in-progress").await;
    page.post(
        &running,
        "/connect-call",
        json!({"callId": id, "userId": "alice"}),
    )
    .await;
    running.post("/hangup", json!({"callId": id})).await;
    page.post(
        &running,
        "/connect-call",
        json!({"callId": id, "userId": "alice"}),
    )
    .await;
    for refused in ["+15005550002", "+15005550003", "+15005550004"] {
        page.post(&running, "/start-call", json!({"to": refused}))
            .await;
    }
    page.post(
        &running,
        "/start-call",
        json!({"to": RINGS, "from": "+15005550001"}),
    )
    .await;
    let simulator = running.server.simulator().expect("a simulator");
    simulator.fail_next_rest(RestTarget::Any, RestFault::TooManyRequests, 20);
    page.post(&running, "/start-call", json!({"to": RINGS}))
        .await;
    insta::assert_snapshot!(page.text);
}

#[tokio::test]
async fn answers_about_access() {
    let running = Running::with([
        ("AUTH_MODE", "required"),
        ("JWT_SECRET", SECRET),
        ("REQUEST_TIMEOUT_SECONDS", "1"),
    ])
    .await;
    let mut page = Page::default();
    page.get(&running, "/api/call-logs/alice").await;
    let log = running.http.get(running.url("/api/call-logs/alice"));
    page.ask(
        &running,
        "somebody else's log",
        log.bearer_auth(running.user_token("bob")),
    )
    .await;
    let simulator = running.server.simulator().expect("a simulator");
    let late = RestFault::AnswerLate(Duration::from_secs(2));
    simulator.fail_next_rest(RestTarget::Creates, late, 1);
    let slow = running
        .http
        .post(running.url("/start-call"))
        .json(&json!({"to": RINGS}));
    page.ask(
        &running,
        "a slow provider",
        slow.bearer_auth(running.user_token("bob")),
    )
    .await;
    let unsigned = running.http.post(running.url("/twilio-status"));
    page.ask(
        &running,
        "an unsigned webhook",
        unsigned.form(&[("CallSid", SID)]),
    )
    .await;
    let garbage = running
        .http
        .post(running.url("/twilio-status"))
        .form(&[("CallSid", SID)]);
    let garbage = garbage.header("x-twilio-signature", "garbage");
    page.ask(&running, "a signature that is none", garbage)
        .await;
    let other = running.webhook_with("another token", "/twilio-status", &[("CallSid", SID)]);
    page.ask(&running, "another key's webhook", other).await;
    page.ask(
        &running,
        "a webhook without a status",
        running.webhook("/twilio-status", &[("CallSid", SID)]),
    )
    .await;
    let status = [
        ("CallSid", SID),
        ("CallStatus", "completed"),
        ("CallbackSource", "call-progress-events"),
    ];
    page.ask(
        &running,
        "a status of an unknown leg",
        running.webhook("/twilio-status", &status),
    )
    .await;
    page.ask(
        &running,
        "a webhook out of place",
        running.webhook("/twilio-inbound", &status),
    )
    .await;
    let voice = [("CallSid", SID), ("CallStatus", "in-progress")];
    page.ask(
        &running,
        "an unknown call's document",
        running.webhook("/twilio/voice", &voice),
    )
    .await;
    insta::assert_snapshot!(page.text);
}

/// A leg's webhook to `path`, and the document it gets.
async fn document(
    page: &mut Page,
    running: &Running,
    what: &str,
    path: &str,
    more: &[(&str, &str)],
) {
    let leg = [
        ("CallSid", SID),
        ("CallStatus", "in-progress"),
        ("From", CALLER),
        ("To", ALICE),
    ];
    let request = running.webhook(path, &[&leg, more].concat());
    page.ask(running, what, request).await;
}

#[tokio::test]
async fn documents_for_the_provider() {
    let running = Running::with([("PUBLIC_URL", "https://voip.example.com")]).await;
    running.register("alice", ALICE).await;
    let mut page = Page::default();
    let inbound = [("Direction", "inbound")];
    let nobodys = [
        ("CallSid", SID),
        ("CallStatus", "ringing"),
        ("From", CALLER),
        ("To", BOB),
    ];
    page.ask(
        &running,
        "a number that is nobody's",
        running.webhook("/twilio-inbound", &nobodys),
    )
    .await;
    document(
        &mut page,
        &running,
        "alice is called",
        "/twilio-inbound",
        &inbound,
    )
    .await;
    let id = running.log("alice").await[0]["call_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let voice = format!("/twilio/voice?callId={id}");
    document(&mut page, &running, "it still rings", &voice, &inbound).await;
    page.post(&running, "/hangup", json!({"callId": id})).await;
    document(&mut page, &running, "she declined", &voice, &inbound).await;

    // The provider has never heard of the numbers it is made up of, so whatever
    // is asked of it about them comes to nothing.
    let dialled = running
        .post("/start-call", json!({"to": RINGS, "from": ALICE}))
        .await
        .text("callId");
    let voice = format!("/twilio/voice?callId={dialled}");
    document(&mut page, &running, "alice calls", &voice, &[]).await;
    let ended = format!("/twilio/bridge-ended?callId={dialled}");
    let outcome = |status| [("DialCallStatus", status), ("DialCallSid", "CA2")];
    document(
        &mut page,
        &running,
        "alice does not pick up",
        &ended,
        &outcome("no-answer"),
    )
    .await;
    document(
        &mut page,
        &running,
        "alice has hung up",
        &ended,
        &outcome("completed"),
    )
    .await;
    let nobody = running
        .post("/start-call", json!({"to": RINGS}))
        .await
        .text("callId");
    let voice = format!("/twilio/voice?callId={nobody}");
    document(&mut page, &running, "a program calls", &voice, &[]).await;
    running.post("/hangup", json!({"callId": nobody})).await;
    document(&mut page, &running, "a program has given up", &voice, &[]).await;
    insta::assert_snapshot!(page.text);
}

#[tokio::test]
async fn documents_of_an_answered_call() {
    let running = Running::start().await;
    running.register("al & \"ice\"", ALICE).await;
    let mut device = running.device("al & \"ice\"").await;
    let id = ring(&running, &mut device).await;
    let mut page = Page::default();
    page.redactor.name(running.url(""), "‹server›");
    let answer = json!({"callId": id, "userId": "al & \"ice\"", "deviceId": "phone"});
    page.post(&running, "/connect-call", answer.clone()).await;
    page.post(&running, "/connect-call", answer).await;
    let ended = format!("/twilio/bridge-ended?callId={id}");
    let outcome = [("DialCallStatus", "no-answer"), ("DialCallSid", "CA2")];
    document(
        &mut page,
        &running,
        "her voice client does not answer",
        &ended,
        &outcome,
    )
    .await;
    insta::assert_snapshot!(page.text);
}

/// Every frame of a conversation, line by line.
fn frames(redactor: &mut Redactor, who: &str, heard: &[serde_json::Value]) -> String {
    heard
        .iter()
        .map(|frame| format!("{who} ← {}\n", redactor.json(frame)))
        .collect()
}

#[tokio::test]
async fn frames_of_outbound_conversations() {
    let running = Running::start().await;
    let (mut text, mut redactor) = (String::new(), Redactor::default());
    let simulator = running.server.simulator().expect("a simulator");
    let brief = Duration::from_millis(200);
    simulator.set_phone(
        ANSWERS,
        PhoneScript::answers_after(Duration::ZERO).hanging_up_after(brief),
    );
    simulator.set_client("alice", PhoneScript::answers_after(Duration::ZERO));
    let mut alice = running.connect().await;
    alice
        .say(json!({"type": "register", "userId": "alice"}))
        .await;
    let registered = alice.next().await;
    text += &frames(&mut redactor, "alice", &[registered]);
    for (to, last) in [
        (ANSWERS, "completed"),
        (BUSY, "busy"),
        ("+15005550102", "failed"),
    ] {
        text += &format!("alice → initiate_call {to}\n");
        alice.say(json!({"type": "initiate_call", "to": to})).await;
        text += &frames(&mut redactor, "alice", &alice.until_status(last).await);
    }
    text += "alice → initiate_call +15005550003, which the provider refuses\n";
    alice
        .say(json!({"type": "initiate_call", "to": "+15005550003"}))
        .await;
    text += &frames(&mut redactor, "alice", &alice.until_status("failed").await);
    text += "alice → initiate_call nonsense\n";
    alice
        .say(json!({"type": "initiate_call", "to": "nonsense"}))
        .await;
    let refused = alice.next().await;
    text += &frames(&mut redactor, "alice", &[refused]);
    text += "alice → initiate_call +15005550101, then hangup\n";
    alice
        .say(json!({"type": "initiate_call", "to": RINGS}))
        .await;
    let heard = alice.until_status("ringing").await;
    text += &frames(&mut redactor, "alice", &heard);
    alice
        .say(json!({"type": "hangup", "callId": heard[0]["callId"]}))
        .await;
    text += &frames(
        &mut redactor,
        "alice",
        &alice.until_status("canceled").await,
    );
    assert!(alice.flush().await.is_empty());
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn frames_of_inbound_conversations() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let (mut text, mut redactor) = (String::new(), Redactor::default());
    let simulator = running.server.simulator().expect("a simulator");
    let (mut phone, mut tablet) = (running.device("alice").await, running.device("alice").await);
    for ends_by in ["answer_call", "hangup", "the caller"] {
        text += &format!("somebody calls; {ends_by}\n");
        let leg = simulator.place_call(CALLER, ALICE).await.expect("a call");
        let ringing = phone.next().await;
        text += &frames(
            &mut redactor,
            "phone",
            &[ringing.clone(), ringing.clone()][..1],
        );
        let id = ringing["callId"].clone();
        match ends_by {
            "answer_call" => {
                phone
                    .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
                    .await;
                text += &frames(
                    &mut redactor,
                    "phone",
                    &phone.until_status("in-progress").await,
                );
                tablet
                    .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
                    .await;
                let mut heard = tablet.until_status("in-progress").await;
                heard.push(tablet.next().await);
                text += &frames(&mut redactor, "tablet", &heard);
                // Who comes late is told how things stand.
                let mut late = running.device("alice").await;
                text += &frames(&mut redactor, "late", &[late.next().await]);
                phone.say(json!({"type": "hangup", "callId": id})).await;
                text += &frames(
                    &mut redactor,
                    "phone",
                    &phone.until_status("completed").await,
                );
                text += &frames(&mut redactor, "late", &late.until_status("completed").await);
            }
            "hangup" => {
                let mut late = running.device("alice").await;
                text += &frames(&mut redactor, "late", &[late.next().await]);
                late.say(json!({"type": "hangup", "callId": id})).await;
                text += &frames(&mut redactor, "phone", &phone.until_status("busy").await);
            }
            _ => {
                simulator.hang_up(&leg).await.expect("it rings");
                text += &frames(
                    &mut redactor,
                    "phone",
                    &phone.until_status("canceled").await,
                );
            }
        }
        let rest = tablet.flush().await;
        text += &frames(&mut redactor, "tablet", &rest);
    }
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn frames_of_complaints() {
    let running = Running::with([("JWT_SECRET", SECRET), ("AUTH_MODE", "required")]).await;
    let (mut text, mut redactor) = (String::new(), Redactor::default());
    let mut client = running.connect().await;
    let token = running.user_token("alice");
    redactor.name(token.clone(), "‹alice's token›");
    let says = |frame: serde_json::Value| frame.to_string();
    for message in [
        "{".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        says(json!({"type": "dance"})),
        says(json!({"type": "register"})),
        says(json!({"type": "register", "userId": 5})),
        says(json!({"type": "register", "userId": "alice"})),
        says(json!({"type": "register", "userId": "bob", "token": token})),
        says(json!({"type": "initiate_call", "to": RINGS})),
        says(json!({"type": "register", "userId": "alice", "token": token})),
        says(json!({"type": "hangup", "callId": UNKNOWN})),
        says(json!({"type": "answer_call", "callId": "1"})),
        says(json!({"type": "answer_call", "callId": UNKNOWN, "userId": "bob"})),
    ] {
        text += &format!("→ {}\n", redactor.text(&message));
        client
            .send(tokio_tungstenite::tungstenite::Message::text(message))
            .await;
        let heard = client.next().await;
        text += &format!("← {}\n", redactor.json(&heard));
    }
    client
        .send(tokio_tungstenite::tungstenite::Message::binary(vec![
            1, 2, 3,
        ]))
        .await;
    text += &format!("→ three bytes\n← {}\n", redactor.json(&client.next().await));
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn a_server_that_stops_is_not_ready_and_says_so() {
    let running = Running::start().await;
    let app = running.server.app().clone();
    app.stopping.cancel();
    let request = http::Request::get("/readyz")
        .body(axum::body::Body::empty())
        .expect("a request");
    let response = voip_server::router(app)
        .oneshot(request)
        .await
        .expect("an answer");
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 1_000)
        .await
        .expect("a short answer");
    let whole = http::Response::from_parts(parts, body);
    let mut page = Page::default();
    page.answer("GET /readyz", &Answer::of(whole.into()).await);
    insta::assert_snapshot!(page.text);
}

#[tokio::test]
async fn methods_that_are_allowed_are_named() {
    let running = Running::start().await;
    for (path, allowed) in [
        ("/start-call", "POST"),
        ("/healthz", "GET,HEAD"),
        ("/ws", "GET,HEAD"),
    ] {
        let answer = running
            .send(running.http.request(Method::DELETE, running.url(path)))
            .await;
        assert_eq!(
            (answer.status, answer.header("allow")),
            (405, Some(allowed)),
            "{path}"
        );
    }
}
