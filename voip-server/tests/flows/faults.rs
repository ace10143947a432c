//! What a provider and a network do to an application.

use std::time::Duration;

use serde_json::json;
use voip_sim::faults::{Faults, RestFault, RestTarget};

use crate::house::{ANN, BOB, House, seconds};

#[tokio::test]
async fn a_dial_that_times_out_after_it_was_taken_is_looked_up_not_dialled_again() {
    let house = House::with_ann().await;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, RestFault::NeverAnswer, 1);
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!(status, 200, "{answer}");
    house.world.pass(Duration::from_secs(30)).await;
    let placed = house.world.provider.legs();
    let placed: Vec<_> = placed.iter().filter(|leg| leg.parent.is_none()).collect();
    assert_eq!(placed.len(), 1, "one paid call");
    assert_eq!(placed[0].sid.to_string(), answer["sid"]);
    assert_eq!(house.only_call("ann").await["status"], "in-progress");
}

#[tokio::test]
async fn a_dial_that_was_lost_fails_after_it_was_looked_for() {
    let house = House::with_ann().await;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, RestFault::Lost, 1);
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!((status, &answer["code"]), (504, &json!("provider_timeout")));
    assert!(seconds(house.world.now()) < 15, "the answer comes in time");
    assert!(house.world.provider.legs().is_empty());
    assert_eq!(house.only_call("ann").await["status"], "failed");
}

#[tokio::test]
async fn a_gateway_error_after_the_work_was_done_places_no_second_call() {
    let house = House::with_ann().await;
    let fault = RestFault::BadGatewayAfterwards;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, fault, 1);
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!(status, 200, "{answer}");
    house.world.pass(Duration::from_secs(5)).await;
    let placed = house.world.provider.legs();
    assert_eq!(placed.iter().filter(|leg| leg.parent.is_none()).count(), 1);
}

#[tokio::test]
async fn being_asked_to_slow_down_is_survived() {
    let house = House::with_ann().await;
    let fault = RestFault::TooManyRequests;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, fault, 2);
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn a_hang_up_that_fails_at_first_is_done_in_the_end() {
    let house = House::with_ann().await;
    let (_, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    house.world.pass(Duration::from_secs(10)).await;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Updates, RestFault::ServerError, 8);
    house
        .post("/hangup", &json!({"callId": answer["callId"]}))
        .await;
    house.world.pass(Duration::from_secs(180)).await;
    let legs = house.world.provider.legs();
    assert!(legs.iter().all(|leg| leg.status.is_final()), "{legs:?}");
}

#[tokio::test]
async fn a_hang_up_during_the_dial_ends_the_leg_that_turns_up() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let late = RestFault::AnswerLate(Duration::from_secs(3));
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, late, 1);
    device.say(&json!({"type": "initiate_call", "to": BOB}));
    house.world.rest().await;
    let id = device.heard()[0]["callId"].clone();
    device.say(&json!({"type": "hangup", "callId": id}));
    house.world.pass(Duration::from_secs(10)).await;
    assert_eq!(house.only_call("ann").await["status"], "canceled");
    let legs = house.world.provider.legs();
    assert!(legs.iter().all(|leg| leg.status.is_final()), "{legs:?}");
}

#[tokio::test]
async fn a_call_whose_last_callback_was_lost_is_found_to_be_over() {
    let house = House::with_ann().await;
    let (_, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    house.world.pass(Duration::from_secs(10)).await;
    let faults = Faults {
        drop: 1.0,
        ..Faults::default()
    };
    house.world.provider.engine().set_faults(faults);
    let leg = house.world.provider.legs()[0].sid.clone();
    assert_eq!(leg.to_string(), answer["sid"]);
    house.world.provider.hang_up(&leg);
    house.world.pass(Duration::from_secs(20 * 60)).await;
    assert_eq!(house.only_call("ann").await["status"], "completed");
}

#[tokio::test]
async fn whatever_happens_to_callbacks_no_call_regresses_and_every_call_ends() {
    for seed in 0..40 {
        let house = House::new(seed);
        house.register("ann", ANN, "ann-phone").await;
        let device = house.device("ann").await;
        let faults = Faults {
            drop: 0.2,
            repeat: 0.3,
            delay: 0.3,
            reorder: 0.3,
            ..Faults::default()
        };
        house.world.provider.engine().set_faults(faults);
        device.say(&json!({"type": "initiate_call", "to": "+15005550105"}));
        house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(45 * 60)).await;
        let log = house.log("ann").await;
        assert_eq!(log.len(), 2, "seed {seed}: {log:?}");
        for entry in log {
            assert!(entry["ended_at"].is_string(), "seed {seed}: {entry}");
        }
        let mut ranks = std::collections::HashMap::new();
        for frame in device.heard() {
            if frame["type"] != "call_status" {
                continue;
            }
            let status: voip_core::CallStatus = frame["status"].as_str().unwrap().parse().unwrap();
            let before = ranks.insert(frame["callId"].to_string(), status.rank());
            assert!(
                before.is_none_or(|rank| rank < status.rank()),
                "seed {seed}: {frame}"
            );
        }
        assert!(
            !ranks.is_empty(),
            "seed {seed}: the device heard of no call"
        );
        let legs = house.world.provider.legs();
        assert!(legs.len() >= 2, "seed {seed}: {legs:?}");
        assert!(
            legs.iter().all(|leg| leg.status.is_final()),
            "seed {seed}: {legs:?}"
        );
    }
}
