//! Dials of which nobody knows what became of them.

use std::time::Duration;

use serde_json::{Value, json};
use voip_sim::faults::{RestFault, RestTarget};

use crate::house::{ANN, BOB, House, request};

#[tokio::test]
async fn two_unclear_dials_between_the_same_numbers_get_their_own_legs() {
    let house = House::with_ann().await;
    let fault = RestFault::BadGatewayAfterwards;
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, fault, 2);
    let body = json!({"to": BOB, "from": ANN});
    let both = [(); 2].map(|()| house.world.app.answer(request(&body, &[])));
    let answers = house
        .world
        .during(futures_util::future::join_all(both))
        .await;
    for (status, answer) in answers {
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(status, 200, "{answer}");
        // The provider was given our name of the call with its callbacks.
        let webhooks = house.world.provider.engine().webhooks();
        let ours = format!("callId={}", answer["callId"].as_str().unwrap());
        let of_leg = webhooks
            .iter()
            .filter(|webhook| webhook.call_sid.to_string() == answer["sid"].as_str().unwrap());
        assert!(of_leg.clone().count() > 0);
        assert!(
            of_leg.clone().all(|webhook| webhook.url.contains(&ours)),
            "legs are swapped"
        );
    }
    assert_eq!(house.world.provider.legs().len(), 2);
}

#[tokio::test]
async fn a_dial_that_cannot_even_be_looked_for_is_found_later_and_never_repeated() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    // Taken by the provider, which then says nothing to anybody for a while.
    let faults = voip_sim::faults::Faults {
        drop: 1.0,
        ..Default::default()
    };
    house.world.provider.engine().set_faults(faults);
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, RestFault::NeverAnswer, 1);
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Reads, RestFault::ServerError, 12);
    house
        .world
        .provider
        .engine()
        .set_phone(BOB, voip_sim::phone::PhoneScript::no_answer());
    let (status, answer) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    assert_eq!((status, &answer["code"]), (504, &json!("provider_timeout")));
    let seen = device.heard();
    assert!(
        !seen.iter().any(|frame| frame["status"] == "failed"),
        "nobody knows that: {seen:?}"
    );

    house.world.pass(Duration::from_secs(5 * 60)).await;
    let legs = house.world.provider.legs();
    assert_eq!(legs.len(), 1, "one paid call");
    let entry = house.only_call("ann").await;
    assert_eq!(entry["twilio_sid"], legs[0].sid.to_string());
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_also_when_that_was_a_failure() {
    let house = House::with_ann().await;
    let body = json!({"to": BOB, "from": ANN});
    let headers = [("idempotency-key", "once")];
    house
        .world
        .provider
        .engine()
        .fail_next_rest(RestTarget::Creates, RestFault::Lost, 1);
    let first = house.post_with("/start-call", &body, &headers).await;
    let again = house.post_with("/start-call", &body, &headers).await;
    assert_eq!(first.0, 504);
    assert_eq!(first, again);
}
