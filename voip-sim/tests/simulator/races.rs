//! What makes a dialer with hold hard: each race and failure on demand.

use std::time::Duration;

use voip_sim::faults::{Faults, RestFault, RestTarget};
use voip_sim::inspect::{Sound, Status};
use voip_sim::rest::ReplyDelivery;
use voip_sim::webhook::WebhookKind;

use crate::dialer::{TO_ROOM, dialer, held, talking};
use crate::fixture::{World, seconds};

#[test]
fn a_child_may_not_be_listed_yet_although_it_is_there() {
    let (mut world, _) = dialer(1, "");
    world.engine.set_faults(Faults {
        list_lag: seconds(3),
        ..Faults::default()
    });
    let (parent, child) = talking(&mut world);
    let list = format!("/Calls.json?ParentCallSid={parent}&Status=in-progress");
    let listed = |world: &mut World| {
        world.json("GET", &list, &[]).1["calls"]
            .as_array()
            .unwrap()
            .len()
    };
    let (_, fetched) = world.json("GET", &format!("/Calls/{child}.json"), &[]);
    assert_eq!(
        (fetched["status"].as_str(), listed(&mut world)),
        (Some("in-progress"), 0)
    );
    world.run_for(seconds(3));
    assert_eq!(listed(&mut world), 1);
    world
        .engine
        .fail_next_rest(RestTarget::CallLists, RestFault::NothingListed, 2);
    let seen: Vec<_> = (0..3).map(|_| listed(&mut world)).collect();
    assert_eq!(seen, [0, 0, 1]);
}

#[test]
fn a_participant_may_not_be_found_yet_although_it_is_in() {
    let (mut world, moving) = dialer(1, "");
    let (_, child) = talking(&mut world);
    world.engine.set_faults(Faults {
        conference_lag: Duration::from_millis(800),
        ..Faults::default()
    });
    moving.replace(true);
    world.update(&child, TO_ROOM);
    world.run_for(Duration::from_millis(500));
    let room = world.engine.rooms().remove(0).sid;
    let path = format!("/Conferences/{room}/Participants/{child}.json");
    let fetch = |world: &mut World| world.json("GET", &path, &[]).0;
    assert_eq!(fetch(&mut world), 404);
    world.run_for(seconds(1));
    assert_eq!(fetch(&mut world), 200);
    let (target, fault) = (RestTarget::ParticipantFetches, RestFault::NotFound);
    world
        .engine
        .fail_next_rest_about(child.as_str(), target, fault, 3);
    let seen: Vec<_> = (0..4).map(|_| fetch(&mut world)).collect();
    assert_eq!(seen, [404, 404, 404, 200]);
    world.participant(&room, &child, &[("Hold", "true")]);
    assert_eq!(
        world.json("GET", &path, &[]).1["hold"],
        false,
        "reads lag behind a hold"
    );
    world.run_for(seconds(1));
    assert_eq!(world.json("GET", &path, &[]).1["hold"], true);
}

#[test]
fn each_operation_fails_by_itself() {
    let (mut world, moving) = dialer(1, "");
    let (parent, child, room) = held(&mut world, &moving);
    let call = format!("/Calls/{child}.json");
    let other = format!("/Calls/{parent}.json");
    let participant = format!("/Conferences/{room}/Participants/{child}.json");
    let conference = format!("/Conferences/{room}.json");
    let all = [
        (
            RestTarget::Redirects,
            "POST",
            call.as_str(),
            "Url=http%3A%2F%2Fapp.test%2Fx",
        ),
        (RestTarget::HangUps, "POST", &call, "Status=completed"),
        (RestTarget::CallFetches, "GET", &call, ""),
        (RestTarget::CallLists, "GET", "/Calls.json", ""),
        (RestTarget::ConferenceLists, "GET", "/Conferences.json", ""),
        (RestTarget::ConferenceFetches, "GET", &conference, ""),
        (
            RestTarget::ConferenceUpdates,
            "POST",
            &conference,
            "Status=completed",
        ),
        (RestTarget::ParticipantFetches, "GET", &participant, ""),
        (RestTarget::Holds, "POST", &participant, "Hold=true"),
        (RestTarget::Unholds, "POST", &participant, "Hold=false"),
        (RestTarget::Removals, "DELETE", &participant, ""),
    ];
    let before = world.call(&child);
    for (target, ..) in all {
        world
            .engine
            .fail_next_rest(target, RestFault::Unavailable, 1);
    }
    for (target, method, path, body) in all {
        assert_eq!(world.request(method, path, body).status, 503, "{target:?}");
    }
    assert_eq!(world.call(&child), before, "none of them did anything");
    let (target, fault) = (RestTarget::Updates, RestFault::ServerError);
    world
        .engine
        .fail_next_rest_about(child.as_str(), target, fault, 1);
    assert_eq!(
        world.request("POST", &other, "").status,
        200,
        "the other leg is not meant"
    );
    assert_eq!(world.request("POST", &call, "").status, 500);
}

#[test]
fn a_hold_can_be_done_and_look_failed() {
    for (fault, status) in [
        (RestFault::NeverAnswer, None),
        (RestFault::ServerErrorAfterwards, Some(500)),
        (RestFault::BadGatewayAfterwards, Some(502)),
    ] {
        let (mut world, moving) = dialer(1, "");
        let (_, child, room) = held(&mut world, &moving);
        world.engine.fail_next_rest(RestTarget::Unholds, fault, 1);
        let path = format!("/Conferences/{room}/Participants/{child}.json");
        let reply = world.request("POST", &path, "Hold=false");
        match status {
            None => assert_eq!(reply.delivery, ReplyDelivery::Never),
            Some(status) => assert_eq!(reply.status, status),
        }
        let (_, participant) = world.json("GET", &path, &[]);
        assert_eq!(participant["hold"], false, "{fault:?}");
    }
}

#[test]
fn callbacks_can_come_before_the_answer() {
    let (mut world, moving) = dialer(1, "");
    let (_, child) = talking(&mut world);
    moving.replace(true);
    let late = RestFault::AnswerLate(seconds(2));
    world.engine.fail_next_rest(RestTarget::Redirects, late, 1);
    let path = format!("/Calls/{child}.json");
    let reply = world.request("POST", &path, "Url=http%3A%2F%2Fapp.test%2Froom-document");
    assert_eq!(reply.delivery, ReplyDelivery::After(seconds(2)));
    world.run_for(seconds(1));
    let words: Vec<_> = world
        .room_events()
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert!(words.contains(&"conference-start".to_owned()), "{words:?}");
}

#[test]
fn a_hang_up_can_race_a_hold() {
    // The addressed leg just before: too late for a redirect, and for a hold.
    let (mut world, moving) = dialer(1, "");
    let (parent, child) = talking(&mut world);
    moving.replace(true);
    let gone = RestFault::LegEndsBefore;
    world.engine.fail_next_rest(RestTarget::Redirects, gone, 1);
    let (status, error) = world.update(&child, TO_ROOM);
    assert_eq!((status, error["code"].as_u64()), (400, Some(21220)));
    assert_eq!(world.call(&child).status, Status::Completed);
    world.run_for(seconds(1));
    let action = world.asked("/after")[0];
    assert_eq!(action.field("DialCallStatus"), Some("completed"));
    assert!(
        world.call(&parent).conference.is_some(),
        "into an empty room, by its own mistake"
    );

    let (mut world, moving) = dialer(1, "");
    let (_, child, room) = held(&mut world, &moving);
    world.engine.fail_next_rest(RestTarget::Unholds, gone, 1);
    let (status, error) = world.participant(&room, &child, &[("Hold", "false")]);
    assert_eq!((status, error["code"].as_u64()), (404, Some(20404)));

    // The client just after the far end was sent to the room, before it follows.
    for after in [0, 100, 199, 201, 300] {
        let (mut world, moving) = dialer(1, "");
        let (parent, child) = talking(&mut world);
        moving.replace(true);
        let gone = RestFault::PartnerEndsAfter(Duration::from_millis(after));
        world.engine.fail_next_rest(RestTarget::Redirects, gone, 1);
        assert_eq!(world.update(&child, TO_ROOM).0, 200);
        world.run_for(seconds(2));
        assert_eq!(world.call(&parent).status, Status::Completed);
        let alive = world.call(&child).status == Status::InProgress;
        assert_eq!(
            alive,
            after > 200,
            "until it is moved it ends with the dial"
        );
        let orphans = world.engine.orphans(world.now);
        assert_eq!(orphans.len(), usize::from(alive));
    }

    // The held one by itself.
    let (mut world, moving) = dialer(1, "");
    let (parent, child, room) = held(&mut world, &moving);
    let gone = RestFault::LegEndsAfter(Duration::from_millis(50));
    world.engine.fail_next_rest(RestTarget::Unholds, gone, 1);
    assert_eq!(
        world.participant(&room, &child, &[("Hold", "false")]).0,
        200
    );
    world.run_for(seconds(1));
    assert_eq!(world.call(&child).status, Status::Completed);
    assert_eq!(world.engine.orphans(world.now)[0].call, parent);
}

#[test]
fn conference_callbacks_suffer_what_status_callbacks_suffer_and_documents_do_not() {
    let (mut world, moving) = dialer(1, "");
    world.engine.set_faults(Faults {
        drop: 1.0,
        ..Faults::default()
    });
    let (parent, _, _) = held(&mut world, &moving);
    assert!(world.room_events().is_empty() && world.told(&parent).is_empty());
    assert!(
        world.call(&parent).conference.is_some(),
        "every document arrived"
    );

    let (mut world, moving) = dialer(1, "");
    world.engine.set_faults(Faults {
        repeat: 1.0,
        ..Faults::default()
    });
    held(&mut world, &moving);
    let events = world.room_events();
    assert!(
        events.chunks(2).all(|pair| pair[0] == pair[1]),
        "{events:?}"
    );

    let mut overtaken = 0;
    for seed in 0..20 {
        let (mut world, moving) = dialer(seed, "");
        world.engine.set_faults(Faults {
            reorder: 0.7,
            ..Faults::default()
        });
        held(&mut world, &moving);
        world.run_for(seconds(3));
        let sent = world.sent.iter();
        let told = sent.filter(|webhook| webhook.kind == WebhookKind::Conference);
        let numbers: Vec<u32> = told
            .map(|w| w.field("SequenceNumber").unwrap().parse().unwrap())
            .collect();
        assert_eq!(numbers.len(), 4);
        overtaken += usize::from(!numbers.is_sorted());
    }
    assert!(overtaken > 5, "{overtaken} of 20 runs were out of order");
}

#[test]
fn documents_are_lost_repeated_and_late_only_when_that_is_asked_for() {
    let (mut world, _) = dialer(1, "");
    world.engine.set_faults(Faults {
        drop_documents: 1.0,
        ..Faults::default()
    });
    let lost = world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run_for(seconds(14));
    assert_eq!(world.call(&lost).status, Status::Ringing);
    world.run();
    assert!(world.asked("/join").is_empty());
    let heard: Vec<_> = world
        .call(&lost)
        .heard
        .into_iter()
        .map(|heard| heard.what)
        .collect();
    assert_eq!(heard, [Sound::ErrorSentence(11203)]);

    let (mut world, _) = dialer(1, "");
    world.engine.set_faults(Faults {
        repeat_documents: 1.0,
        ..Faults::default()
    });
    let (parent, _) = talking(&mut world);
    let asked = world.asked("/join");
    assert_eq!(asked.len(), 2);
    let token = |index: usize| asked[index].header("I-Twilio-Idempotency-Token");
    assert_eq!(token(0), token(1), "the same delivery");
    assert_eq!(world.children(&parent).len(), 1, "one answer counts");

    let (mut world, _) = dialer(1, "");
    world.engine.set_faults(Faults {
        delay_documents: 1.0,
        delay_up_to: seconds(10),
        ..Faults::default()
    });
    let late = world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run_for(Duration::from_millis(1));
    assert!(world.asked("/join").is_empty());
    world.run_for(seconds(10));
    assert_eq!(
        (world.asked("/join").len(), world.children(&late).len()),
        (1, 1)
    );
}

/// Everything a run under all sorts of faults shows to the outside, as text.
fn transcript(seed: u64) -> String {
    let (mut world, moving) = dialer(seed, "");
    world.engine.set_faults(Faults {
        drop: 0.1,
        repeat: 0.3,
        delay: 0.3,
        reorder: 0.3,
        repeat_documents: 0.3,
        delay_documents: 0.3,
        delay_up_to: Duration::from_millis(300),
        ..Faults::default()
    });
    let parent = world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run_for(seconds(4));
    if let Some(child) = world.children(&parent).pop() {
        moving.replace(true);
        world.update(&child.sid, TO_ROOM);
        world.run_for(seconds(2));
        if let Some(room) = world.engine.rooms().pop() {
            world.participant(&room.sid, &child.sid, &[("Hold", "true")]);
        }
    }
    world.run();
    let sent = world.sent.iter();
    let sent: Vec<_> = sent.map(|w| (w.id, &w.url, &w.form, &w.headers)).collect();
    let rooms = serde_json::to_string(&world.engine.rooms()).unwrap();
    let calls = serde_json::to_string(&world.engine.calls()).unwrap();
    format!("{sent:?} {rooms} {calls}")
}

#[test]
fn the_same_seed_gives_the_same_dialer_to_the_byte() {
    for seed in 0..5 {
        assert_eq!(transcript(seed), transcript(seed));
    }
    assert_ne!(transcript(1), transcript(2));
}

#[test]
fn changes_of_a_conference_meet_the_present_where_reads_lag() {
    let (mut world, moving) = dialer(1, "");
    let (_, child, room) = held(&mut world, &moving);
    world.engine.set_faults(Faults {
        conference_lag: seconds(600),
        ..Faults::default()
    });
    let path = format!("/Conferences/{room}.json");
    assert_eq!(world.json("GET", &path, &[]).0, 404);
    let participant = format!("/Conferences/{room}/Participants/{child}.json");
    assert_eq!(world.json("GET", &participant, &[]).0, 404);
    assert_eq!(world.json("POST", &participant, &[("Hold", "true")]).0, 200);
    assert_eq!(world.json("DELETE", &participant, &[]).0, 204);
    assert_eq!(world.json("POST", &path, &[("Status", "completed")]).0, 200);
}
