//! Connecting a caller with somebody, and how that ends.

use std::time::Duration;

use crate::fixture::{CALLER, OURS, World, config, seconds};
use voip_sim::inspect::Status;
use voip_sim::phone::{ClientScript, Outcome, PhoneScript};
use voip_sim::webhook::WebhookAnswer;

const HOLD: &[(&str, &str)] = &[
    (
        "/voice",
        "<Say>Please wait</Say><Pause length=\"10\"/><Redirect>/voice</Redirect>",
    ),
    (
        "/connect",
        "<Dial action=\"/after\"><Client>manoj</Client></Dial>",
    ),
    ("/after", "<Say>Goodbye</Say>"),
];

#[test]
fn nobody_at_the_client_goes_to_the_action_or_the_next_verb() {
    for (outcome, word) in [
        (Outcome::Offline, "no-answer"),
        (Outcome::NoAnswer, "no-answer"),
        (Outcome::Reject, "busy"),
        (Outcome::Busy, "busy"),
        (Outcome::Failed, "failed"),
    ] {
        let mut world = World::new(&[
            (
                "/voice",
                "<Dial action=\"/after\" timeout=\"20\"><Client>ann</Client></Dial>",
            ),
            ("/after", "<Say>Nobody is there</Say>"),
        ]);
        let script = ClientScript {
            outcome,
            ..PhoneScript::default()
        };
        world.engine.set_client("ann", script);
        let sid = world.ring_in();
        world.run();
        assert_eq!(world.asked("/after")[0].field("DialCallStatus"), Some(word));
        assert_eq!(world.asked("/after")[0].field("DialBridged"), Some("false"));
        assert_eq!(world.call(&sid).said(), ["Nobody is there"]);
    }
    let mut world = World::new(&[(
        "/voice",
        "<Dial timeout=\"20\"><Client>ann</Client></Dial><Say>Nobody is there</Say>",
    )]);
    world.engine.set_client("ann", PhoneScript::offline());
    let sid = world.ring_in();
    world.run();
    assert_eq!(world.call(&sid).said(), ["Nobody is there"]);
}

#[test]
fn a_dial_rings_five_seconds_longer_than_its_timeout() {
    let mut world = World::new(&[("/voice", "<Dial timeout=\"20\"><Client>ann</Client></Dial>")]);
    world.engine.set_client("ann", PhoneScript::no_answer());
    let sid = world.ring_in();
    world.run();
    let child = world.child(&sid);
    let rang = child.ended_at.unwrap() - child.created_at;
    // 200 ms pass before it rings.
    assert_eq!(rang.whole_milliseconds(), 25_200);
}

#[test]
fn the_first_of_several_to_answer_is_connected_and_the_others_stop() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial><Client>slow</Client><Client>fast</Client><Number>+15005550100</Number></Dial>",
    )]);
    world
        .engine
        .set_client("slow", PhoneScript::answers_after(seconds(9)));
    world
        .engine
        .set_client("fast", PhoneScript::answers_after(seconds(4)));
    let sid = world.ring_in();
    world.run_for(seconds(12));
    let ended: Vec<_> = world
        .children(&sid)
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(ended, [Status::Canceled, Status::InProgress, Status::Busy]);
    assert_eq!(world.children(&sid)[1].bridged_with, Some(sid));
}

#[test]
fn targets_in_sequence_are_called_one_after_the_other() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial sequential=\"true\"><Number>+15005550100</Number><Client>ann</Client></Dial>",
    )]);
    let sid = world.ring_in();
    world.run_for(Duration::from_millis(100));
    assert_eq!(world.children(&sid).len(), 1);
    world.run_for(seconds(3));
    let children = world.children(&sid);
    assert_eq!(children[0].status, Status::Busy);
    assert_eq!(children[1].bridged_with, Some(sid));
}

#[test]
fn with_answer_on_bridge_the_caller_hears_ringing_until_the_callee_answers() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial answerOnBridge=\"true\"><Client>ann</Client></Dial>",
    )]);
    world
        .engine
        .set_client("ann", PhoneScript::answers_after(seconds(8)));
    let sid = world.ring_in();
    world.run_for(seconds(5));
    assert_eq!(world.call(&sid).status, Status::Ringing);
    world.run_for(seconds(5));
    assert_eq!(world.call(&sid).status, Status::InProgress);
    assert_eq!(world.call(&sid).answered_at, world.child(&sid).answered_at);
}

#[test]
fn a_caller_who_hangs_up_takes_the_callee_along_and_the_action_is_still_asked() {
    for (rings, child_status, dial_status) in [
        (60, Status::Canceled, "canceled"),
        (1, Status::Completed, "completed"),
    ] {
        let mut world = World::new(HOLD);
        world
            .engine
            .set_client("manoj", PhoneScript::answers_after(seconds(rings)));
        let caller = world.ring_in();
        world.run_for(seconds(2));
        world.update(&caller, &[("Url", "http://app.test/connect")]);
        world.run_for(seconds(10));
        world.engine.hang_up(world.now, &caller).unwrap();
        world.run();
        assert_eq!(world.child(&caller).status, child_status);
        let after = world.asked("/after");
        assert_eq!(after[0].field("CallStatus"), Some("completed"));
        assert_eq!(after[0].field("DialCallStatus"), Some(dial_status));
        assert!(
            !world.call(&caller).said().contains(&"Goodbye"),
            "its answer is ignored"
        );
    }
}

#[test]
fn a_redirected_caller_loses_the_callee_and_the_old_action_is_asked_in_vain() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Dial action=\"/after\"><Client>ann</Client></Dial>",
        ),
        ("/after", "<Say>From the action</Say>"),
        ("/elsewhere", "<Say>Elsewhere</Say>"),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(5));
    world.update(&caller, &[("Url", "http://app.test/elsewhere")]);
    world.run();
    assert_eq!(world.child(&caller).status, Status::Completed);
    assert_eq!(world.asked("/after").len(), 1);
    assert_eq!(world.call(&caller).said(), ["Elsewhere"]);
}

#[test]
fn a_redirected_callee_lives_on_and_its_callers_dial_is_over() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Dial action=\"/after\"><Number statusCallback=\"/leg\" \
             statusCallbackEvent=\"initiated answered completed\">+15005550106</Number></Dial>",
        ),
        ("/after", "<Pause length=\"60\"/>"),
        ("/room", "<Play loop=\"0\">music.mp3</Play>"),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(5));
    let callee = world.child(&caller).sid;
    world.update(&callee, &[("Url", "http://app.test/room")]);
    world.run_for(seconds(1));
    let after = world.asked("/after");
    assert_eq!(after[0].field("DialCallStatus"), Some("answered"));
    assert_eq!(after[0].field("DialCallSid"), Some(callee.as_str()));
    assert_eq!(after[0].field("DialCallDuration"), None);
    assert_eq!(world.call(&callee).parent.as_ref(), Some(&caller));
    assert_eq!(world.call(&callee).bridged_with, None);

    world.engine.hang_up(world.now, &caller).unwrap();
    world.run_for(seconds(1));
    assert_eq!(
        world.call(&callee).status,
        Status::InProgress,
        "neither ends the other now"
    );
    world.engine.hang_up(world.now, &callee).unwrap();
    world.run();
    assert_eq!(
        world.told(&callee),
        ["initiated", "in-progress", "completed"]
    );
    let told = world.statuses(&callee)[0];
    assert_eq!(told.url, "http://app.test/leg");
    assert_eq!(told.field("ParentCallSid"), Some(caller.as_str()));
    assert_eq!(told.field("Direction"), Some("outbound-dial"));
}

#[test]
fn a_callee_hears_the_screening_document_before_the_caller() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Dial><Number url=\"/screen\">+15005550106</Number></Dial>",
        ),
        ("/screen", "<Say>A call for you</Say>"),
    ]);
    let caller = world.ring_in();
    world.run_for(Duration::from_millis(1500));
    assert_eq!(world.child(&caller).bridged_with, None);
    world.run_for(seconds(3));
    let callee = world.child(&caller);
    assert_eq!(callee.said(), ["A call for you"]);
    assert_eq!(callee.bridged_with, Some(caller.clone()));
    let asked = world.asked("/screen");
    assert_eq!(asked[0].field("CallSid"), Some(callee.sid.as_str()));
    assert_eq!(asked[0].field("ParentCallSid"), Some(caller.as_str()));
}

#[test]
fn a_callee_who_hangs_up_while_screening_was_never_connected() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Dial action=\"/after\"><Number url=\"/screen\">+15005550106</Number></Dial>",
        ),
        ("/screen", "<Hangup/>"),
        ("/after", ""),
    ]);
    world.ring_in();
    world.run();
    let after = world.asked("/after");
    assert_eq!(after[0].field("DialCallStatus"), Some("completed"));
    assert_eq!(after[0].field("DialBridged"), Some("false"));
}

#[test]
fn a_conversation_ends_at_its_time_limit_and_by_the_callers_star() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial timeLimit=\"30\"><Client>ann</Client></Dial><Say>Time is up</Say>",
    )]);
    let caller = world.ring_in();
    world.run();
    let talked = world.child(&caller);
    assert_eq!(
        (talked.ended_at.unwrap() - talked.answered_at.unwrap()).whole_seconds(),
        30
    );
    assert_eq!(world.call(&caller).said(), ["Time is up"]);

    let mut world = World::new(&[(
        "/voice",
        "<Dial hangupOnStar=\"true\"><Client>ann</Client></Dial><Say>You pressed star</Say>",
    )]);
    let caller = world.ring_in();
    world.run_for(seconds(5));
    world.engine.press(world.now, &caller, "1*").unwrap();
    world.run();
    assert_eq!(world.child(&caller).status, Status::Completed);
    assert_eq!(world.call(&caller).said(), ["You pressed star"]);
}

#[test]
fn custom_parameters_reach_the_client_and_the_caller_id_is_shown() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial callerId=\"+15005550006\"><Client><Identity>ann</Identity>\
         <Parameter name=\"call\" value=\"a &amp; b\"/></Client></Dial>",
    )]);
    let caller = world.ring_in();
    world.run_for(seconds(5));
    let client = world.child(&caller);
    assert_eq!(client.parameters, [("call".to_owned(), "a & b".to_owned())]);
    assert_eq!(client.from, OURS);
}

#[test]
fn an_invalid_number_to_dial_fails_without_a_leg() {
    let mut world = World::new(&[
        ("/voice", "<Dial action=\"/after\">not a number</Dial>"),
        ("/after", "<Say>Failed</Say>"),
    ]);
    let caller = world.ring_in();
    world.run();
    assert!(world.children(&caller).is_empty());
    assert_eq!(
        world.asked("/after")[0].field("DialCallStatus"),
        Some("failed")
    );
    assert_eq!(world.call(&caller).alerts[0].code, 13223);
}

#[test]
fn a_callee_can_pick_up_and_decline_by_hand() {
    let mut world = World::new(&[("/voice", "<Dial><Client>ann</Client></Dial>")]);
    world.engine.set_client("ann", PhoneScript::no_answer());
    let caller = world.ring_in();
    world.run_for(seconds(5));
    let client = world.child(&caller).sid;
    world.engine.pick_up(world.now, &client).unwrap();
    assert_eq!(world.call(&caller).bridged_with, Some(client));

    let caller = world.ring_in();
    world.run_for(seconds(5));
    let client = world.child(&caller).sid;
    world.engine.hang_up(world.now, &client).unwrap();
    assert_eq!(world.call(&client).status, Status::Busy);
    assert!(world.engine.pick_up(world.now, &client).is_err());
}

#[test]
fn a_document_full_of_hopeless_dials_is_worked_off_one_by_one() {
    let document = format!(
        "<Response>{}<Say>End</Say></Response>",
        "<Dial>x</Dial>".repeat(4000)
    );
    let mut world = World::with(config(), move |_| WebhookAnswer::twiml(document.clone()));
    let caller = world.ring_in();
    world.run();
    assert_eq!(world.call(&caller).alerts.len(), 4000);
    assert_eq!(world.call(&caller).said(), ["End"]);
}

#[test]
fn a_dial_shows_numbers_of_the_account_or_of_the_call() {
    const OWNED: &str = "+14155550100";
    for (shown, called) in [
        (OWNED, true),
        (OURS, true),
        (CALLER, true),
        ("+14155550199", false),
        ("nobody", false),
    ] {
        let mut config = config();
        config.owned_numbers = Some(vec![OWNED.to_owned()]);
        let mut world = World::with(config, move |webhook| {
            if crate::fixture::is_callback(webhook) {
                return WebhookAnswer::empty(204);
            }
            WebhookAnswer::twiml(format!(
                "<Response><Dial callerId='{shown}'>+15005550106</Dial></Response>"
            ))
        });
        let caller = world.ring_in();
        world.run_for(seconds(3));
        assert_eq!(
            world.children(&caller).len(),
            usize::from(called),
            "{shown}"
        );
        let alerts: Vec<u32> = world.call(&caller).alerts.iter().map(|a| a.code).collect();
        assert_eq!(alerts.contains(&13214), !called, "{shown}");
    }
}
