//! Calls that come in, and what becomes of them.

use crate::fixture::{CALLER, OURS, World, config, seconds};
use voip_sim::inspect::Status;
use voip_sim::magic_numbers as magic;
use voip_sim::phone::PhoneScript;
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
fn the_voice_url_is_asked_while_the_caller_hears_ringing() {
    let mut world = World::new(&[("/voice", "<Say>Hello</Say>")]);
    let sid = world.ring_in();
    world.run();
    let asked = world.asked("/voice");
    for (name, value) in [
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", CALLER),
        ("To", OURS),
        ("Caller", CALLER),
        ("Called", OURS),
        ("ApiVersion", "2010-04-01"),
        ("FromCountry", "US"),
        ("ToCity", ""),
    ] {
        assert_eq!(asked[0].field(name), Some(value), "{name}");
    }
    assert_eq!(world.call(&sid).said(), ["Hello"]);
    // A number's callback tells of the end alone, whatever else happened.
    assert_eq!(world.told(&sid), ["completed"]);
}

#[test]
fn documents_tell_how_a_number_was_verified_and_callbacks_only_the_level() {
    let mut world = World::new(&[("/voice", "<Say>Hello</Say>"), ("/answer", "")]);
    let script = PhoneScript::default().attested("TN-Validation-Passed-B");
    world.engine.set_phone(CALLER, script);
    world.ring_in();
    world.run();
    let asked = world.asked("/voice")[0];
    assert_eq!(asked.field("StirVerstat"), Some("TN-Validation-Passed-B"));
    assert_eq!(asked.field("StirStatus"), None);

    let sid = world.dial(CALLER);
    world.run();
    let levels: Vec<_> = world
        .statuses(&sid)
        .iter()
        .map(|told| (told.field("CallStatus").unwrap(), told.field("StirStatus")))
        .collect();
    assert_eq!(
        levels,
        [
            ("initiated", None),
            ("ringing", Some("B")),
            ("in-progress", Some("B")),
            ("completed", None)
        ]
    );
}

#[test]
fn a_caller_on_hold_is_moved_to_a_client_and_both_hear_each_other() {
    let mut world = World::new(HOLD);
    let caller = world.ring_in();
    world.run_for(seconds(25));
    assert_eq!(
        world.call(&caller).said().len(),
        3,
        "the sentence comes round every ten seconds"
    );
    let (status, _) = world.update(&caller, &[("Url", "http://app.test/connect")]);
    assert_eq!(status, 200);
    world.run_for(seconds(3));
    let client = world.child(&caller);
    assert_eq!(client.to, "client:manoj");
    assert_eq!(client.from, CALLER);
    assert_eq!(client.bridged_with.as_ref(), Some(&caller));
    assert_eq!(world.call(&caller).bridged_with, Some(client.sid.clone()));

    world.engine.hang_up(world.now, &client.sid).unwrap();
    world.run();
    let after = world.asked("/after");
    assert_eq!(after[0].field("CallSid"), Some(caller.as_str()));
    assert_eq!(after[0].field("DialCallStatus"), Some("completed"));
    assert_eq!(after[0].field("DialCallSid"), Some(client.sid.as_str()));
    assert_eq!(after[0].field("DialBridged"), Some("true"));
    assert_eq!(after[0].field("CallStatus"), Some("in-progress"));
    assert!(after[0].field("DialCallDuration").is_some());
    assert_eq!(world.call(&caller).said().last(), Some(&"Goodbye"));
    assert_eq!(world.call(&caller).status, Status::Completed);
}

#[test]
fn a_caller_who_gives_up_before_the_answer_ends_canceled() {
    let mut world = World::new(&[("/voice", "<Pause length=\"30\"/><Say>Too late</Say>")]);
    let sid = world.ring_in();
    world.run_for(seconds(5));
    assert_eq!(
        world.call(&sid).status,
        Status::Ringing,
        "a first pause does not answer"
    );
    world.engine.hang_up(world.now, &sid).unwrap();
    world.run();
    assert_eq!(world.told(&sid), ["canceled"]);
    assert!(world.call(&sid).heard.is_empty());
}

#[test]
fn a_rejected_call_is_never_answered() {
    for (document, status) in [
        ("<Reject/>", "no-answer"),
        ("<Reject reason=\"busy\"/>", "busy"),
    ] {
        let mut world = World::with(config(), move |webhook| match webhook.kind {
            voip_sim::webhook::WebhookKind::Status => WebhookAnswer::empty(200),
            _ => WebhookAnswer::twiml(format!("<Response>{document}</Response>")),
        });
        let sid = world.ring_in();
        world.run();
        assert_eq!(world.told(&sid), [status]);
        assert_eq!(world.call(&sid).answered_at, None);
    }
}

#[test]
fn an_empty_document_hangs_up_at_once() {
    let mut world = World::new(&[("/voice", "")]);
    let sid = world.ring_in();
    world.run();
    assert_eq!(world.told(&sid), ["completed"]);
}

#[test]
fn a_number_without_a_voice_url_fails_its_callers() {
    let mut config = config();
    config.number.voice_url = None;
    let mut world = World::with(config, |_| WebhookAnswer::empty(200));
    let sid = world.ring_in();
    world.run();
    assert_eq!(world.told(&sid), ["failed"]);
    assert_eq!(world.call(&sid).alerts[0].code, 11100);
    assert!(
        world
            .engine
            .place_call(world.now, magic::BUSY, "911")
            .is_err()
    );
}

#[test]
fn unusable_addresses_of_a_number_end_its_calls_without_going_round_in_circles() {
    let mut config = config();
    config.number.voice_url = Some("undefined/voice".to_owned());
    config.number.fallback_url = Some("undefined/fallback".to_owned());
    let mut world = World::with(config, |_| WebhookAnswer::empty(200));
    let sid = world.ring_in();
    world.run();
    assert_eq!(world.told(&sid), ["completed"]);
    let codes: Vec<_> = world
        .call(&sid)
        .alerts
        .iter()
        .map(|alert| alert.code)
        .collect();
    assert_eq!(codes, [11100, 11100]);
}
