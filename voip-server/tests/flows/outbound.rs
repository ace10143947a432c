//! Calls to the telephone network.

use std::time::Duration;

use serde_json::json;
use voip_sim::{inspect::Status, phone::PhoneScript};

use crate::house::{ANN, BOB, House, OURS, request};

#[tokio::test]
async fn a_call_is_placed_rings_is_answered_and_ends_under_one_name() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    device.say(&json!({"type": "initiate_call", "to": BOB}));
    house.world.pass(Duration::from_secs(10)).await;

    let heard = device.heard();
    assert_eq!(heard[0]["type"], "call_initiated");
    assert_eq!(heard[0]["to"], BOB);
    let id = heard[0]["callId"].clone();
    let statuses: Vec<_> = heard[1..]
        .iter()
        .map(|frame| frame["status"].clone())
        .collect();
    assert_eq!(statuses, ["initiated", "ringing", "in-progress"]);
    assert!(heard.iter().all(|frame| frame["callId"] == id), "{heard:?}");

    device.say(&json!({"type": "hangup", "callId": id}));
    house.world.pass(Duration::from_secs(5)).await;
    assert_eq!(device.statuses(), ["completed"]);

    let entry = house.only_call("ann").await;
    assert_eq!(entry["call_id"], id);
    assert_eq!(entry["from_user"], OURS);
    assert_eq!(entry["to_user"], BOB);
    assert_eq!(entry["direction"], "outbound");
    assert_eq!(entry["status"], "completed");
    let legs = house.world.provider.legs();
    assert_eq!(entry["twilio_sid"], legs[0].sid.to_string());
    assert!(
        legs.iter().all(|leg| leg.status.is_final()),
        "no leg is left: {legs:?}"
    );
}

#[tokio::test]
async fn the_called_person_talks_to_the_voice_client_of_whoever_called() {
    let house = House::with_ann().await;
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!(status, 200, "{answer}");
    house.world.pass(Duration::from_secs(10)).await;
    let legs = house.world.provider.legs();
    assert_eq!(legs[0].sid.to_string(), answer["sid"]);
    assert_eq!(legs[1].to, "client:ann");
    assert_eq!(legs[0].bridged_with.as_ref(), Some(&legs[1].sid));
}

#[tokio::test]
async fn without_a_user_the_called_person_hears_a_text() {
    let house = House::new(7);
    let (status, _) = house.post("/start-call", &json!({"to": BOB})).await;
    assert_eq!(status, 200);
    house.world.pass(Duration::from_secs(60)).await;
    let legs = house.world.provider.legs();
    assert_eq!(legs.len(), 1);
    assert_eq!(legs[0].said().len(), 1, "{:?}", legs[0].heard);
    assert_eq!(house.only_call(BOB).await["status"], "completed");
}

#[tokio::test]
async fn busy_unanswered_and_failed_calls_end_as_such() {
    let endings = [
        ("busy", PhoneScript::busy()),
        ("no-answer", PhoneScript::no_answer()),
        ("failed", PhoneScript::failed()),
    ];
    for (wanted, script) in endings {
        let house = House::with_ann().await;
        let device = house.device("ann").await;
        house.world.provider.engine().set_phone(BOB, script);
        device.say(&json!({"type": "initiate_call", "to": BOB}));
        house.world.pass(Duration::from_secs(120)).await;
        assert_eq!(device.statuses().last().unwrap(), wanted);
        let entry = house.only_call("ann").await;
        assert_eq!(entry["status"], wanted);
        assert!(entry["ended_at"].is_string());
    }
}

#[tokio::test]
async fn a_number_that_the_provider_refuses_fails_with_the_reason() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    device.say(&json!({"type": "initiate_call", "to": "+15005550001"}));
    house.world.pass(Duration::from_secs(5)).await;
    let heard = device.heard();
    let failed = heard
        .iter()
        .find(|frame| frame["type"] == "call_failed")
        .unwrap();
    assert!(
        failed["reason"].as_str().unwrap().contains("21217"),
        "{failed}"
    );
    assert_eq!(heard.last().unwrap()["status"], "failed");

    let (status, answer) = house
        .post("/start-call", &json!({"to": "+15005550001"}))
        .await;
    assert_eq!((status, &answer["code"]), (502, &json!("provider_refused")));
    assert!(answer["callId"].is_string());
    assert_eq!(house.log("+15005550001").await.len(), 2);
    assert!(house.world.provider.legs().is_empty());
}

#[tokio::test]
async fn a_call_given_up_while_it_rings_is_canceled_at_the_provider_too() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    house
        .world
        .provider
        .engine()
        .set_phone(BOB, PhoneScript::no_answer());
    let (_, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    house.world.pass(Duration::from_secs(3)).await;
    let (status, _) = house
        .post("/hangup", &json!({"callId": answer["callId"]}))
        .await;
    assert_eq!(status, 200);
    house.world.pass(Duration::from_secs(3)).await;
    assert_eq!(device.statuses(), ["initiated", "ringing", "canceled"]);
    let legs = house.world.provider.legs();
    assert!(
        legs[0].status.is_final() && legs[0].status != Status::Completed,
        "{legs:?}"
    );
    assert_eq!(house.only_call("ann").await["status"], "canceled");
}

#[tokio::test]
async fn one_key_asked_for_ten_times_at_once_places_one_call() {
    let house = House::with_ann().await;
    let body = json!({"to": BOB, "from": ANN});
    let headers = [("idempotency-key", "the-very-same")];
    let asked = (0..10).map(|_| house.world.app.answer(request(&body, &headers)));
    let answers = house
        .world
        .during(futures_util::future::join_all(asked))
        .await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    assert_eq!(answers[0].0, 200);
    house.world.pass(Duration::from_secs(1)).await;
    let placed = house.world.provider.legs();
    assert_eq!(placed.iter().filter(|leg| leg.parent.is_none()).count(), 1);
    assert_eq!(house.log("ann").await.len(), 1);
}
