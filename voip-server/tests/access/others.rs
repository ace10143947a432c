//! What belongs to another.

use serde_json::{Value, json};

use crate::surface::{Running, UNKNOWN};
use crate::{ALICE, BOB, RINGS, as_user, house};

#[tokio::test]
async fn users_see_their_own_calls_only() {
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    running.register("bob", BOB).await;
    let start = |body: Value| running.http.post(running.url("/start-call")).json(&body);
    // Bob calls alice's number and shows it too: both make her a party by number.
    for body in [json!({"to": ALICE}), json!({"to": RINGS, "from": ALICE})] {
        let answer = as_user(&running, "bob", start(body)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let own = as_user(&running, "alice", start(json!({"to": BOB})))
        .await
        .text("callId");
    let log = |name: &'static str, whose: &str| {
        let path = format!("/api/call-logs/{}", whose.replace('+', "%2B"));
        as_user(&running, name, running.http.get(running.url(&path)))
    };
    let alices = log("alice", "alice").await.json();
    let ids: Vec<&Value> = alices
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| &entry["call_id"])
        .collect();
    assert_eq!(ids, [&json!(own)]);
    assert_eq!(
        log("bob", "bob")
            .await
            .json()
            .as_array()
            .expect("a list")
            .len(),
        2
    );
    // A number is a way to other people's calls, even one's own.
    for number in [ALICE, BOB, RINGS] {
        assert_eq!(
            log("alice", number).await.error(),
            (403, "forbidden".to_owned())
        );
    }
    let all = running.log(&ALICE.replace('+', "%2B")).await;
    assert_eq!(
        all.len(),
        2,
        "a service sees what a number took part in: {all:?}"
    );
}

#[tokio::test]
async fn the_same_key_of_two_users_is_two_requests() {
    let running = Running::guarded().await;
    let mut calls = Vec::new();
    for name in ["alice", "bob", "alice"] {
        let request = running
            .http
            .post(running.url("/start-call"))
            .json(&json!({"to": RINGS}));
        let answer = as_user(&running, name, request.header("idempotency-key", "1")).await;
        calls.push(answer.text("callId"));
    }
    assert_eq!(calls[0], calls[2]);
    assert_ne!(calls[0], calls[1]);
}

#[tokio::test]
async fn where_tokens_are_needed_nobody_ends_the_call_of_another() {
    let (running, mut device, id) = house().await;
    let mut bob = running.connect().await;
    let token = running.user_token("bob");
    bob.say(json!({"type": "register", "userId": "bob", "token": token}))
        .await;
    assert_eq!(bob.next().await["type"], "register_success");
    bob.say(json!({"type": "hangup", "callId": id})).await;
    assert_eq!(bob.error().await, "unknown_call");
    assert!(
        device
            .flush()
            .await
            .iter()
            .all(|frame| frame["type"] != "call_status")
    );
}

#[tokio::test]
async fn however_a_call_stands_a_stranger_who_answers_it_learns_nothing() {
    let (running, mut device, id) = house().await;
    let answer = async |name: &str, id: &str| {
        let body = json!({"callId": id, "userId": name});
        let request = running.http.post(running.url("/connect-call")).json(&body);
        as_user(&running, name, request).await.error()
    };
    let nothing = (404, "unknown_call".to_owned());
    assert_eq!(answer("bob", &id).await, nothing, "it rings");
    device
        .say(json!({"type": "answer_call", "callId": id, "userId": "alice"}))
        .await;
    device.until_status("in-progress").await;
    assert_eq!(answer("bob", &id).await, nothing, "it was answered");
    let too_late = (409, "answered_elsewhere".to_owned());
    assert_eq!(answer("alice", &id).await, too_late);
    device.say(json!({"type": "hangup", "callId": id})).await;
    device.until_status("completed").await;
    assert_eq!(answer("bob", &id).await, nothing, "it is over");
    assert_eq!(answer("alice", &id).await, (410, "call_over".to_owned()));

    let body = json!({"to": RINGS, "callId": UNKNOWN});
    let request = running.http.post(running.url("/start-call")).json(&body);
    assert_eq!(as_user(&running, "alice", request).await.status, 200);
    assert_eq!(answer("bob", UNKNOWN).await, nothing, "alice calls");
    let outbound = (409, "not_incoming".to_owned());
    assert_eq!(answer("alice", UNKNOWN).await, outbound);
}
