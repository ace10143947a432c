use std::time::Duration;

use serde_json::json;
use voip_sim::phone::PhoneScript;

use super::{ALICE, ANSWERS, BUSY, CALLER, RINGS, UNKNOWN};
use crate::surface::{Running, SECRET, redact::Redactor};

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
