//! Hold and unhold: a confirmed state, whatever happens in the middle.

use std::time::Duration;

use serde_json::{Value, json};
use voip_sim::{
    faults::{Faults, RestFault, RestTarget},
    inspect::Status,
    phone::PhoneScript,
    sid::CallSid,
};

use crate::{
    agent::{Agent, nobodys_leg, waits_on_music},
    device::Device,
    house::{BOB, House},
};

const SECOND: Duration = Duration::from_secs(1);

async fn talking() -> (House, Agent, CallSid, CallSid) {
    let house = House::new(7);
    let agent = Agent::new(&house, "ann");
    let (near, far) = agent.talk(&house).await;
    (house, agent, near, far)
}

fn fail(house: &House, target: RestTarget, fault: RestFault, times: u32) {
    let mut engine = house.world.provider.engine();
    engine.fail_next_rest(target, fault, times as usize);
}

/// Nobody was left alone, the books are closed, and no leg lives.
async fn all_is_over(house: &House) {
    house.world.pass(20 * SECOND).await;
    let provider = &house.world.provider;
    assert_eq!(provider.broken_invariants(), [] as [String; 0]);
    assert!(
        provider.longest_alone() <= 10 * SECOND,
        "{:?}",
        provider.longest_alone()
    );
    for leg in provider.legs() {
        assert!(
            leg.status.is_final(),
            "a leg lives on: {}",
            leg.status.as_str()
        );
    }
    assert_eq!(house.only_call("ann").await["status"], "completed");
}

fn holds_heard(device: &Device) -> Vec<String> {
    let heard = device.heard().into_iter();
    heard
        .filter(|frame| frame["type"] == "call_hold")
        .map(|frame| match frame["failed"] == true {
            true => format!("{} failed", frame["hold"].as_str().unwrap()),
            false => frame["hold"].as_str().unwrap().to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn hold_and_unhold_go_through_confirmed_states_and_the_far_end_hangs_up() {
    let (house, ann, near, far) = talking().await;
    let device = house.device("ann").await;
    let provider = &house.world.provider;
    for _ in 0..2 {
        let asked = house.world.now();
        let (status, answer) = ann.hold(&house, &near).await;
        assert_eq!(
            (status, &answer["success"]),
            (200, &json!(true)),
            "{answer}"
        );
        assert!(house.world.now().since(asked) < 2 * SECOND);
        assert!(
            waits_on_music(&provider.leg(&far)),
            "when it says so, it is so"
        );
        house.world.pass(30 * SECOND).await;
        assert!(waits_on_music(&provider.leg(&far)));
        let (status, _) = ann.unhold(&house, &near).await;
        assert_eq!(status, 200);
        house.world.rest().await;
        assert_eq!(provider.leg(&far).hears, std::slice::from_ref(&near));
    }
    assert_eq!(
        holds_heard(&device),
        [
            "holding", "held", "resuming", "talking", "holding", "held", "resuming", "talking"
        ]
    );
    assert_eq!(provider.rooms().len(), 1);
    provider.hang_up(&far);
    all_is_over(&house).await;
}

#[tokio::test]
async fn either_side_hanging_up_while_held_ends_both() {
    for near_hangs_up in [true, false] {
        let (house, ann, near, far) = talking().await;
        assert_eq!(ann.hold(&house, &near).await.0, 200);
        house.world.pass(60 * SECOND).await;
        let leg = if near_hangs_up { &near } else { &far };
        house.world.provider.hang_up(leg);
        all_is_over(&house).await;
    }
}

#[tokio::test]
async fn hold_pressed_twice_is_one_hold() {
    let (house, ann, near, far) = talking().await;
    let both = async { tokio::join!(ann.hold(&house, &near), ann.hold(&house, &near)) };
    let (first, second) = house.world.during(both).await;
    assert_eq!((first.0, second.0), (200, 200));
    assert_eq!(ann.hold(&house, &near).await.0, 200, "and once more");
    assert_eq!(house.world.provider.rooms().len(), 1);
    assert!(waits_on_music(&house.world.provider.leg(&far)));
    assert_eq!(ann.unhold(&house, &near).await.0, 200);
    assert_eq!(ann.unhold(&house, &near).await.0, 200, "and once more");
    house.world.provider.hang_up(&near);
    all_is_over(&house).await;
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_and_left_alone() {
    let house = House::new(7);
    let (ann, bob) = (Agent::new(&house, "ann"), Agent::new(&house, "bob"));
    let slow = PhoneScript::answers_after(10 * SECOND);
    house.world.provider.engine().set_phone(BOB, slow);
    let near = ann.dial(&house, BOB);
    house.world.pass(3 * SECOND).await;
    let (status, answer) = ann.hold(&house, &near).await;
    assert_eq!((status, &answer["code"]), (409, &json!("not_answered")));
    let foreign = bob.hold(&house, &near).await;
    let unknown = bob.hold(&house, &nobodys_leg()).await;
    assert_eq!((foreign.0, &foreign), (404, &unknown));
    house.world.pass(20 * SECOND).await;
    assert_eq!(house.only_call("ann").await["status"], "in-progress");
    assert_eq!(ann.unhold(&house, &near).await.0, 200, "it is not on hold");
    house.world.provider.hang_up(&near);
    house.world.pass(5 * SECOND).await;
    assert_eq!(ann.hold(&house, &near).await, unknown, "it is over");
    all_is_over(&house).await;
}

#[tokio::test]
async fn a_hang_up_in_the_middle_of_a_hold_leaves_nobody_behind() {
    for (fault, at) in [
        (RestFault::LegEndsBefore, "the far end before the move"),
        (
            RestFault::LegEndsAfter(Duration::from_millis(50)),
            "the far end during it",
        ),
        (
            RestFault::LegEndsAfter(Duration::from_millis(300)),
            "the far end after it",
        ),
        (
            RestFault::PartnerEndsAfter(Duration::from_millis(10)),
            "the agent before it",
        ),
        (
            RestFault::PartnerEndsAfter(Duration::from_millis(210)),
            "the agent during it",
        ),
        (
            RestFault::PartnerEndsAfter(Duration::from_millis(600)),
            "the agent after it",
        ),
    ] {
        for slow in [false, true] {
            let (house, ann, near, _) = talking().await;
            // With slow documents the legs are apart for a while.
            house.world.provider.engine().set_faults(Faults {
                delay_documents: f64::from(u8::from(slow)),
                ..Faults::default()
            });
            fail(&house, RestTarget::Redirects, fault, 1);
            let (status, answer) = ann.hold(&house, &near).await;
            assert!(matches!(status, 200 | 404 | 502), "{at}: {status} {answer}");
            all_is_over(&house).await;
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_hold() {
    for target in [RestTarget::Redirects, RestTarget::Holds] {
        for fault in [RestFault::NeverAnswer, RestFault::BadGatewayAfterwards] {
            let (house, ann, near, far) = talking().await;
            fail(&house, target, fault, 1);
            let (status, answer) = ann.hold(&house, &near).await;
            assert_eq!(status, 200, "{target:?} {fault:?}: {answer}");
            assert!(waits_on_music(&house.world.provider.leg(&far)));
            house.world.provider.hang_up(&far);
            all_is_over(&house).await;
        }
    }
}

#[tokio::test]
async fn a_hold_that_the_provider_does_not_do_is_reported_and_the_talk_goes_on() {
    for target in [RestTarget::Redirects, RestTarget::Holds] {
        for fault in [
            RestFault::ServerError,
            RestFault::Lost,
            RestFault::TooManyRequests,
        ] {
            let (house, ann, near, far) = talking().await;
            let device = house.device("ann").await;
            fail(&house, target, fault, 50);
            let (status, answer) = ann.hold(&house, &near).await;
            let expected = (502, &json!("hold_unconfirmed"));
            assert_eq!((status, &answer["code"]), expected, "{target:?} {fault:?}");
            assert_eq!(holds_heard(&device).last().unwrap(), "talking failed");
            house.world.provider.engine().forget_scripted_faults();
            house.world.pass(30 * SECOND).await;
            assert_eq!(
                house.world.provider.leg(&far).hears,
                std::slice::from_ref(&near),
                "{target:?} {fault:?}"
            );
            // The next try goes well.
            assert_eq!(ann.hold(&house, &near).await.0, 200, "{target:?} {fault:?}");
            assert!(waits_on_music(&house.world.provider.leg(&far)));
            house.world.provider.hang_up(&near);
            all_is_over(&house).await;
        }
    }
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_a_hold_takes_it_up_again() {
    for millis in [0, 20, 150, 210, 260, 400, 700] {
        let (mut house, ann, near, far) = talking().await;
        {
            let hold = std::pin::pin!(ann.hold(&house, &near));
            // Long enough for so much of it; then nobody waits for it any more.
            let pass = house.world.pass(Duration::from_millis(millis));
            futures_util::future::select(hold, std::pin::pin!(pass)).await;
        }
        house.dies_and_starts_again().await;
        house.world.pass(30 * SECOND).await;
        let (status, answer) = ann.hold(&house, &near).await;
        assert_eq!(status, 200, "after {millis} ms: {answer}");
        let leg = house.world.provider.leg(&far);
        assert!(waits_on_music(&leg), "after {millis} ms");
        assert_eq!(ann.unhold(&house, &near).await.0, 200);
        house.world.provider.hang_up(&near);
        all_is_over(&house).await;
    }
}

#[tokio::test]
async fn a_missing_or_odd_sid_is_a_bad_request_or_unknown() {
    let house = House::new(7);
    let bearer = format!("Bearer {}", house.token("ann"));
    for (body, status) in [
        (json!({}), 400),
        (json!({"parentCallSid": 7}), 400),
        (json!({"parentCallSid": "../Calls"}), 404),
        (json!({"parentCallSid": ""}), 400),
        (json!({"parentCallSid": " "}), 400),
    ] {
        for path in ["/api/hold-call", "/api/unhold-call"] {
            let headers = [("authorization", bearer.as_str())];
            let answer = house.post_with(path, &body, &headers).await;
            assert_eq!(answer.0, status, "{path} {body}: {}", answer.1);
        }
        let answer: (u16, Value) = house.post("/api/hold-call", &body).await;
        assert_eq!(answer.0, 401);
    }
    assert_eq!(
        house
            .world
            .provider
            .legs()
            .iter()
            .filter(|leg| leg.status == Status::InProgress)
            .count(),
        0
    );
}

#[tokio::test]
async fn only_the_two_legs_of_a_call_enter_its_conference() {
    let (house, ann, near, far) = talking().await;
    assert_eq!(ann.hold(&house, &near).await.0, 200);
    let (_, other) = Agent::new(&house, "bob").talk(&house).await;
    let target = format!("/api/call-events?conferenceName={near}");
    for (leg, enters) in [
        (&near, true),
        (&far, true),
        (&other, false),
        (&nobodys_leg(), false),
    ] {
        let (status, markup) = house.voice_webhook(&target, leg).await;
        assert_eq!(status, 200, "{markup}");
        assert_eq!(markup.contains("<Conference"), enters, "{markup}");
        assert_eq!(markup.contains("<Hangup"), !enters, "{markup}");
    }
}

#[tokio::test]
async fn who_comes_back_learns_that_a_call_is_on_hold() {
    let (house, ann, near, _) = talking().await;
    let told = async || {
        let (_device, heard) = house.device_hearing_all("ann").await;
        let holds = heard.iter().filter(|frame| frame["type"] == "call_hold");
        holds.map(|frame| frame["hold"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        told().await,
        [""; 0],
        "nothing is said of a call that is not"
    );
    assert_eq!(ann.hold(&house, &near).await.0, 200);
    assert_eq!(told().await, ["held"]);
}
