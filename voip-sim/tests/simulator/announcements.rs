//! Announcements: everybody, or one, is told something while the conference goes on.

use voip_sim::inspect::Sound;
use voip_sim::sid::CallSid;

use crate::fixture::{World, seconds};

const DOCUMENTS: &[(&str, &str)] = &[
    (
        "/first",
        "<Dial><Conference statusCallback=\"/told\" statusCallbackEvent=\"announcement\">r\
         </Conference></Dial>",
    ),
    ("/next", "<Dial><Conference>r</Conference></Dial>"),
    (
        "/closing",
        "<Say>We close in five minutes</Say><Dial>+15005550104</Dial>",
    ),
];

/// A conference of three, and its SID; the last one is on hold.
fn conference() -> (World, String, [CallSid; 3]) {
    let mut world = World::new(DOCUMENTS);
    let legs = [
        world.enters("/first"),
        world.enters("/next"),
        world.enters("/next"),
    ];
    let room = world.engine.rooms()[0].sid.clone();
    let held = world.participant(&room, &legs[2], &[("Hold", "true")]);
    assert_eq!(held.0, 200);
    (world, room, legs)
}

fn announce(world: &mut World, path: &str, document: &str) {
    let url = format!("http://app.test{document}");
    let (status, body) = world.json("POST", path, &[("AnnounceUrl", &url)]);
    assert_eq!(status, 200, "{body}");
}

fn was_told(world: &World, leg: &CallSid) -> bool {
    world.call(leg).said() == ["We close in five minutes"]
}

#[test]
fn everybody_who_is_not_held_hears_it_and_they_go_on_hearing_each_other() {
    let (mut world, room, legs) = conference();
    announce(&mut world, &format!("/Conferences/{room}.json"), "/closing");
    world.run_for(seconds(10));
    let asked = world.asked("/closing");
    assert_eq!((asked.len(), asked[0].method.as_str()), (1, "POST"));
    assert!(was_told(&world, &legs[0]) && was_told(&world, &legs[1]));
    assert!(!was_told(&world, &legs[2]), "the held one hears its music");
    assert_eq!(world.call(&legs[2]).listens_to, Some(Sound::Music));
    assert_eq!(world.call(&legs[0]).hears, std::slice::from_ref(&legs[1]));
    assert_eq!(world.words(), ["announcement-end"]);
    let told = world.sent.last().unwrap();
    assert_eq!(told.field("AnnounceUrl"), Some("http://app.test/closing"));
    // What it may not do is skipped, and said.
    assert!(
        world
            .call(&legs[0])
            .alerts
            .iter()
            .any(|alert| alert.code == 13238)
    );
    assert!(world.children(&legs[0]).is_empty());
}

#[test]
fn one_participant_hears_what_is_meant_for_it_even_on_hold() {
    let (mut world, room, legs) = conference();
    let path = format!("/Conferences/{room}/Participants/{}.json", legs[2]);
    announce(&mut world, &path, "/closing");
    world.run_for(seconds(10));
    assert!(was_told(&world, &legs[2]));
    assert!(!was_told(&world, &legs[0]) && !was_told(&world, &legs[1]));
}

#[test]
fn one_that_cannot_be_had_is_told_with_its_reason() {
    let (mut world, room, legs) = conference();
    announce(&mut world, &format!("/Conferences/{room}.json"), "/missing");
    world.run_for(seconds(10));
    assert_eq!(world.words(), ["announcement-fail"]);
    let told = world.sent.last().unwrap();
    assert!(
        told.field("ReasonAnnouncementFailed")
            .is_some_and(|why| !why.is_empty())
    );
    assert_eq!(world.call(&legs[0]).alerts[0].code, 11200);
    assert_eq!(world.call(&legs[0]).status.as_str(), "in-progress");
}

#[test]
fn a_conference_that_ends_in_the_middle_ends_its_announcement_quietly() {
    let (mut world, room, _) = conference();
    announce(&mut world, &format!("/Conferences/{room}.json"), "/closing");
    world.run_for(seconds(1));
    let path = format!("/Conferences/{room}.json");
    assert_eq!(world.json("POST", &path, &[("Status", "completed")]).0, 200);
    announce(&mut world, &path, "/closing");
    world.run();
    assert!(world.words().iter().all(|word| word != "announcement-end"));
    let (status, refused) = world.json("POST", &path, &[("AnnounceUrl", "nowhere")]);
    assert_eq!((status, &refused["code"]), (400, &21205.into()));
}
