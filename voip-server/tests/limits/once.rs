//! What is done only once, however often it is asked for.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::surface::{Answer, Running, eventually};
use crate::{ALICE, BUSY, RINGS};

async fn start(running: &Running, key: &str, body: &Value) -> Answer {
    let request = running
        .http
        .request(Method::POST, running.url("/start-call"));
    running
        .send(request.header("idempotency-key", key).json(body))
        .await
}

fn dialled(running: &Running) -> usize {
    running
        .server
        .simulator()
        .expect("a simulator")
        .calls()
        .len()
}

#[tokio::test]
async fn the_same_key_ten_times_at_once_places_one_call() {
    let running = Running::start().await;
    let body = json!({"to": RINGS});
    let answers = join_all((0..10).map(|_| start(&running, "key-1", &body))).await;
    for answer in &answers {
        assert_eq!(
            (answer.status, &answer.body),
            (200, &answers[0].body),
            "{answer:?}"
        );
    }
    assert_eq!(dialled(&running), 1);
    assert_eq!(running.log(RINGS).await.len(), 1);
    // Later, quoted as the draft standard has it, and written another way.
    assert_eq!(
        start(&running, "\"key-1\"", &json!({"to": "+1 (500) 555-0101"}))
            .await
            .body,
        answers[0].body
    );
    assert_eq!(dialled(&running), 1);
    let other = start(&running, "key-2", &body).await;
    assert_ne!(other.text("callId"), answers[0].text("callId"));
    assert_eq!(dialled(&running), 2);
}

#[tokio::test]
async fn the_same_call_id_ten_times_at_once_places_one_call() {
    let running = Running::start().await;
    let id = "018c1f6e-7c3a-7000-8000-0000000000aa";
    let body = json!({"to": RINGS, "callId": id});
    let answers = join_all((0..10).map(|_| running.post("/start-call", body.clone()))).await;
    for answer in &answers {
        assert_eq!(
            (answer.status, answer.text("callId")),
            (200, id.to_owned()),
            "{answer:?}"
        );
        assert_eq!(answer.body, answers[0].body);
    }
    let capitals = json!({"to": RINGS, "callId": id.to_uppercase()});
    assert_eq!(
        running.post("/start-call", capitals).await.body,
        answers[0].body
    );
    assert_eq!(dialled(&running), 1);
}

#[tokio::test]
async fn a_key_or_id_used_for_another_call_is_refused() {
    let running = Running::start().await;
    let id = "018c1f6e-7c3a-7000-8000-0000000000aa";
    let first = start(&running, "key", &json!({"to": RINGS, "callId": id})).await;
    assert_eq!(first.status, 200, "{first:?}");
    let reused = (422, "idempotency_key_reused".to_owned());
    let others = [
        json!({"to": BUSY}),
        json!({"to": RINGS, "from": ALICE}),
        json!({"to": BUSY, "callId": id}),
        json!({"to": BUSY, "callId": "018c1f6e-7c3a-7000-8000-0000000000ab"}),
    ];
    for body in others {
        assert_eq!(
            start(&running, "key", &body).await.error(),
            reused,
            "{body}"
        );
    }
    let by_id = running
        .post("/start-call", json!({"to": BUSY, "callId": id}))
        .await;
    assert_eq!(by_id.error(), reused);
    assert_eq!(dialled(&running), 1);
}

#[tokio::test]
async fn a_refusal_is_repeated_for_the_same_key_without_another_dial() {
    let running = Running::start().await;
    // The simulator refuses this number.
    let body = json!({"to": "+15005550003"});
    let first = start(&running, "key", &body).await;
    assert_eq!(first.error(), (502, "provider_refused".to_owned()));
    let again = start(&running, "key", &body).await;
    assert_eq!(again.error(), first.error());
    assert_eq!(again.text("callId"), first.text("callId"));
    let log = running.log("+15005550003").await;
    assert_eq!((log.len(), &log[0]["status"]), (1, &json!("failed")));
}

#[tokio::test]
async fn hanging_up_again_changes_nothing() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut device = running.device("alice").await;
    let started = running
        .post("/start-call", json!({"to": RINGS, "from": ALICE}))
        .await;
    let id = started.text("callId");
    device.until_status("ringing").await;
    let hang_up = || running.post("/hangup", json!({"callId": id}));
    let answers = join_all((0..5).map(|_| hang_up())).await;
    for answer in answers {
        assert_eq!(
            (answer.status, &answer.json()["success"]),
            (200, &json!(true))
        );
    }
    assert_eq!(device.until_status("canceled").await.len(), 1);
    eventually("the provider to have hung up", || async {
        let calls = running.server.simulator().expect("a simulator").calls();
        calls
            .iter()
            .all(|call| call.ended_at.is_some())
            .then_some(())
    })
    .await;
    running.server.app().calls.settled().await;
    let before = running.log(ALICE).await;
    assert_eq!(hang_up().await.status, 200);
    assert_eq!(running.log(ALICE).await, before);
    assert!(device.flush().await.is_empty());
}
