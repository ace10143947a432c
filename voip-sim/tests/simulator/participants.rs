//! Conferences and participants over REST: reading, holding, muting, removing.

use std::time::Duration;

use serde_json::Value;
use voip_sim::inspect::{RoomStatus, Sound, Status};

use crate::conference::{ROOM, hears};
use crate::fixture::{World, by_path, config, seconds};

#[test]
fn a_held_participant_hears_music_and_nobody_hears_it() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/patient"));
    let room = world.engine.rooms().remove(0).sid;
    for _ in 0..2 {
        let (status, participant) = world.participant(&room, &two, &[("Hold", "true")]);
        assert_eq!((status, participant["hold"].as_bool()), (200, Some(true)));
    }
    world.run_for(seconds(1));
    assert_eq!(world.call(&two).listens_to, Some(Sound::Music));
    assert!(world.call(&two).hears.is_empty() && world.call(&one).hears.is_empty());
    let (_, list) = world.json(
        "GET",
        &format!("/Conferences/{room}/Participants.json?Hold=true"),
        &[],
    );
    assert_eq!(list["participants"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        assert_eq!(world.participant(&room, &two, &[("Hold", "false")]).0, 200);
    }
    world.run_for(seconds(1));
    assert_eq!(hears(&world.call(&two)), [&one]);
    let holds: Vec<_> = world
        .words()
        .into_iter()
        .filter(|word| word.contains("hold"))
        .collect();
    assert_eq!(
        holds,
        ["participant-hold", "participant-unhold"],
        "the same value again tells nothing"
    );
}

#[test]
fn the_start_of_a_room_ends_no_hold() {
    let mut world = World::new(ROOM);
    let one = world.enters("/answer");
    let room = world.engine.rooms().remove(0).sid;
    assert_eq!(world.participant(&room, &one, &[("Hold", "true")]).0, 200);
    let two = world.enters("/answer");
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::InProgress);
    assert!(world.call(&one).hears.is_empty() && world.call(&two).hears.is_empty());
    assert_eq!(world.call(&one).listens_to, Some(Sound::Music));
}

#[test]
fn hold_music_of_the_applications_own_is_asked_for_with_get() {
    let mut world = World::new(ROOM);
    let (_, two) = (world.enters("/answer"), world.enters("/patient"));
    let room = world.engine.rooms().remove(0).sid;
    let music = [("Hold", "true"), ("HoldUrl", "http://app.test/music")];
    assert_eq!(world.participant(&room, &two, &music).0, 200);
    world.run_for(seconds(3));
    assert_eq!(world.asked("/music")[0].method.as_str(), "GET");
    let held = world.call(&two);
    assert_eq!(held.said(), ["Please hold"]);
    assert_eq!(
        held.listens_to,
        Some(Sound::Played("http://app.test/hold.mp3".to_owned()))
    );
    assert!(held.hears.is_empty());

    world.participant(&room, &two, &[("Hold", "false")]);
    let missing = [("Hold", "true"), ("HoldUrl", "http://app.test/missing")];
    world.participant(&room, &two, &missing);
    world.run_for(seconds(1));
    let held = world.call(&two);
    assert_eq!(held.heard.last().unwrap().what, Sound::ErrorSentence(11200));
    assert_eq!(held.status, Status::InProgress, "the call goes on");
}

#[test]
fn a_muted_participant_hears_and_is_not_heard() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/muted"));
    assert_eq!(hears(&world.call(&two)), [&one]);
    assert!(world.call(&one).hears.is_empty());
    let room = world.engine.rooms().remove(0).sid;
    let by_label = format!("/Conferences/{room}/Participants/c.json");
    for muted in ["false", "false", "true"] {
        let (status, participant) = world.json("POST", &by_label, &[("Muted", muted)]);
        assert_eq!((status, participant["label"].as_str()), (200, Some("c")));
    }
    world.run_for(seconds(1));
    let words = world.words();
    assert_eq!(
        words[words.len() - 2..],
        ["participant-unmute", "participant-mute"]
    );
    let again = world.enters("/muted");
    assert_eq!(
        world.call(&again).alerts[0].code,
        16025,
        "a label is taken once"
    );
}

#[test]
fn a_removed_participant_goes_on_after_its_dial() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/patient"));
    let room = world.engine.rooms().remove(0).sid;
    let path = format!("/Conferences/{room}/Participants/{two}.json");
    assert_eq!(world.json("DELETE", &path, &[]).0, 204);
    assert_eq!(world.json("DELETE", &path, &[]).0, 404);
    assert_eq!(world.json("GET", &path, &[]).0, 404);
    world.run_for(Duration::from_millis(1));
    assert_eq!(world.call(&two).said(), ["Next verb"]);
    let path = format!("/Conferences/{room}/Participants/{one}.json");
    assert_eq!(world.json("DELETE", &path, &[]).0, 204);
    assert_eq!(
        world.engine.rooms()[0].reason_ended,
        Some("last-participant-kicked")
    );
    world.run();
}

#[test]
fn a_hold_document_that_asks_for_itself_for_ever_falls_silent() {
    let documents = &[
        ("/answer", "<Dial><Conference>r</Conference></Dial>"),
        ("/loop", "<Redirect method=\"GET\"/>"),
    ];
    let mut world = World::with(config(), |webhook| by_path(documents, webhook));
    let one = world.enters("/answer");
    let room = world.engine.rooms().remove(0).sid;
    let music = [("Hold", "true"), ("HoldUrl", "http://app.test/loop")];
    world.participant(&room, &one, &music);
    world.run_for(seconds(1));
    assert_eq!(world.call(&one).alerts.last().unwrap().code, 14106);
    assert_eq!(world.call(&one).status, Status::InProgress);
}

#[test]
fn conferences_are_found_by_name_and_state() {
    let mut world = World::new(ROOM);
    let found = |world: &mut World, query: &str| {
        let (status, list) = world.json("GET", &format!("/Conferences.json?{query}"), &[]);
        assert_eq!(status, 200);
        let found = list["conferences"].as_array().unwrap().iter();
        let found = found.map(|room| room["sid"].as_str().unwrap().to_owned());
        found.collect::<Vec<_>>()
    };
    let one = world.enters("/answer");
    let room = world.engine.rooms().remove(0).sid;
    assert!(
        found(&mut world, "FriendlyName=r&Status=in-progress").is_empty(),
        "one waiting leg"
    );
    assert_eq!(
        found(&mut world, "FriendlyName=r&Status=init"),
        std::slice::from_ref(&room)
    );
    world.enters("/patient");
    assert_eq!(
        found(&mut world, "FriendlyName=r&Status=in-progress"),
        std::slice::from_ref(&room)
    );
    assert!(found(&mut world, "FriendlyName=other").is_empty());

    let path = format!("/Conferences/{room}.json");
    let (status, over) = world.json("POST", &path, &[("Status", "completed")]);
    assert_eq!((status, over["status"].as_str()), (200, Some("completed")));
    assert_eq!(over["reason_conference_ended"], "conference-ended-via-api");
    assert_eq!(over["call_sid_ending_conference"], Value::Null);
    world.run_for(seconds(5));
    let again = world.enters("/answer");
    assert_eq!(
        found(&mut world, "FriendlyName=r").len(),
        2,
        "the old one is found too"
    );
    let list = format!("/Conferences/{room}/Participants.json");
    let (_, nobody) = world.json("GET", &list, &[]);
    assert_eq!(nobody["participants"].as_array().unwrap().len(), 0);
    for who in [one.as_str(), again.as_str()] {
        let path = format!("/Conferences/{room}/Participants/{who}.json");
        let (status, error) = world.json("GET", &path, &[]);
        assert_eq!((status, error["code"].as_u64()), (404, Some(20404)));
    }
    for path in [
        "/Conferences/CFnone.json",
        "/Conferences/CFnone/Participants.json",
    ] {
        assert_eq!(world.json("GET", path, &[]).0, 404);
    }
    assert_eq!(
        world.json("GET", "/Conferences.json?Status=over", &[]).0,
        400
    );
    assert_eq!(world.json("PUT", "/Conferences.json", &[]).0, 405);
}

#[test]
fn the_resources_have_the_vendors_shape() {
    let mut world = World::new(ROOM);
    world.enters("/answer");
    let one = world.enters("/muted");
    let room = world.engine.rooms().remove(0).sid;
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let (_, conference) = world.json("GET", &format!("/Conferences/{room}.json"), &[]);
    assert_eq!(
        keys(&conference),
        [
            "account_sid",
            "api_version",
            "call_sid_ending_conference",
            "date_created",
            "date_updated",
            "friendly_name",
            "reason_conference_ended",
            "region",
            "sid",
            "status",
            "subresource_uris",
            "uri"
        ]
    );
    let (_, participant) = world.json(
        "GET",
        &format!("/Conferences/{room}/Participants/{one}.json"),
        &[],
    );
    assert_eq!(
        keys(&participant),
        [
            "account_sid",
            "call_sid",
            "call_sid_to_coach",
            "coaching",
            "conference_sid",
            "date_created",
            "date_updated",
            "end_conference_on_exit",
            "hold",
            "label",
            "muted",
            "queue_time",
            "start_conference_on_enter",
            "status",
            "uri"
        ]
    );
    assert_eq!(participant["muted"], true);
    assert_eq!(participant["status"], "connected");
    let path = format!("/Conferences/{room}/Participants.json?PageSize=1");
    let (_, first) = world.json("GET", &path, &[]);
    let next = first["next_page_uri"].as_str().unwrap();
    assert!(next.contains("PageToken=PACP"), "{next}");
    let next = next.split_once("/Conferences").unwrap().1.to_owned();
    let (_, second) = world.json("GET", &format!("/Conferences{next}"), &[]);
    let calls: Vec<_> = [&first, &second]
        .map(|page| page["participants"][0]["call_sid"].clone())
        .into();
    assert_ne!(calls[0], calls[1]);
    assert_eq!(second["next_page_uri"], Value::Null);
}

#[test]
fn a_participant_becomes_a_coach_and_stops_being_one() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/patient"));
    let coach = world.enters("/answer");
    let room = world.engine.rooms().remove(0).sid;
    let heard_by = |world: &World, leg| hears(&world.call(leg)).contains(&&coach);
    let modified = |world: &World| {
        let words = world.words();
        words
            .iter()
            .filter(|word| *word == "participant-modify")
            .count()
    };
    for fields in [
        [("Coaching", "true"), ("CallSidToCoach", one.as_str())].as_slice(),
        &[("CallSidToCoach", one.as_str())],
        &[("Coaching", "true")],
    ] {
        let (status, shown) = world.participant(&room, &coach, fields);
        assert_eq!(status, 200);
        assert_eq!(shown["coaching"], true);
        assert_eq!(shown["call_sid_to_coach"], one.as_str());
    }
    world.run_for(seconds(1));
    assert_eq!(modified(&world), 1, "the same again tells nothing");
    assert!(heard_by(&world, &one) && !heard_by(&world, &two));
    let told = world.sent.last().unwrap();
    assert_eq!(told.field("Coaching"), Some("true"));

    let (_, shown) = world.participant(&room, &coach, &[("Coaching", "false")]);
    assert_eq!(
        (&shown["coaching"], &shown["call_sid_to_coach"]),
        (&false.into(), &Value::Null)
    );
    world.run_for(seconds(1));
    assert_eq!(modified(&world), 2);
    assert!(heard_by(&world, &two));

    assert_eq!(
        world.participant(&room, &coach, &[("Coaching", "true")]).0,
        400
    );
    let nobody = "CA00000000000000000000000000000000";
    let (_, shown) = world.participant(&room, &coach, &[("CallSidToCoach", nobody)]);
    assert_eq!(shown["coaching"], false);
    assert_eq!(world.call(&coach).alerts[0].code, 13240);
}
