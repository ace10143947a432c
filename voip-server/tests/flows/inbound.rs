//! Calls from the telephone network.

use std::time::Duration;

use serde_json::json;
use voip_core::ports::{Push, RingOutcome};
use voip_sim::inspect::Status;

use crate::house::{ANN, BOB, House};

#[tokio::test]
async fn every_device_rings_by_socket_and_push() {
    let house = House::with_ann().await;
    house.register("ann", ANN, "ann-tablet").await;
    let (phone, tablet) = (house.device("ann").await, house.device("ann").await);
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(2)).await;
    for device in [&phone, &tablet] {
        let heard = device.heard();
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0]["type"], "incoming_call");
        assert_eq!(
            (&heard[0]["from"], &heard[0]["to"]),
            (&json!(BOB), &json!(ANN))
        );
    }
    let mut pushed: Vec<String> = house
        .push
        .sent()
        .iter()
        .filter(|sent| matches!(&sent.push, Push::IncomingCall { caller, .. } if caller == BOB))
        .map(|sent| sent.device.token.expose().to_owned())
        .collect();
    pushed.sort();
    assert_eq!(pushed, ["ann-phone", "ann-tablet"]);
}

#[tokio::test]
async fn the_caller_is_held_on_the_line_with_words_of_comfort() {
    let house = House::with_ann().await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(45)).await;
    let leg = house.world.provider.leg(&caller);
    assert_eq!(leg.status, Status::InProgress);
    assert!(
        leg.said().len() >= 2,
        "the caller hears something again and again"
    );
    assert_eq!(house.only_call("ann").await["status"], "ringing");
}

#[tokio::test]
async fn a_number_that_is_nobodys_is_told_so_and_ended() {
    let house = House::with_ann().await;
    let caller = house.world.provider.place_call(BOB, "+15550003333");
    house.world.pass(Duration::from_secs(20)).await;
    let leg = house.world.provider.leg(&caller);
    assert_eq!(leg.status, Status::Completed);
    assert_eq!(leg.said().len(), 1);
    assert!(house.log(BOB).await.is_empty());
}

#[tokio::test]
async fn nobody_answering_in_time_is_a_missed_call_told_once() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(49)).await;
    assert_eq!(device.statuses(), [] as [&str; 0]);
    house.world.pass(Duration::from_secs(3)).await;
    assert_eq!(device.statuses(), ["no-answer"]);
    house.world.pass(Duration::from_secs(30)).await;
    assert_eq!(device.statuses(), [] as [&str; 0]);

    let leg = house.world.provider.leg(&caller);
    assert_eq!(leg.status, Status::Completed);
    assert!(leg.said().last().unwrap().contains("nobody is available"));
    let missed = house.push.sent();
    let missed = missed
        .iter()
        .filter(|sent| matches!(sent.push, Push::MissedCall { .. }));
    assert_eq!(missed.count(), 1);
    // That ends the ringing, too.
    assert_eq!(rings_over(&house), []);
    assert_eq!(house.only_call("ann").await["status"], "no-answer");
}

#[tokio::test]
async fn declining_ends_every_ringing_device_and_tells_the_caller() {
    let house = House::with_ann().await;
    house.register("ann", ANN, "ann-asleep").await;
    let (phone, tablet) = (house.device("ann").await, house.device("ann").await);
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = phone.ringing();
    tablet.ringing();
    phone.say(&json!({"type": "hangup", "callId": id}));
    house.world.pass(Duration::from_secs(15)).await;
    for device in [&phone, &tablet] {
        assert_eq!(device.statuses(), ["busy"]);
    }
    let leg = house.world.provider.leg(&caller);
    assert_eq!(leg.status, Status::Completed);
    assert!(leg.said().last().unwrap().contains("nobody is available"));
    let told = |token: &str| (token.to_owned(), RingOutcome::Declined);
    assert_eq!(
        rings_over(&house),
        [told("ann-asleep"), told("ann-phone")],
        "those that only a push has woken are told, too"
    );
    // Whoever declines has missed nothing.
    let sent = house.push.sent();
    assert!(
        !sent
            .iter()
            .any(|sent| matches!(sent.push, Push::MissedCall { .. }))
    );
}

#[tokio::test]
async fn an_answer_ends_the_ringing_of_devices_that_only_a_push_has_woken() {
    let house = House::with_ann().await;
    house.register("ann", ANN, "ann-asleep").await;
    let phone = house.device("ann").await;
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    let id = phone.ringing();
    assert_eq!(rings_over(&house), []);
    phone.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
    house.world.pass(Duration::from_secs(3)).await;
    let told = |token: &str| (token.to_owned(), RingOutcome::Answered);
    let both = [told("ann-asleep"), told("ann-phone")];
    assert_eq!(rings_over(&house), both);
    // Its end is no end of a ringing.
    phone.say(&json!({"type": "hangup", "callId": id}));
    house.world.pass(Duration::from_secs(60)).await;
    assert_eq!(phone.statuses(), ["in-progress", "completed"]);
    assert_eq!(rings_over(&house), both, "once and no more");
}

#[tokio::test]
async fn a_caller_who_gives_up_stops_every_ringing_device() {
    let house = House::with_ann().await;
    let (phone, tablet) = (house.device("ann").await, house.device("ann").await);
    let caller = house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(3)).await;
    house.world.provider.hang_up(&caller);
    house.world.pass(Duration::from_secs(2)).await;
    for device in [&phone, &tablet] {
        assert_eq!(device.statuses(), ["canceled"]);
    }
    assert_eq!(house.only_call("ann").await["status"], "canceled");
    let missed = house.push.sent();
    assert!(
        missed
            .iter()
            .any(|sent| matches!(sent.push, Push::MissedCall { .. }))
    );
}

#[tokio::test]
async fn a_device_that_comes_late_still_rings_and_one_that_comes_after_does_not() {
    let house = House::with_ann().await;
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(10)).await;
    let late = house.device_hearing("ann").await;
    assert_eq!(
        late.1
            .iter()
            .filter(|frame| frame["type"] == "incoming_call")
            .count(),
        1
    );
    house.world.pass(Duration::from_secs(60)).await;
    assert_eq!(late.0.statuses(), ["no-answer"]);
    let after = house.device_hearing("ann").await;
    assert_eq!(after.1, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn a_dead_push_token_is_forgotten() {
    let house = House::with_ann().await;
    house.push.lose(&"ann-phone".parse().unwrap());
    for _ in 0..2 {
        let caller = house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(2)).await;
        house.world.provider.hang_up(&caller);
        house.world.pass(Duration::from_secs(2)).await;
    }
    // One attempt found out; nothing was sent after that.
    assert_eq!(house.push.asked(), 1);
}

/// The devices that were told by push that a ringing is over and nothing was
/// missed, and what came of it.
fn rings_over(house: &House) -> Vec<(String, RingOutcome)> {
    let sent = house.push.sent();
    let over = sent.iter().filter_map(|sent| match sent.push {
        Push::RingOver { outcome, .. } => Some((sent.device.token.expose().to_owned(), outcome)),
        Push::IncomingCall { .. } | Push::MissedCall { .. } => None,
    });
    let mut over: Vec<_> = over.collect();
    over.sort_by(|one, other| one.0.cmp(&other.0));
    over
}
