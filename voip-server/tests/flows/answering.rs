//! Exactly one answer wins.

use std::time::Duration;

use serde_json::json;
use voip_sim::{
    inspect::Status,
    phone::{ClientScript, PhoneScript},
};

use crate::house::{ANN, BOB, House};

#[tokio::test]
async fn two_devices_answer_at_once_and_exactly_one_wins() {
    for seed in 0..50 {
        let house = House::new(seed);
        house.register("ann", ANN, "ann-phone").await;
        let devices = [house.device("ann").await, house.device("ann").await];
        let caller = house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(3)).await;
        let id = devices[0].ringing();
        assert_eq!(devices[1].ringing(), id);
        // The second speaks first every other time.
        let order = if seed % 2 == 0 { [0, 1] } else { [1, 0] };
        for index in order {
            devices[index].say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
        }
        house.world.pass(Duration::from_secs(5)).await;

        let heard = devices.each_ref().map(|device| device.heard());
        let losers = heard.iter().filter(|frames| {
            frames
                .iter()
                .any(|frame| frame["type"] == "error" && frame["code"] == "answered_elsewhere")
        });
        assert_eq!(losers.count(), 1, "seed {seed}: {heard:?}");
        for frames in &heard {
            let taken = frames
                .iter()
                .filter(|frame| frame["status"] == "in-progress")
                .count();
            assert_eq!(
                taken, 1,
                "seed {seed}: every device learns once that it was taken"
            );
        }
        let leg = house.world.provider.leg(&caller);
        let other = house
            .world
            .provider
            .leg(&leg.bridged_with.expect("the caller talks"));
        assert_eq!(other.to, "client:ann");
        assert_eq!(
            house.world.provider.legs().len(),
            2,
            "one voice client was dialled, once"
        );
    }
}

#[tokio::test]
async fn the_winner_may_repeat_itself_and_a_later_answer_is_refused() {
    let house = House::with_ann().await;
    let (phone, tablet) = (house.device("ann").await, house.device("ann").await);
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = phone.ringing();
    tablet.ringing();
    let answer = json!({"type": "answer_call", "callId": id, "userId": "ann"});
    phone.say(&answer);
    house.world.pass(Duration::from_secs(3)).await;
    phone.say(&answer);
    tablet.say(&answer);
    house.world.pass(Duration::from_secs(3)).await;
    assert_eq!(phone.statuses(), ["in-progress"]);
    assert!(
        tablet
            .heard()
            .iter()
            .any(|frame| frame["code"] == "answered_elsewhere")
    );

    let body = json!({"callId": id, "userId": "ann"});
    let (status, answer) = house.post("/connect-call", &body).await;
    assert_eq!(
        (status, &answer["code"]),
        (409, &json!("answered_elsewhere"))
    );
    assert_eq!(house.world.provider.legs().len(), 2);
}

#[tokio::test]
async fn an_answer_over_http_connects_the_caller_and_gives_the_markup() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = device.ringing();
    let body = json!({"callId": id, "userId": "ann"});
    let (status, markup) = house.post("/connect-call", &body).await;
    assert_eq!(status, 200);
    assert!(
        markup
            .as_str()
            .unwrap()
            .contains("<Identity>ann</Identity>"),
        "{markup}"
    );
    house.world.pass(Duration::from_secs(5)).await;
    assert!(house.world.provider.leg(&caller).bridged_with.is_some());
}

#[tokio::test]
async fn both_hear_each_other_until_one_hangs_up_and_then_no_leg_is_left() {
    for ends in ["caller", "user", "client"] {
        let house = House::with_ann().await;
        let device = house.device("ann").await;
        let caller = house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(3)).await;
        let id = device.ringing();
        device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
        house.world.pass(Duration::from_secs(30)).await;
        let client = house.world.provider.leg(&caller).bridged_with.unwrap();
        match ends {
            "caller" => house.world.provider.hang_up(&caller),
            "client" => house.world.provider.hang_up(&client),
            _ => device.say(&json!({"type": "hangup", "callId": id})),
        }
        house.world.pass(Duration::from_secs(10)).await;
        assert_eq!(
            device.statuses(),
            ["in-progress", "completed"],
            "{ends} ends"
        );
        assert_eq!(house.only_call("ann").await["status"], "completed");
        let legs = house.world.provider.legs();
        assert!(
            legs.iter().all(|leg| leg.status == Status::Completed),
            "{ends}: {legs:?}"
        );
    }
}

#[tokio::test]
async fn a_voice_client_that_does_not_pick_up_leaves_nobody_waiting() {
    let house = House::with_ann().await;
    house
        .world
        .provider
        .engine()
        .set_client("ann", ClientScript::offline());
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = device.ringing();
    device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house.world.pass(Duration::from_secs(60)).await;
    let leg = house.world.provider.leg(&caller);
    assert!(leg.said().last().unwrap().contains("nobody is available"));
    assert!(leg.status.is_final());
    assert_eq!(device.statuses(), ["in-progress", "completed"]);
}

#[tokio::test]
async fn answering_a_caller_who_has_just_gone_ends_the_call() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = device.ringing();
    // The caller's end and the answer cross on their way.
    house.world.provider.hang_up(&caller);
    device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house.world.pass(Duration::from_secs(10)).await;
    let entry = house.only_call("ann").await;
    assert!(entry["ended_at"].is_string(), "{entry}");
}

#[tokio::test]
async fn what_is_not_a_ringing_call_of_ones_own_cannot_be_answered() {
    let house = House::with_ann().await;
    house.register("eve", "+15550009999", "eve-phone").await;
    let (ann, eve) = (house.device("ann").await, house.device("eve").await);
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = ann.ringing();
    eve.say(&json!({"type": "answer_call", "callId": id, "userId": "eve"}));
    eve.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house
        .world
        .provider
        .engine()
        .set_phone(BOB, PhoneScript::no_answer());
    let (_, outbound) = house
        .post("/start-call", &json!({"to": BOB, "from": ANN}))
        .await;
    ann.say(&json!({"type": "answer_call", "callId": outbound["callId"]}));
    house.world.pass(Duration::from_secs(3)).await;
    let codes: Vec<_> = eve
        .heard()
        .into_iter()
        .map(|frame| frame["code"].clone())
        .collect();
    assert_eq!(codes, ["unknown_call", "forbidden"]);
    assert!(
        ann.heard()
            .iter()
            .any(|frame| frame["code"] == "not_incoming")
    );
    assert_eq!(
        house
            .log("ann")
            .await
            .iter()
            .filter(|entry| entry["status"] == "ringing")
            .count(),
        2
    );
}
