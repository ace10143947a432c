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
async fn a_user_with_more_live_calls_is_told_so_and_finds_the_rest_in_the_log() {
    let house = House::with_ann().await;
    for _ in 0..120 {
        house.world.provider.place_call(BOB, ANN);
    }
    house.world.pass(Duration::from_secs(5)).await;
    let (device, heard) = house.device_hearing_all("ann").await;
    assert_eq!(heard[0]["moreLiveCalls"], true);
    let listed = ids(heard[0]["liveCalls"].as_array().expect("a list"));
    assert_eq!((heard.len(), listed.len()), (101, 100));

    let log = house.log("ann").await;
    let live = log.iter().filter(|entry| entry["status"] == "ringing");
    let live = ids(live.map(|entry| &entry["call_id"]));
    assert_eq!(live.len(), 120);
    assert!(listed.iter().all(|id| live.contains(id)));
    // It hears of those, too.
    let unlisted = live.iter().find(|id| !listed.contains(id)).unwrap();
    device.say(&json!({"type": "hangup", "callId": unlisted}));
    house.world.pass(Duration::from_secs(1)).await;
    let told = device.heard().remove(0);
    assert_eq!(
        (&told["callId"], &told["status"]),
        (&json!(unlisted), &json!("busy"))
    );
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

#[tokio::test]
async fn a_connection_lasts_no_longer_than_the_token_it_showed() {
    let house = House::with_ann().await;
    let (stays, goes) = (house.unregistered_device(), house.unregistered_device());
    let register = || json!({"type": "register", "userId": "ann", "token": house.token("ann")});
    // So that the tokens expire between two beats.
    house.world.pass(Duration::from_secs(10)).await;
    for device in [&stays, &goes] {
        device.say(&register());
    }
    let day = Duration::from_secs(24 * 60 * 60);
    house.world.pass(day - Duration::from_secs(5)).await;
    stays.say(&register());
    house.world.rest().await;
    stays.heard();
    goes.heard();
    house.world.pass(Duration::from_secs(6)).await;
    // Before it is sent away it is refused.
    for device in [&stays, &goes] {
        device.say(&json!({"type": "hangup", "callId": "00000000-0000-0000-0000-000000000000"}));
    }
    house.world.rest().await;
    let code = |device: &crate::device::Device| device.heard().remove(0)["code"].clone();
    assert_eq!(code(&goes), "unauthorized");
    assert_eq!(code(&stays), "unknown_call");
    house.world.pass(Duration::from_secs(30)).await;
    assert_eq!(goes.closed().map(|(code, _)| code), Some(1008));
    assert_eq!(stays.closed(), None);
}
