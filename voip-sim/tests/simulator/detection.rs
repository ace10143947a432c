//! Machine detection, keys that are sent, speech, and cookies.

use std::time::Duration;

use voip_sim::detection::AnsweredBy;
use voip_sim::inspect::Sound;
use voip_sim::phone::PhoneScript;
use voip_sim::sid::CallSid;
use voip_sim::webhook::{WebhookAnswer, WebhookKind};

use crate::fixture::{OURS, World, config, path_of, seconds};

const MACHINE: &str = "+15005550150";

fn world() -> World {
    let mut world = World::new(&[("/answer", "<Pause length='5'/>")]);
    let script = PhoneScript::answers_after(Duration::ZERO).answered_by(AnsweredBy::Machine);
    world.engine.set_phone(MACHINE, script);
    world
}

fn place(world: &mut World, more: &[(&str, &str)]) -> CallSid {
    let mut fields = vec![
        ("To", MACHINE),
        ("From", OURS),
        ("Url", "http://app.test/answer"),
        ("StatusCallback", "http://app.test/status"),
    ];
    fields.extend(more);
    let (status, call) = world.json("POST", "/Calls.json", &fields);
    assert_eq!(status, 201, "{call}");
    CallSid::parse(call["sid"].as_str().unwrap()).unwrap()
}

#[test]
fn the_document_waits_for_the_verdict() {
    let mut world = world();
    let call = place(&mut world, &[("MachineDetection", "Enable")]);
    world.run_for(seconds(2));
    assert!(world.asked("/answer").is_empty());
    world.run();
    let asked = world.asked("/answer");
    assert_eq!(asked[0].field("AnsweredBy"), Some("machine_start"));
    let last = world.statuses(&call)[0];
    assert_eq!(last.field("AnsweredBy"), Some("machine_start"));
    let (_, shown) = world.json("GET", &format!("/Calls/{call}.json"), &[]);
    assert_eq!(shown["answered_by"], "machine_start");
}

#[test]
fn an_asynchronous_verdict_comes_by_callback_and_the_call_goes_on() {
    let mut world = world();
    let detection = [
        ("MachineDetection", "DetectMessageEnd"),
        ("AsyncAmd", "true"),
        ("AsyncAmdStatusCallback", "http://app.test/amd"),
    ];
    let call = place(&mut world, &detection);
    world.run_for(seconds(2));
    assert_eq!(world.asked("/answer")[0].field("AnsweredBy"), None);
    world.run();
    let mut sent = world.sent.iter();
    let told = sent
        .find(|webhook| webhook.kind == WebhookKind::Event)
        .unwrap();
    assert_eq!(path_of(told), "/amd");
    assert_eq!(told.field("AnsweredBy"), Some("machine_end_beep"));
    assert_eq!(told.field("MachineDetectionDuration"), Some("5000"));
    assert_eq!(told.field("CallSid"), Some(call.as_str()));
    assert_eq!(told.field("CallStatus"), None);
}

#[test]
fn bad_detection_is_refused_and_digits_come_before_it() {
    let mut world = world();
    for (name, value) in [
        ("MachineDetection", "Maybe"),
        ("MachineDetectionTimeout", "2"),
        ("MachineDetectionSpeechThreshold", "10"),
    ] {
        let mut fields = vec![
            ("To", MACHINE),
            ("From", OURS),
            ("Url", "http://app.test/answer"),
        ];
        if name != "MachineDetection" {
            fields.push(("MachineDetection", "Enable"));
        }
        fields.push((name, value));
        let (status, refusal) = world.json("POST", "/Calls.json", &fields);
        assert_eq!((status, &refusal["code"]), (400, &21234.into()), "{name}");
    }
    let digits = [("MachineDetection", "Enable"), ("SendDigits", "WW12#")];
    let call = place(&mut world, &digits);
    world.run();
    let shown = world.call(&call);
    assert_eq!(shown.heard[0].what, Sound::Keys("WW12#".to_owned()));
    assert_eq!(shown.answered_by, None);
    assert_eq!(world.asked("/answer").len(), 1);
}

#[test]
fn a_noun_sends_keys_and_finds_out_who_answers() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial><Number sendDigits='w7' machineDetection='Enable' amdStatusCallback='/amd'>\
         +15005550150</Number></Dial>",
    )]);
    let script = PhoneScript::answers_after(Duration::ZERO)
        .answered_by(AnsweredBy::Fax)
        .hanging_up_after(seconds(3));
    world.engine.set_phone(MACHINE, script);
    let caller = world.ring_in();
    world.run();
    let child = world.child(&caller);
    assert_eq!(child.heard[0].what, Sound::Keys("w7".to_owned()));
    assert_eq!(child.answered_by, Some("fax"));
    assert!(world.sent.iter().any(|webhook| path_of(webhook) == "/amd"));
}

#[test]
fn a_gather_that_listens_takes_what_is_said() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Gather input='speech' action='/heard'><Say>Speak</Say></Gather>",
        ),
        (
            "/heard",
            "<Gather action='/never'><Say>Keys only</Say></Gather><Hangup/>",
        ),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(1));
    world.engine.press(world.now, &caller, "1").unwrap();
    world
        .engine
        .speak(world.now, &caller, "sales, please")
        .unwrap();
    world.run_for(seconds(1));
    let heard = world.asked("/heard")[0];
    assert_eq!(heard.field("SpeechResult"), Some("sales, please"));
    assert!(heard.field("Confidence").is_some());
    assert_eq!(heard.field("Digits"), None);
    world.engine.speak(world.now, &caller, "not now").unwrap();
    world.run();
    assert!(world.asked("/never").is_empty());
}

#[test]
fn cookies_come_back_within_the_call_and_to_the_same_host_only() {
    let mut world = World::with(config(), |webhook| {
        let document = match path_of(webhook).as_str() {
            "/voice" => "<Response><Redirect>/next</Redirect></Response>",
            "/next" => "<Response><Redirect>http://other.test/third</Redirect></Response>",
            _ => "<Response><Hangup/></Response>",
        };
        match WebhookAnswer::twiml(document) {
            WebhookAnswer::Replied {
                status,
                content_type,
                location,
                body,
                ..
            } => WebhookAnswer::Replied {
                status,
                content_type,
                location,
                cookies: vec!["session=abc; Path=/; HttpOnly".to_owned(), "b=2".to_owned()],
                body,
            },
            failed @ WebhookAnswer::Failed(_) => failed,
        }
    });
    world.ring_in();
    world.run();
    assert_eq!(world.asked("/voice")[0].header("Cookie"), None);
    assert_eq!(
        world.asked("/next")[0].header("Cookie"),
        Some("session=abc; b=2")
    );
    assert_eq!(world.asked("/third")[0].header("Cookie"), None);
    world.sent.clear();
    world.ring_in();
    world.run();
    assert_eq!(
        world.asked("/voice")[0].header("Cookie"),
        None,
        "another call"
    );
}
