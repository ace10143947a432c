use reqwest::Method;
use serde_json::json;
use tower::ServiceExt;
use voip_sim::faults::{RestFault, RestTarget};

use super::{ALICE, BUSY, Page, RINGS, UNKNOWN, ring};
use crate::surface::{Answer, Running};

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
        json!({"to": RINGS, "from": ALICE, "callId": UNKNOWN}),
    )
    .await;
    page.post(
        &running,
        "/start-call",
        json!({"to": BUSY, "from": ALICE, "callId": UNKNOWN}),
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
