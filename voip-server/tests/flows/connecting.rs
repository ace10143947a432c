//! A caller is connected once, whenever the user answers, and stays connected.

use std::time::Duration;

use serde_json::json;
use voip_sim::faults::{RestFault, RestTarget};

use crate::house::{ANN, BOB, House};

/// Answers so long after the call came in, and sees whether both still talk.
async fn still_talk_after_an_answer_at(offset: Duration) -> Result<(), String> {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(offset).await;
    let id = device.ringing();
    device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house.world.pass(Duration::from_secs(60)).await;
    let leg = house.world.provider.leg(&caller);
    let entry = house.only_call("ann").await;
    match (&leg.bridged_with, entry["status"] == "in-progress") {
        (Some(_), true) => Ok(()),
        _ => Err(format!("answered after {offset:?}: {leg:?}, {entry}")),
    }
}

#[tokio::test]
async fn whenever_the_user_answers_both_still_talk_a_minute_later() {
    // Denser around the moments at which the waiting caller's document asks
    // again what to do.
    let mut millis: Vec<u64> = (1..120).map(|step| step * 400).collect();
    millis.extend((0..80).map(|step| 17_000 + step * 50));
    for offset in millis {
        let talked = still_talk_after_an_answer_at(Duration::from_millis(offset)).await;
        assert_eq!(talked, Ok(()));
    }
}

#[tokio::test]
async fn a_redirect_whose_answer_is_lost_is_not_repeated_into_the_conversation() {
    for fault in [RestFault::NeverAnswer, RestFault::BadGatewayAfterwards] {
        let house = House::with_ann().await;
        let device = house.device("ann").await;
        let caller = house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(5)).await;
        let id = device.ringing();
        house
            .world
            .provider
            .engine()
            .fail_next_rest(RestTarget::Updates, fault, 1);
        device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
        house.world.pass(Duration::from_secs(10 * 60)).await;
        assert!(
            house.world.provider.leg(&caller).bridged_with.is_some(),
            "{fault:?}"
        );
        assert_eq!(
            house.world.provider.legs().len(),
            2,
            "{fault:?}: one client was dialled, once"
        );
    }
}

#[tokio::test]
async fn a_caller_is_connected_even_if_no_redirect_gets_through() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(5)).await;
    let id = device.ringing();
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Updates, RestFault::ServerError, 99);
    device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house.world.pass(Duration::from_secs(60)).await;
    assert!(house.world.provider.leg(&caller).bridged_with.is_some());
}
