//! A browser dialer with hold, as an application builds it: a client calls a number, holds it by
//! way of a conference, takes it back, and somebody hangs up.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use voip_sim::engine::{Application, EngineConfig, NumberConfig};
use voip_sim::inspect::{ClientState, RoomStatus, Sound, Status};
use voip_sim::phone::PhoneScript;
use voip_sim::sid::CallSid;
use voip_sim::webhook::{WebhookAnswer, WebhookKind};

use crate::fixture::{World, config, path_of, seconds};

pub(crate) const FAR: &str = "+15005550106";
const JOIN: &str = "<Response><Dial action=\"/after-room\"><Conference endConferenceOnExit=\"false\" \
     statusCallback=\"/room\" statusCallbackEvent=\"start end join leave hold\">R</Conference>\
     </Dial></Response>";

fn dialer_config(seed: u64) -> EngineConfig {
    let mut config = config();
    config.seed = seed;
    config.application = Some(Application {
        sid: "AP000000000000000000000000000000c1".to_owned(),
        voice: NumberConfig {
            voice_url: Some("http://app.test/join".to_owned()),
            status_url: Some("http://app.test/parent".to_owned()),
            ..NumberConfig::default()
        },
    });
    config
}

/// The application: a dial for the client, and a room for both once the note says so.
pub(crate) fn dialer(seed: u64, extra: &'static str) -> (World, Rc<RefCell<bool>>) {
    let moving = Rc::new(RefCell::new(false));
    let note = Rc::clone(&moving);
    let world = World::with(dialer_config(seed), move |webhook| {
        if matches!(webhook.kind, WebhookKind::Status | WebhookKind::Conference) {
            return WebhookAnswer::empty(204);
        }
        WebhookAnswer::twiml(match path_of(webhook).as_str() {
            "/join" => format!(
                "<Response><Dial action=\"/after\" timeout=\"20\" callerId=\"+15005550006\" {extra}>\
                 <Number statusCallback=\"/child\" statusCallbackMethod=\"POST\" \
                 statusCallbackEvent=\"initiated ringing answered completed\">{FAR}</Number>\
                 </Dial></Response>"
            ),
            "/room-document" => JOIN.to_owned(),
            "/after" if note.replace(false) => JOIN.to_owned(),
            "/after" => {
                let status = webhook.field("DialCallStatus").unwrap();
                format!("<Response><Say>Call ended. {status}</Say></Response>")
            }
            _ => "<Response><Hangup/></Response>".to_owned(),
        })
    });
    (world, moving)
}

/// A client and a far end in conversation.
pub(crate) fn talking(world: &mut World) -> (CallSid, CallSid) {
    let parent = world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run_for(seconds(3));
    let child = world.child(&parent);
    assert_eq!(child.bridged_with, Some(parent.clone()));
    (parent, child.sid)
}

pub(crate) const TO_ROOM: &[(&str, &str)] = &[("Url", "http://app.test/room-document")];

/// Both into the room, and the far end on hold.
pub(crate) fn held(world: &mut World, moving: &RefCell<bool>) -> (CallSid, CallSid, String) {
    let (parent, child) = talking(world);
    moving.replace(true);
    assert_eq!(world.update(&child, TO_ROOM).0, 200);
    world.run_for(seconds(1));
    let room = world.engine.rooms().remove(0).sid;
    assert_eq!(world.participant(&room, &child, &[("Hold", "true")]).0, 200);
    world.run_for(seconds(1));
    (parent, child, room)
}

#[test]
fn hold_by_conference_goes_step_by_step() {
    let (mut world, moving) = dialer(7, "");
    let (parent, child) = talking(&mut world);
    assert_eq!(world.call(&parent).hears, std::slice::from_ref(&child));

    // 1: the note; 2: the far end first.
    moving.replace(true);
    let (status, call) = world.update(&child, TO_ROOM);
    assert_eq!(
        (status, call["status"].as_str()),
        (200, Some("in-progress"))
    );
    let before = world.call(&child);
    assert_eq!(
        before.bridged_with,
        Some(parent.clone()),
        "the effect follows"
    );

    // 3, 4 and 5: the far end enters; the client's dial is over and its action sends it after.
    world.run_for(Duration::from_millis(250));
    let action = world.asked("/after")[0].clone();
    assert_eq!(action.field("CallSid"), Some(parent.as_str()));
    assert_eq!(action.field("DialCallSid"), Some(child.as_str()));
    assert_eq!(action.field("DialCallStatus"), Some("answered"));
    assert_eq!(action.field("DialCallDuration"), None);
    assert_eq!(action.field("DialBridged"), Some("true"));
    assert_eq!(action.field("CallStatus"), Some("in-progress"));
    assert_eq!(world.asked("/room-document").len(), 1);

    // 6: both are in, in whichever order, and hear each other.
    let room = world.engine.rooms().remove(0);
    assert_eq!(
        (room.status, room.members.len()),
        (RoomStatus::InProgress, 2)
    );
    assert_eq!(world.call(&child).hears, std::slice::from_ref(&parent));
    assert_eq!(world.call(&parent).hears, std::slice::from_ref(&child));
    assert_eq!(
        world.call(&child).parent,
        Some(parent.clone()),
        "that never changes"
    );

    // 7 and 8.
    let (status, participant) = world.participant(&room.sid, &child, &[("Hold", "true")]);
    assert_eq!((status, participant["hold"].as_bool()), (200, Some(true)));
    world.run_for(seconds(60));
    assert_eq!(world.call(&child).listens_to, Some(Sound::Music));
    assert!(world.call(&child).hears.is_empty() && world.call(&parent).hears.is_empty());

    // Resuming, and holding again: only this step.
    world.participant(&room.sid, &child, &[("Hold", "false")]);
    world.run_for(seconds(1));
    assert_eq!(world.call(&parent).hears, std::slice::from_ref(&child));
    let words: Vec<_> = world
        .room_events()
        .into_iter()
        .map(|(word, _)| word)
        .collect();
    assert_eq!(
        words,
        [
            "participant-join",
            "participant-join",
            "conference-start",
            "participant-hold",
            "participant-unhold"
        ]
    );
    assert!(world.engine.orphans(world.now).is_empty());

    // The two are independent now: one ends, the other is left alone until somebody ends it.
    world.engine.hang_up(world.now, &parent).unwrap();
    world.run_for(seconds(4));
    assert_eq!(world.told(&parent), ["completed"]);
    let orphans = world.engine.orphans(world.now);
    assert_eq!(orphans.len(), 1);
    assert_eq!(orphans[0].call, child);
    assert!(orphans[0].was_connected);
    assert_eq!(orphans[0].alone_for, seconds(4));
    assert_eq!(world.update(&child, &[("Status", "completed")]).0, 200);
    world.run();
    assert!(world.engine.orphans(world.now).is_empty());
    assert_eq!(world.engine.longest_alone(world.now), seconds(4));
    assert_eq!(
        world.told(&child),
        ["initiated", "ringing", "in-progress", "completed"],
        "its callbacks stay in force"
    );
    let last = world.statuses(&child)[3];
    assert_eq!(last.field("SequenceNumber"), Some("3"));
    assert_eq!(last.field("ParentCallSid"), Some(parent.as_str()));
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::Completed);
}

#[test]
fn the_client_is_asked_nothing_and_shown_everything() {
    for (extra, while_ringing) in [
        ("", ClientState::Connected),
        ("answerOnBridge=\"true\"", ClientState::Connecting),
    ] {
        let (mut world, _) = dialer(1, extra);
        let parent = world
            .engine
            .place_client_call(world.now, "user", &[])
            .unwrap();
        assert_eq!(world.call(&parent).client_state(), ClientState::Connecting);
        world.run_for(Duration::from_millis(700));
        assert_eq!(world.child(&parent).status, Status::Ringing);
        assert_eq!(world.call(&parent).client_state(), while_ringing);
        world.run_for(seconds(2));
        assert_eq!(world.call(&parent).client_state(), ClientState::Connected);
        world.engine.hang_up(world.now, &parent).unwrap();
        assert_eq!(world.call(&parent).client_state(), ClientState::Over);
        world.run();
        assert_eq!(world.child(&parent).status, Status::Completed);
        assert_eq!(world.engine.client_calls("user").len(), 1);
    }
}

#[test]
fn a_child_says_whose_it_is_in_every_callback() {
    let (mut world, _) = dialer(1, "");
    let (parent, child) = talking(&mut world);
    world.engine.hang_up(world.now, &child).unwrap();
    world.run();
    for (index, told) in world.statuses(&child).into_iter().enumerate() {
        assert_eq!(path_of(told), "/child");
        for (name, value) in [
            ("ParentCallSid", parent.as_str()),
            ("Direction", "outbound-dial"),
            ("From", "+15005550006"),
            ("To", FAR),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", &index.to_string()),
        ] {
            assert_eq!(told.field(name), Some(value), "{name}");
        }
    }
    let parents = world.statuses(&parent);
    assert_eq!(
        parents.len(),
        1,
        "the application's callback says completed only"
    );
    assert_eq!(path_of(parents[0]), "/parent");
    assert_eq!(parents[0].field("Direction"), Some("inbound"));
}

#[test]
fn a_called_client_rings_until_it_answers_declines_or_is_ignored() {
    let documents =
        "<Response><Dial timeout=\"20\" action=\"/after\"><Client>bob</Client></Dial></Response>";
    for (act, state, status) in [
        ("answer", ClientState::Connected, Status::InProgress),
        ("reject", ClientState::Over, Status::Busy),
        ("ignore", ClientState::Over, Status::NoAnswer),
        ("offline", ClientState::Over, Status::NoAnswer),
    ] {
        let mut world = World::with(config(), move |_| WebhookAnswer::twiml(documents));
        match act {
            "offline" => world.engine.unregister_client("bob"),
            // Ignored although the script says it would answer.
            "ignore" => {
                let slow = PhoneScript::answers_after(seconds(10));
                world.engine.set_client("bob", slow);
            }
            _ => world.engine.register_client("bob"),
        }
        world.ring_in();
        world.run_for(seconds(5));
        let ringing = world.engine.client_calls("bob").remove(0);
        assert_eq!(ringing.to, "client:bob");
        let (now, sid) = (world.now, ringing.sid.clone());
        if act != "offline" {
            assert_eq!(ringing.client_state(), ClientState::Ringing);
        }
        match act {
            "answer" => world.engine.pick_up(now, &sid).unwrap(),
            "reject" => world.engine.reject(now, &sid).unwrap(),
            "ignore" => world.engine.ignore(now, &sid).unwrap(),
            _ => assert!(world.engine.reject(now, &sid).is_err()),
        }
        world.run_for(seconds(25));
        assert_eq!(
            (world.call(&sid).client_state(), world.call(&sid).status),
            (state, status)
        );
        assert!(
            world.engine.reject(world.now, &sid).is_err(),
            "it does not ring any more"
        );
    }
}

#[test]
fn calls_per_second_are_limited_if_so_wished() {
    let (mut world, _) = dialer(1, "");
    world
        .engine
        .set_calls_per_second(std::num::NonZeroU32::new(2));
    let fields = [
        ("To", FAR),
        ("From", "+15005550006"),
        ("Url", "http://app.test/x"),
    ];
    let place = |world: &mut World| {
        let (status, body) = world.json("POST", "/Calls.json", &fields);
        (status, body["code"].as_u64())
    };
    assert_eq!([place(&mut world).0, place(&mut world).0], [201, 201]);
    assert_eq!(place(&mut world), (429, Some(20429)));
    // Bad requests do not count, and neither do clients, inbound calls and dialled legs.
    assert_eq!(world.json("POST", "/Calls.json", &fields[1..]).0, 400);
    world
        .engine
        .place_client_call(world.now, "user", &[])
        .unwrap();
    world.run_for(seconds(1));
    assert_eq!(world.engine.calls().len(), 4);
    assert_eq!(
        [
            place(&mut world).0,
            place(&mut world).0,
            place(&mut world).0
        ],
        [201, 201, 429]
    );
    world.engine.set_calls_per_second(None);
    assert!((0..50).all(|_| place(&mut world).0 == 201));
}

#[test]
fn a_call_placed_over_rest_can_be_steered_by_the_application() {
    let (mut world, _) = dialer(1, "");
    let mut fields = vec![
        ("To", "+15005550104"),
        ("From", "+15005550006"),
        ("ApplicationSid", "AP000000000000000000000000000000c1"),
        ("Url", "http://app.test/ignored"),
        ("StatusCallback", "http://app.test/ignored"),
    ];
    let (status, call) = world.json("POST", "/Calls.json", &fields);
    assert_eq!(status, 201);
    let sid = CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    world.run_for(seconds(1));
    assert_eq!(world.asked("/join").len(), 1);
    world.update(&sid, &[("Status", "completed")]);
    world.run();
    assert_eq!(path_of(world.statuses(&sid)[0]), "/parent");
    fields[2].1 = "AP000000000000000000000000000000c2";
    let (status, error) = world.json("POST", "/Calls.json", &fields);
    assert_eq!((status, error["code"].as_u64()), (400, Some(21218)));
}
