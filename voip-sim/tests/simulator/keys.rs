//! Keys that callers press, and recordings.

use std::time::Duration;

use crate::fixture::{World, seconds};

#[test]
fn keys_are_gathered_until_there_are_enough_or_the_caller_is_silent() {
    const MENU: &[(&str, &str)] = &[
        (
            "/voice",
            "<Gather action=\"/key\" numDigits=\"2\"><Say>Press two keys, then wait a while</Say></Gather>\
             <Say>No keys</Say>",
        ),
        ("/key", "<Say>Thank you</Say>"),
    ];
    let mut world = World::new(MENU);
    let sid = world.ring_in();
    world.run_for(Duration::from_millis(300));
    world.engine.press(world.now, &sid, "42").unwrap();
    world.run();
    assert_eq!(world.asked("/key")[0].field("Digits"), Some("42"));
    assert_eq!(world.call(&sid).said().last(), Some(&"Thank you"));

    let mut world = World::new(MENU);
    let sid = world.ring_in();
    world.run_for(Duration::from_millis(300));
    // The finishing key is not part of what was pressed.
    world.engine.press(world.now, &sid, "4#").unwrap();
    world.run();
    assert_eq!(world.asked("/key")[0].field("Digits"), Some("4"));

    let mut world = World::new(MENU);
    let sid = world.ring_in();
    world.run();
    assert!(world.asked("/key").is_empty());
    assert_eq!(world.call(&sid).said().last(), Some(&"No keys"));
}

#[test]
fn a_recording_always_asks_for_its_action() {
    const RECORD: &[(&str, &str)] = &[
        (
            "/voice",
            "<Record action=\"/done\" timeout=\"0\" maxLength=\"30\"/>",
        ),
        ("/done", "<Say>Saved</Say>"),
    ];
    for (press, digits, length) in [(None, "", "30"), (Some("5"), "5", "10")] {
        let mut world = World::new(RECORD);
        let sid = world.ring_in();
        world.run_for(seconds(10));
        if let Some(key) = press {
            world.engine.press(world.now, &sid, key).unwrap();
        }
        world.run();
        let done = world.asked("/done");
        assert_eq!(done[0].field("Digits"), Some(digits));
        assert_eq!(done[0].field("RecordingDuration"), Some(length));
        assert_eq!(world.call(&sid).said(), ["Saved"]);
    }
    let mut world = World::new(RECORD);
    let sid = world.ring_in();
    world.run_for(seconds(10));
    world.engine.hang_up(world.now, &sid).unwrap();
    world.run();
    assert_eq!(world.asked("/done")[0].field("Digits"), Some("hangup"));
    assert!(world.call(&sid).said().is_empty());
}

#[test]
fn prompts_without_barge_in_are_heard_to_their_end() {
    const MENU: &[(&str, &str)] = &[
        (
            "/voice",
            "<Gather action='/key' numDigits='2' input='dtmf speech' bargeIn='false' timeout='5'>\
             <Say>One and a half seconds</Say><Play>/a.mp3</Play></Gather>",
        ),
        ("/key", "<Say>Thank you</Say>"),
    ];
    let begin = || {
        let mut world = World::new(MENU);
        let sid = world.ring_in();
        world.run_for(Duration::from_millis(300));
        (world, sid)
    };
    let (mut world, sid) = begin();
    // More keys than count.
    world.engine.press(world.now, &sid, "427").unwrap();
    world.run_for(seconds(3));
    assert!(world.asked("/key").is_empty());
    assert_eq!(world.call(&sid).heard.len(), 2);
    world.run_for(seconds(2));
    assert_eq!(world.asked("/key")[0].field("Digits"), Some("42"));

    let (mut world, sid) = begin();
    world.engine.press(world.now, &sid, "4").unwrap();
    world.run_for(seconds(5));
    assert!(world.asked("/key").is_empty());
    world.engine.press(world.now, &sid, "2").unwrap();
    assert_eq!(world.call(&sid).doing, "fetching");

    let (mut world, sid) = begin();
    world.engine.speak(world.now, &sid, "sales").unwrap();
    assert_eq!(world.call(&sid).doing, "gather");
    world.run_for(seconds(5));
    assert_eq!(world.asked("/key")[0].field("SpeechResult"), Some("sales"));
}
