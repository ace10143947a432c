use std::time::Duration;

use serde_json::json;
use voip_sim::faults::{RestFault, RestTarget};

use super::{Page, RINGS, SID};
use crate::surface::{Running, SECRET};

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
