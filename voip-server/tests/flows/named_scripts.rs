//! The simulator's named scripts, each of which the server comes through.

use std::time::Duration;

use serde_json::{Value, json};
use voip_sim::scripts::{self, Script};

use crate::{
    agent::{Agent, waits_on_music},
    house::{ANN, BOB, House, request},
};

const SECOND: Duration = Duration::from_secs(1);

fn set_up(house: &House, script: Script) {
    let mut engine = house.world.provider.engine();
    engine.run_script(script).expect(script.name);
}

/// No leg lives, nobody was left alone for long, and the books of the simulator are in order.
async fn all_is_over(house: &House, name: &str) {
    house.world.pass(30 * SECOND).await;
    let provider = &house.world.provider;
    assert_eq!(provider.broken_invariants(), [] as [String; 0], "{name}");
    let alone = provider.longest_alone();
    assert!(alone <= 10 * SECOND, "{name}: {alone:?}");
    for leg in provider.legs() {
        assert!(leg.status.is_final(), "{name}: {:?}", leg.status);
    }
    assert_eq!(
        house.only_call("ann").await["status"],
        "completed",
        "{name}"
    );
}

#[tokio::test]
async fn holds_come_through_reads_that_lag_behind() {
    for script in [scripts::HOLD_CHILD_NOT_LISTED, scripts::HOLD_ROOM_NOT_THERE] {
        let house = House::new(7);
        let agent = Agent::new(&house, "ann");
        set_up(&house, script);
        let (near, far) = agent.talk(&house).await;
        let (status, answer) = agent.hold(&house, &near).await;
        assert_eq!(status, 200, "{}: {answer}", script.name);
        assert!(
            waits_on_music(&house.world.provider.leg(&far)),
            "{}",
            script.name
        );
        let (status, answer) = agent.unhold(&house, &near).await;
        assert_eq!(status, 200, "{}: {answer}", script.name);
        let hears = house.world.provider.leg(&far).hears;
        assert_eq!(hears, std::slice::from_ref(&near), "{}", script.name);
        house.world.provider.hang_up(&near);
        all_is_over(&house, script.name).await;
    }
}

#[tokio::test]
async fn a_hang_up_in_the_middle_of_a_hold_ends_both() {
    let script = scripts::HOLD_HANG_UP_IN_THE_MIDDLE;
    for seed in 0..10 {
        let house = House::new(seed);
        let agent = Agent::new(&house, "ann");
        let (near, _) = agent.talk(&house).await;
        set_up(&house, script);
        let (status, answer) = agent.hold(&house, &near).await;
        assert!(
            matches!(status, 404 | 409 | 502),
            "{seed}: {status} {answer}"
        );
        all_is_over(&house, script.name).await;
    }
}

#[tokio::test]
async fn when_all_ring_and_answer_at_once_one_has_the_caller() {
    for seed in 0..10 {
        let house = House::new(seed);
        house.register("ann", ANN, "ann-phone").await;
        set_up(&house, scripts::RING_ALL);
        let devices = [house.device("ann").await, house.device("ann").await];
        let caller = house.world.provider.place_call(BOB, ANN);
        house.world.pass(3 * SECOND).await;
        for device in &devices {
            let id = device.ringing();
            device.say(&json!({"type": "answer_call", "callId": id, "userId": "ann"}));
        }
        house.world.pass(5 * SECOND).await;
        let leg = house.world.provider.leg(&caller);
        let other = leg.bridged_with.expect("the caller talks");
        assert_eq!(house.world.provider.leg(&other).to, "client:ann");
        assert_eq!(
            house.world.provider.legs().len(),
            2,
            "seed {seed}: one client was dialled"
        );
        house.world.provider.hang_up(&caller);
        all_is_over(&house, scripts::RING_ALL.name).await;
    }
}

#[tokio::test]
async fn early_and_late_callbacks_lead_to_the_same_end() {
    for script in [scripts::EARLY_CALLBACKS, scripts::LATE_CALLBACKS] {
        for seed in 0..10 {
            let house = House::new(seed);
            house.register("ann", ANN, "ann-phone").await;
            set_up(&house, script);
            let body = json!({"to": "+15005550103", "from": ANN});
            let asked = house.world.app.answer(request(&body, &[]));
            let (status, answer) = house.world.during(asked).await;
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            assert_eq!(status, 200, "{}: {answer}", script.name);
            house.world.pass(30 * SECOND).await;
            all_is_over(&house, script.name).await;
        }
    }
}

#[tokio::test]
async fn a_call_that_was_accepted_in_silence_is_placed_once() {
    let house = House::with_ann().await;
    set_up(&house, scripts::ACCEPTED_THEN_SILENT);
    let body = json!({"to": "+15005550103", "from": ANN});
    let asked = house.world.app.answer(request(&body, &[]));
    let (status, _) = house.world.during(asked).await;
    assert!(matches!(status, 200 | 503 | 504), "{status}");
    house.world.pass(60 * SECOND).await;
    let legs = house.world.provider.legs();
    let placed = legs.iter().filter(|leg| leg.to == "+15005550103");
    assert_eq!(placed.count(), 1);
    all_is_over(&house, scripts::ACCEPTED_THEN_SILENT.name).await;
}
