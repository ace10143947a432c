//! What a connection is told when it comes, and when it has to go.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use voip_core::{Event, EventKind};

use crate::house::{ANN, BOB, House};

fn ids<'a>(frames: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut ids: Vec<_> = frames
        .into_iter()
        .map(|id| id.as_str().expect("ids are text").to_owned())
        .collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_user_with_a_hundred_live_calls_is_told_of_all_of_them() {
    let house = House::with_ann().await;
    for _ in 0..100 {
        house.world.provider.place_call(BOB, ANN);
    }
    house.world.pass(Duration::from_secs(5)).await;
    let (device, heard) = house.device_hearing_all("ann").await;
    assert_eq!(device.closed(), None);
    let live = heard[0]["liveCalls"].as_array().expect("a list");
    assert_eq!((heard.len(), live.len()), (101, 100));
    assert!(
        heard[1..]
            .iter()
            .all(|frame| frame["type"] == "incoming_call")
    );
    assert_eq!(
        ids(heard[1..].iter().map(|frame| &frame["callId"])),
        ids(live)
    );
    // And it goes on hearing of them.
    device.say(&json!({"type": "hangup", "callId": heard[7]["callId"]}));
    house.world.pass(Duration::from_secs(1)).await;
    assert_eq!(device.heard()[0]["callId"], heard[7]["callId"]);
}

#[tokio::test]
async fn who_comes_back_learns_which_calls_are_not_over() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(2)).await;
    let over = device.ringing();
    device.say(&json!({"type": "hangup", "callId": over}));
    house.world.pass(Duration::from_secs(2)).await;
    house.world.provider.place_call("+15550003333", ANN);
    house.world.pass(Duration::from_secs(2)).await;
    let live = device.ringing();
    let (_device, heard) = house.device_hearing_all("ann").await;
    assert_eq!(
        heard[0],
        json!({"type": "register_success", "userId": "ann", "liveCalls": [live]})
    );
    assert_eq!((heard.len(), &heard[1]["callId"]), (2, &json!(live)));
}

#[tokio::test]
async fn news_that_comes_while_a_client_registers_is_told_after_it_has() {
    let house = House::with_ann().await;
    let (device, heard) = {
        let device = house.unregistered_device();
        device.say(&json!({"type": "register", "userId": "ann"}));
        // At the same moment, before anything was answered.
        house.world.provider.place_call(BOB, ANN);
        house.world.pass(Duration::from_secs(2)).await;
        let heard = device.heard();
        (device, heard)
    };
    assert_eq!(heard[0]["type"], "register_success", "{heard:?}");
    let rings = heard
        .iter()
        .filter(|frame| frame["type"] == "incoming_call");
    assert_eq!(rings.count(), 1, "{heard:?}");
    assert_eq!(device.closed(), None);
}

#[tokio::test]
async fn news_lost_on_the_bus_sends_every_client_away_to_come_back() {
    let house = House::with_ann().await;
    house.world.provider.place_call(BOB, ANN);
    house.world.pass(Duration::from_secs(2)).await;
    let devices = [house.device("ann").await, house.device("bob").await];
    // More than the bus keeps for a reader that does not come to read.
    for seq in 0..5000 {
        let call = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
        let kind = EventKind::reached(voip_core::CallStatus::Ringing);
        let event = Event {
            call,
            leg: None,
            seq,
            audience: Vec::new(),
            kind,
        };
        house.bus.publish(Arc::new(event)).await.unwrap();
    }
    house.world.rest().await;
    for device in &devices {
        let (code, why) = device.closed().expect("it is sent away");
        assert_eq!(
            (code, &*why),
            (1013, "some news was lost: please reconnect")
        );
    }
    let (device, heard) = house.device_hearing("ann").await;
    assert_eq!(heard[0]["type"], "incoming_call", "{heard:?}");
    assert_eq!(device.closed(), None);
}

#[tokio::test]
async fn a_device_that_answers_pings_stays_and_one_that_is_gone_is_let_go() {
    let house = House::with_ann().await;
    let (stays, leaves) = (house.device("ann").await, house.device("ann").await);
    house.world.pass(Duration::from_secs(600)).await;
    assert_eq!((stays.closed(), leaves.closed()), (None, None));
    leaves.lose_the_network();
    house.world.pass(Duration::from_secs(60)).await;
    assert_eq!(leaves.closed(), None, "it may be away for a moment");
    house.world.pass(Duration::from_secs(31)).await;
    assert_eq!(leaves.closed().expect("it is gone").0, 1013);
    assert_eq!(stays.closed(), None);
    assert_eq!(house.world.app.app.hub.len(), 1);
}

#[tokio::test]
async fn a_word_of_any_kind_counts_as_alive() {
    let house = House::with_ann().await;
    let device = house.device("ann").await;
    device.lose_the_network();
    for _ in 0..10 {
        house.world.pass(Duration::from_secs(50)).await;
        device.say_text("anything");
    }
    assert_eq!(device.closed(), None);
}

#[tokio::test]
async fn a_connection_that_does_not_say_who_it_is_is_closed_after_a_minute() {
    let house = House::with_ann().await;
    let device = house.unregistered_device();
    house.world.pass(Duration::from_secs(59)).await;
    device.say_text("hello?");
    assert_eq!(device.closed(), None);
    house.world.pass(Duration::from_secs(2)).await;
    let (code, why) = device.closed().expect("it is closed");
    assert_eq!((code, &*why), (1008, "register within 60 s"));
}
