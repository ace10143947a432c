use serde_json::json;

use super::{ALICE, BOB, CALLER, Page, RINGS, SID, ring};
use crate::surface::Running;

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
