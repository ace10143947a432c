//! Calls that a user places from a browser.

use std::time::Duration;

use serde_json::json;
use voip_sim::{
    inspect::{Sound, Status},
    phone::PhoneScript,
};

use crate::{
    agent::{Agent, FAR, nobodys_leg},
    house::{BOB, House, OURS},
};

const SECOND: Duration = Duration::from_secs(1);

fn house() -> (House, Agent) {
    let house = House::new(7);
    let agent = Agent::new(&house, "ann");
    (house, agent)
}

#[tokio::test]
async fn a_call_from_a_browser_goes_through_its_states_and_into_the_log() {
    let (house, ann) = house();
    let device = house.device("ann").await;
    let (near, far) = ann.talk(&house).await;
    let provider = &house.world.provider;
    assert_eq!(provider.leg(&near).hears, std::slice::from_ref(&far));
    assert_eq!(provider.leg(&far).from, OURS, "our number is shown");
    house.world.pass(20 * SECOND).await;
    provider.hang_up(&far);
    house.world.pass(10 * SECOND).await;
    let expected = ["initiated", "ringing", "in-progress", "completed"];
    assert_eq!(device.statuses(), expected);
    let call = house.only_call("ann").await;
    assert_eq!(call["twilio_sid"], near.to_string());
    assert_eq!(call["status"], "completed");
    assert_eq!(
        (&call["from_user"], &call["to_user"]),
        (&json!(OURS), &json!(FAR))
    );
    assert_eq!(provider.leg(&near).status, Status::Completed);
    assert_eq!(provider.orphans(), []);
}

#[tokio::test]
async fn how_a_call_failed_is_said_and_logged() {
    for (script, status, said) in [
        (PhoneScript::busy(), "busy", "busy"),
        (PhoneScript::no_answer(), "no-answer", "answered"),
    ] {
        let (house, ann) = house();
        house.world.provider.engine().set_phone(BOB, script);
        let near = ann.dial(&house, BOB);
        house.world.pass(60 * SECOND).await;
        assert_eq!(house.only_call("ann").await["status"], status);
        let leg = house.world.provider.leg(&near);
        let said_it = |heard: &Sound| matches!(heard, Sound::Said(text) if text.contains(said));
        assert!(
            leg.heard.iter().any(|heard| said_it(&heard.what)),
            "{status}"
        );
        assert_eq!(leg.status, Status::Completed, "and the client is hung up");
    }
}

#[tokio::test]
async fn a_caller_who_gives_up_cancels_the_call() {
    let (house, ann) = house();
    let slow = PhoneScript::answers_after(40 * SECOND);
    house.world.provider.engine().set_phone(BOB, slow);
    let near = ann.dial(&house, BOB);
    house.world.pass(5 * SECOND).await;
    assert_eq!(house.only_call("ann").await["status"], "ringing");
    house.world.provider.hang_up(&near);
    house.world.pass(10 * SECOND).await;
    assert_eq!(house.only_call("ann").await["status"], "canceled");
    assert_eq!(house.world.provider.orphans(), []);
}

#[tokio::test]
async fn what_is_no_number_gets_an_apology_and_no_record() {
    let (house, ann) = house();
    for number in ["", "client:bob", "12", "+1555000222x", "sip:a@b"] {
        let near = ann.dial(&house, number);
        house.world.pass(10 * SECOND).await;
        let leg = house.world.provider.leg(&near);
        assert_eq!(leg.status, Status::Completed, "{number}");
        assert!(matches!(leg.heard[0].what, Sound::Said(_)), "{number}");
        assert_eq!(house.world.provider.children(&near), []);
    }
    assert_eq!(house.log("ann").await, [] as [serde_json::Value; 0]);
}

#[tokio::test]
async fn who_calls_is_what_the_provider_says() {
    let (house, _) = house();
    let parameters = [
        ("phoneNumber", FAR),
        ("From", "client:bob"),
        ("userId", "bob"),
        ("Caller", "client:bob"),
    ];
    house.world.provider.place_client_call("ann", &parameters);
    house.world.pass(5 * SECOND).await;
    assert_eq!(house.log("ann").await.len(), 1);
    assert_eq!(house.log("bob").await.len(), 0);
}

#[tokio::test]
async fn the_owner_ends_a_call_and_a_stranger_learns_nothing() {
    let (house, ann) = house();
    let bob = Agent::new(&house, "bob");
    let (near, far) = ann.talk(&house).await;
    let foreign = bob.end(&house, &near).await;
    let unknown = bob.end(&house, &nobodys_leg()).await;
    assert_eq!(foreign.0, 404);
    assert_eq!(foreign, unknown, "not even that there is one");
    assert_eq!(house.world.provider.leg(&far).status, Status::InProgress);
    let (status, answer) = ann.end(&house, &near).await;
    assert_eq!(
        (status, &answer["callSid"]),
        (200, &json!(near.to_string()))
    );
    assert_eq!(ann.end(&house, &near).await.0, 200, "again is fine");
    house.world.pass(5 * SECOND).await;
    for leg in [&near, &far] {
        assert_eq!(house.world.provider.leg(leg).status, Status::Completed);
    }
    assert_eq!(house.only_call("ann").await["status"], "completed");
}
