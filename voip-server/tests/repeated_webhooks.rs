//! What the provider says again, late or out of order changes nothing.

mod surface;

use serde_json::{Value, json};
use surface::{
    Answer, Running,
    leg::{ALICE, CALLER, INBOUND, SID, progress},
};

#[tokio::test]
async fn an_inbound_call_that_is_announced_again_is_the_same_call() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut device = running.device("alice").await;
    let announce = || async {
        let answer = running
            .send(running.webhook("/twilio-inbound", &INBOUND))
            .await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("text/xml; charset=utf-8"))
        );
    };
    tokio::join!(announce(), announce(), announce(), announce(), announce());
    announce().await;
    let ringing = device.next().await;
    assert_eq!(ringing["type"], "incoming_call", "{ringing}");
    assert_eq!(
        (&ringing["from"], &ringing["to"]),
        (&json!(CALLER), &json!(ALICE))
    );
    assert!(device.flush().await.is_empty(), "it rings once");
    let log = running.log("alice").await;
    assert_eq!(log.len(), 1, "{log:?}");
    assert_eq!(log[0]["call_id"], ringing["callId"]);
    assert_eq!(log[0]["twilio_sid"], SID);
}

#[tokio::test]
async fn what_is_told_of_an_unknown_leg_counts_once_the_leg_is_known() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    for _ in 0..2 {
        let answer = running
            .send(running.webhook("/twilio-status", &progress(SID, "completed")))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    assert!(running.log("alice").await.is_empty());
    let mut device = running.device("alice").await;
    let answer = running
        .send(running.webhook("/twilio-inbound", &INBOUND))
        .await;
    assert_eq!(answer.status, 200);
    let log = running.log("alice").await;
    assert_eq!(
        (log.len(), &log[0]["status"]),
        (1, &json!("canceled")),
        "the caller was gone: {log:?}"
    );
    let heard = device.flush().await;
    assert_eq!(
        heard.last().expect("news")["status"],
        "canceled",
        "{heard:?}"
    );
}

#[tokio::test]
async fn a_status_told_five_times_or_late_is_told_once() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let mut device = running.device("alice").await;
    let started = running
        .post("/start-call", json!({"to": "+15005550101", "from": ALICE}))
        .await;
    let (id, sid) = (started.text("callId"), started.text("sid"));
    device.until_status("ringing").await;
    let target = format!("/twilio-status?callId={id}");
    let mut told = Vec::new();
    for status in [
        "in-progress",
        "completed",
        "ringing",
        "busy",
        "initiated",
        "no-answer",
    ] {
        for _ in 0..5 {
            let answer = running
                .send(running.webhook(&target, &progress(&sid, status)))
                .await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                (200, ""),
                "{answer:?}"
            );
        }
        told.extend(device.flush().await);
    }
    let statuses: Vec<&Value> = told.iter().map(|frame| &frame["status"]).collect();
    assert_eq!(statuses, ["in-progress", "completed"], "{told:?}");
    let log = running.log(ALICE).await;
    assert_eq!((log.len(), &log[0]["status"]), (1, &json!("completed")));
    running.server.app().calls.settled().await;
    let before = running.database().dump();
    for status in ["completed", "failed", "ringing"] {
        running
            .send(running.webhook(&target, &progress(&sid, status)))
            .await;
    }
    assert_eq!(running.database().dump(), before);
}

#[tokio::test]
async fn another_leg_or_a_leg_that_ours_dialled_says_nothing_of_the_call() {
    let running = Running::start().await;
    running.register("alice", ALICE).await;
    let id = running.announced().await;
    let target = format!("/twilio-status?callId={id}");
    let child = [
        progress("CA00000000000000000000000000000002", "completed"),
        vec![("ParentCallSid", SID)],
    ]
    .concat();
    let stranger = progress("CA00000000000000000000000000000003", "failed");
    for fields in [child, stranger] {
        let answer = running.send(running.webhook(&target, &fields)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(running.log("alice").await[0]["status"], "ringing");
    }
}

fn connects_alice(answer: &Answer) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("text/xml; charset=utf-8"))
    );
    assert!(
        answer.body.contains("<Dial") && answer.body.contains("alice"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn a_call_is_connected_by_form_or_json() {
    for way in ["form", "json"] {
        let running = Running::start().await;
        running.register("alice", ALICE).await;
        let mut device = running.device("alice").await;
        let simulator = running.server.simulator().expect("a simulator");
        simulator.place_call(CALLER, ALICE).await.expect("a call");
        let id = device.until("incoming_call").await["callId"]
            .as_str()
            .expect("an id")
            .to_owned();
        let fields = [("callId", id.as_str()), ("userId", "alice")];
        let url = running.url("/connect-call");
        let answer = match way {
            "form" => running.send(running.http.post(url).form(&fields)).await,
            _ => {
                running
                    .post("/connect-call", json!({"callId": id, "userId": "alice"}))
                    .await
            }
        };
        connects_alice(&answer);
        device.until_status("in-progress").await;
        // Somebody else is too late.
        let late = running
            .post("/connect-call", json!({"callId": id, "userId": "alice"}))
            .await;
        assert_eq!(
            late.error(),
            (409, "answered_elsewhere".to_owned()),
            "{way}"
        );
    }
}
