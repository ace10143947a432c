//! What each named script does to a call.

use std::time::Duration;

use voip_sim::inspect::Happening;
use voip_sim::rest::ReplyDelivery;
use voip_sim::scripts;

use crate::fixture::{World, seconds};

const PLACED: &str = "To=%2B15005550104&From=%2B15005550006&Url=http%3A%2F%2Fapp.test%2Fanswer";

#[test]
fn when_all_ring_and_accept_at_once_one_is_connected_and_the_other_stopped() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial><Client>ann</Client><Client>bob</Client></Dial>",
    )]);
    world.engine.run_script(scripts::RING_ALL).unwrap();
    let caller = world.ring_in();
    world.run_for(seconds(5));
    let children = world.children(&caller);
    assert_eq!(children.len(), 2);
    let talks = |index: usize| children[index].bridged_with.as_ref() == Some(&caller);
    assert!(talks(0) != talks(1), "one of the two");
    let loser = &children[usize::from(talks(0))];
    assert_eq!(loser.status.as_str(), "canceled");
}

#[test]
fn early_callbacks_come_before_the_answer_and_only_for_one_call() {
    let mut world = World::new(&[("/answer", "<Hangup/>")]);
    world.engine.run_script(scripts::EARLY_CALLBACKS).unwrap();
    let late = world.request("POST", "/Calls.json", PLACED);
    assert_eq!(late.delivery, ReplyDelivery::After(seconds(3)));
    assert_eq!(late.status, 201);
    let next = world.request("POST", "/Calls.json", PLACED);
    assert_eq!(next.delivery, ReplyDelivery::Now);
    world.run_for(seconds(2));
    assert_eq!(world.asked("/answer").len(), 2);
}

#[test]
fn what_was_accepted_in_silence_is_placed_all_the_same() {
    let mut world = World::new(&[("/answer", "<Hangup/>")]);
    let script = scripts::ACCEPTED_THEN_SILENT;
    world.engine.run_script(script).unwrap();
    let silent = world.request("POST", "/Calls.json", PLACED);
    assert_eq!(silent.delivery, ReplyDelivery::Never);
    world.run();
    assert_eq!(world.asked("/answer").len(), 1);
}

#[test]
fn late_callbacks_come_out_of_order_and_twice() {
    let disorder = |seed: u64| {
        let mut config = crate::fixture::config();
        config.seed = seed;
        let mut world = World::with(config, |_| voip_sim::webhook::WebhookAnswer::empty(204));
        world.engine.run_script(scripts::LATE_CALLBACKS).unwrap();
        let call = world.dial("+15005550103");
        world.run();
        let numbers: Vec<u32> = world
            .statuses(&call)
            .iter()
            .map(|webhook| webhook.field("SequenceNumber").unwrap().parse().unwrap())
            .collect();
        (!numbers.is_sorted(), numbers.len() > 4)
    };
    let seen: Vec<(bool, bool)> = (0..20).map(disorder).collect();
    assert!(seen.iter().any(|(unordered, _)| *unordered));
    assert!(seen.iter().any(|(_, twice)| *twice));
}

#[test]
fn a_child_is_up_and_not_listed_for_two_seconds() {
    let mut world = World::new(&[("/voice", "<Dial>+15005550104</Dial>")]);
    let script = scripts::HOLD_CHILD_NOT_LISTED;
    world.engine.run_script(script).unwrap();
    let caller = world.ring_in();
    world.run_for(seconds(1));
    let path = format!("/Calls.json?ParentCallSid={caller}&Status=in-progress");
    let listed = |world: &mut World| {
        let (_, list) = world.json("GET", &path, &[]);
        list["calls"].as_array().unwrap().len()
    };
    assert_eq!(world.child(&caller).status.as_str(), "in-progress");
    assert_eq!(listed(&mut world), 0);
    world.run_for(seconds(2));
    assert_eq!(listed(&mut world), 1);
}

#[test]
fn a_participant_is_in_its_room_and_not_found_for_a_second() {
    let mut world = World::new(&[("/voice", "<Dial><Conference>r</Conference></Dial>")]);
    world
        .engine
        .run_script(scripts::HOLD_ROOM_NOT_THERE)
        .unwrap();
    let caller = world.ring_in();
    world.run_for(Duration::from_millis(500));
    let room = world.engine.rooms()[0].sid.clone();
    let path = format!("/Conferences/{room}/Participants/{caller}.json");
    assert_eq!(world.json("GET", &path, &[]).0, 404);
    world.run_for(seconds(1));
    assert_eq!(world.json("GET", &path, &[]).0, 200);
}

#[test]
fn the_caller_hangs_up_between_the_move_of_the_callee_and_its_own() {
    let mut world = World::new(&[
        ("/voice", "<Dial action='/follow'>+15005550104</Dial>"),
        ("/room", "<Dial><Conference>r</Conference></Dial>"),
        ("/follow", "<Dial><Conference>r</Conference></Dial>"),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(2));
    let script = scripts::HOLD_HANG_UP_IN_THE_MIDDLE;
    world.engine.run_script(script).unwrap();
    let child = world.child(&caller).sid;
    let (status, _) = world.update(&child, &[("Url", "http://app.test/room")]);
    assert_eq!(status, 200);
    world.run_for(seconds(5));
    assert_eq!(world.call(&caller).status.as_str(), "completed");
    let left = world.call(&child);
    assert_eq!(left.status.as_str(), "in-progress");
    assert!(left.alone_since.is_some(), "nobody comes to it");
}

#[test]
fn the_journal_keeps_the_newest_and_goes_on_counting() {
    let mut config = crate::fixture::config();
    config.journal = 10;
    let mut world = World::with(config, |_| voip_sim::webhook::WebhookAnswer::empty(204));
    world.dial("+15005550103");
    world.run();
    let end = world.engine.journal_end();
    assert!(end > 20, "{end}");
    let entries = world.engine.journal(0, usize::MAX);
    let places: Vec<u64> = entries.iter().map(|entry| entry.seq).collect();
    assert_eq!(places, (end - 9..=end).collect::<Vec<_>>());
    assert_eq!(world.engine.journal(end - 1, 5).len(), 1);
    world.engine.reset(world.now);
    let left = world.engine.journal(0, 5);
    assert_eq!(left.len(), 1, "what is left says why nothing else is");
    assert_eq!((left[0].seq, &left[0].what), (end + 1, &Happening::Reset));
    world.dial("+15005550103");
    assert!(
        world.engine.journal(0, 1)[0].seq > end,
        "places never start again"
    );
}
