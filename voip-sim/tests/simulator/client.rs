//! Calls that voice clients place through a TwiML App.

use voip_sim::engine::{Application, DriveError, NumberConfig};
use voip_sim::webhook::WebhookAnswer;

use crate::fixture::{World, by_path, config, seconds};

const APPLICATION: &str = "AP000000000000000000000000000000c1";
const JOIN: &[(&str, &str)] = &[
    (
        "/join",
        "<Dial callerId=\"+15005550006\" action=\"/after\"><Number>+15005550106</Number></Dial>",
    ),
    ("/after", ""),
];

fn world() -> World {
    world_with(JOIN)
}

fn world_with(documents: &'static [(&'static str, &'static str)]) -> World {
    let mut config = config();
    config.application = Some(Application {
        sid: APPLICATION.to_owned(),
        voice: NumberConfig {
            voice_url: Some("http://app.test/join".to_owned()),
            status_url: Some("http://app.test/app-status".to_owned()),
            ..NumberConfig::default()
        },
    });
    World::with(config, |webhook| by_path(documents, webhook))
}

fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn the_application_is_asked_with_the_clients_parameters() {
    let mut world = world();
    let custom = parameters(&[("phoneNumber", "+15005550106"), ("userId", "42")]);
    let sid = world
        .engine
        .place_client_call(world.now, "user", &custom)
        .unwrap();
    world.run_for(seconds(5));
    let asked = world.asked("/join")[0];
    for (name, value) in [
        ("From", "client:user"),
        ("Caller", "client:user"),
        ("To", ""),
        ("Called", ""),
        ("Direction", "inbound"),
        ("CallStatus", "ringing"),
        ("ApplicationSid", APPLICATION),
        ("phoneNumber", "+15005550106"),
        ("userId", "42"),
    ] {
        assert_eq!(asked.field(name), Some(value), "{name}");
    }
    assert_eq!(asked.field("FromCountry"), None, "clients live nowhere");
    let child = world.child(&sid);
    assert_eq!(child.from, "+15005550006");
    assert_eq!(child.bridged_with, Some(sid.clone()));
    world.engine.hang_up(world.now, &sid).unwrap();
    world.run();
    assert_eq!(world.told(&sid), ["completed"]);
    assert_eq!(
        world.asked("/after")[0].field("userId"),
        None,
        "only the first request has them"
    );
}

#[test]
fn a_client_can_fill_to_and_nothing_else_that_the_provider_sets() {
    let mut world = world();
    let forged = parameters(&[
        ("To", "+15005550106"),
        ("From", "client:boss"),
        ("CallSid", "CA1"),
        ("AccountSid", "AC1"),
        ("ApplicationSid", "AP1"),
        ("Called", "x"),
    ]);
    let sid = world
        .engine
        .place_client_call(world.now, "user", &forged)
        .unwrap();
    world.run_for(seconds(1));
    let asked = world.asked("/join")[0];
    assert_eq!(asked.field("To"), Some("+15005550106"));
    assert_eq!(asked.field("Called"), Some(""));
    assert_eq!(asked.field("From"), Some("client:user"));
    assert_eq!(asked.field("CallSid"), Some(sid.as_str()));
    assert_eq!(asked.field("ApplicationSid"), Some(APPLICATION));
    for name in ["From", "To", "CallSid"] {
        assert_eq!(
            asked.form.iter().filter(|(field, _)| field == name).count(),
            1
        );
    }
}

#[test]
fn without_an_application_or_a_proper_name_nobody_calls() {
    let mut world = World::with(config(), |_| WebhookAnswer::empty(200));
    let (now, none) = (world.now, Vec::new());
    let placed = world.engine.place_client_call(now, "user", &none);
    assert_eq!(placed, Err(DriveError::NoApplication));
    let placed = world.engine.place_client_call(now, "us er", &none);
    assert_eq!(placed, Err(DriveError::BadIdentity));
}

#[test]
fn a_client_needs_a_number_to_show_to_a_telephone() {
    let mut world = world_with(&[
        ("/join", "<Dial action=\"/after\">+15005550106</Dial>"),
        ("/after", ""),
    ]);
    let sid = world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run();
    assert_eq!(
        world.asked("/after")[0].field("DialCallStatus"),
        Some("failed")
    );
    assert_eq!(world.call(&sid).alerts[0].code, 13214);
}
