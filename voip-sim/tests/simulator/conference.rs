//! Conferences: how they live, who hears whom, and what is told.

use std::time::Duration;

use serde_json::Value;
use voip_sim::inspect::{CallView, RoomStatus, Sound};
use voip_sim::magic_numbers as magic;
use voip_sim::sid::CallSid;
use voip_sim::webhook::{WebhookAnswer, WebhookKind};

use crate::fixture::{OURS, World, by_path, config, path_of, seconds};

/// Two ways into one room, all events, and what follows.
pub(crate) const ROOM: &[(&str, &str)] = &[
    (
        "/answer",
        "<Dial action=\"/after\"><Conference statusCallback=\"/room\" \
         statusCallbackEvent=\"start end join leave mute hold modify\">r</Conference></Dial>",
    ),
    (
        "/patient",
        "<Dial><Conference startConferenceOnEnter=\"false\" statusCallback=\"/second\" \
         statusCallbackEvent=\"join\">r</Conference></Dial><Say>Next verb</Say>",
    ),
    (
        "/last",
        "<Dial><Conference endConferenceOnExit=\"true\">r</Conference></Dial>",
    ),
    (
        "/muted",
        "<Dial><Conference muted=\"true\" participantLabel=\"c\">r</Conference></Dial>",
    ),
    ("/after", "<Say>After</Say>"),
    ("/elsewhere", "<Pause length=\"60\"/>"),
    (
        "/music",
        "<Say>Please hold</Say><Play loop=\"0\">hold.mp3</Play>",
    ),
];

impl World {
    /// Somebody is called, answers, and enters by this document.
    pub(crate) fn enters(&mut self, path: &str) -> CallSid {
        let url = format!("http://app.test{path}");
        let fields = [
            ("To", magic::ANSWERS_AT_ONCE),
            ("From", OURS),
            ("Url", &url),
        ];
        let (status, call) = self.json("POST", "/Calls.json", &fields);
        assert_eq!(status, 201, "{call}");
        self.run_for(seconds(1));
        CallSid::parse(call["sid"].as_str().unwrap()).unwrap()
    }

    /// The conference events told so far: event and leg, in order of arrival.
    pub(crate) fn room_events(&self) -> Vec<(String, Option<String>)> {
        let told = self.sent.iter();
        told.filter(|webhook| webhook.kind == WebhookKind::Conference)
            .map(|webhook| {
                let event = webhook.field("StatusCallbackEvent").unwrap().to_owned();
                (event, webhook.field("CallSid").map(str::to_owned))
            })
            .collect()
    }

    pub(crate) fn words(&self) -> Vec<String> {
        let events = self.room_events();
        events.into_iter().map(|(event, _)| event).collect()
    }

    pub(crate) fn participant(
        &mut self,
        room: &str,
        call: &CallSid,
        fields: &[(&str, &str)],
    ) -> (u16, Value) {
        let path = format!("/Conferences/{room}/Participants/{call}.json");
        self.json("POST", &path, fields)
    }
}

pub(crate) fn hears(call: &CallView) -> Vec<&CallSid> {
    call.hears.iter().collect()
}

#[test]
fn a_room_starts_with_the_second_and_ends_with_the_last() {
    let mut world = World::new(ROOM);
    let one = world.enters("/answer");
    let room = world.engine.rooms().remove(0);
    assert_eq!((room.status, room.members.len()), (RoomStatus::Init, 1));
    assert_eq!(world.call(&one).listens_to, Some(Sound::Music));
    assert!(world.call(&one).hears.is_empty());

    let two = world.enters("/patient");
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::InProgress);
    assert_eq!(hears(&world.call(&one)), [&two]);
    assert_eq!(hears(&world.call(&two)), [&one]);
    assert_eq!(world.call(&one).listens_to, None);

    world.engine.hang_up(world.now, &one).unwrap();
    world.run_for(seconds(1));
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::InProgress);
    world.engine.hang_up(world.now, &two).unwrap();
    world.run();
    let over = world.engine.rooms().remove(0);
    assert_eq!(over.status, RoomStatus::Completed);
    assert_eq!(over.reason_ended, Some("last-participant-left"));
    assert_eq!(
        world.words(),
        [
            "participant-join",
            "participant-join",
            "conference-start",
            "participant-leave",
            "participant-leave",
            "conference-end"
        ],
        "only what the first participant brought along counts"
    );
    let sent = world.sent.iter();
    let told: Vec<_> = sent.filter(|w| w.kind == WebhookKind::Conference).collect();
    let numbers: Vec<_> = told
        .iter()
        .map(|w| w.field("SequenceNumber").unwrap())
        .collect();
    assert_eq!(numbers, ["1", "2", "3", "4", "5", "6"]);
    for webhook in &told {
        assert_eq!(path_of(webhook), "/room");
        assert_eq!(webhook.field("ConferenceSid"), Some(over.sid.as_str()));
        assert_eq!(webhook.field("FriendlyName"), Some("r"));
        assert_eq!(webhook.field("CallStatus"), None);
        assert_eq!(webhook.field("CallbackSource"), None);
    }
    for (name, value) in [
        ("CallSid", one.as_str()),
        ("Muted", "false"),
        ("Hold", "false"),
        ("Coaching", "false"),
        ("StartConferenceOnEnter", "true"),
        ("EndConferenceOnExit", "false"),
        ("ParticipantCallStatus", "completed"),
        ("ReasonParticipantLeft", "participant_hung_up"),
    ] {
        assert_eq!(told[3].field(name), Some(value), "{name}");
    }
    assert_eq!(told[5].field("CallSidEndingConference"), Some(two.as_str()));
    assert_eq!(
        told[5].field("ReasonConferenceEnded"),
        Some("last-participant-left")
    );

    world.enters("/answer");
    let rooms = world.engine.rooms();
    assert_ne!(rooms[0].sid, rooms[1].sid, "the same name, another room");
}

#[test]
fn nobody_who_may_start_it_leaves_everybody_waiting() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/patient"), world.enters("/patient"));
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::Init);
    for call in [&one, &two] {
        assert!(world.call(call).hears.is_empty());
        assert_eq!(world.call(call).listens_to, Some(Sound::Music));
    }
    let three = world.enters("/answer");
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::InProgress);
    assert_eq!(hears(&world.call(&three)), [&one, &two]);
}

#[test]
fn whoever_has_end_on_exit_ends_it_for_everybody_and_they_go_on() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/patient"));
    let moderator = world.enters("/last");
    world.engine.hang_up(world.now, &moderator).unwrap();
    world.run_for(Duration::from_millis(200));
    let room = world.engine.rooms().remove(0);
    assert_eq!(
        room.reason_ended,
        Some("participant-with-end-conference-on-exit-left")
    );
    let after = world.asked("/after")[0];
    assert_eq!(after.field("DialCallStatus"), Some("answered"));
    assert_eq!(after.field("DialCallSid"), None);
    assert_eq!(after.field("DialCallDuration"), None);
    assert_eq!(after.field("CallStatus"), Some("in-progress"));
    world.run();
    assert_eq!(world.call(&one).said(), ["After"]);
    assert_eq!(world.call(&two).said(), ["Next verb"]);
    let events = world.room_events();
    let (last, leaves) = events.split_last().unwrap();
    assert_eq!(last.0, "conference-end");
    assert!(
        leaves[leaves.len() - 3..]
            .iter()
            .all(|(word, _)| word == "participant-leave")
    );
    let why: Vec<_> = world
        .sent
        .iter()
        .filter_map(|w| w.field("ReasonParticipantLeft"))
        .collect();
    assert_eq!(
        why,
        [
            "participant_hung_up",
            "moderator_ended_conference",
            "moderator_ended_conference"
        ]
    );
}

#[test]
fn a_redirected_participant_leaves_and_its_old_action_is_asked_in_vain() {
    let mut world = World::new(ROOM);
    let (one, two) = (world.enters("/answer"), world.enters("/patient"));
    world.update(&one, &[("Url", "http://app.test/elsewhere")]);
    world.run_for(seconds(1));
    assert_eq!(world.call(&one).conference, None);
    assert!(world.call(&two).hears.is_empty());
    assert_eq!(world.asked("/after")[0].kind, WebhookKind::DocumentIgnored);
    assert!(world.call(&one).said().is_empty());
    let left = world
        .sent
        .iter()
        .find(|w| w.field("ReasonParticipantLeft").is_some())
        .unwrap();
    assert_eq!(
        left.field("ReasonParticipantLeft"),
        Some("participant_updated_via_api")
    );
    assert_eq!(left.field("ParticipantCallStatus"), Some("in-progress"));
}

#[test]
fn a_wait_document_comes_before_the_room_and_its_failure_keeps_the_leg_out() {
    let documents = &[
        (
            "/answer",
            "<Dial action=\"/after\"><Conference waitUrl=\"/wait\">r</Conference></Dial>",
        ),
        (
            "/broken",
            "<Dial action=\"/after\"><Conference waitUrl=\"/missing\">r</Conference></Dial>",
        ),
        (
            "/silent",
            "<Dial><Conference waitUrl=\"\" startConferenceOnEnter=\"false\">s</Conference></Dial>",
        ),
        ("/wait", "<Say>Soon</Say><Gather/>"),
        ("/after", "<Say>After</Say>"),
    ];
    let mut world = World::with(config(), |webhook| by_path(documents, webhook));
    let out = world.enters("/broken");
    assert_eq!(world.asked("/after").len(), 1);
    assert!(world.engine.rooms().is_empty());
    let one = world.enters("/answer");
    assert_eq!(world.call(&one).said(), ["Soon"]);
    world.run_for(seconds(2));
    let alone = world.call(&one);
    assert_eq!(alone.listens_to, None, "once, then silence");
    assert_eq!(alone.alerts[0].code, 13238, "not every verb is allowed");
    let silent = world.enters("/silent");
    assert!(world.call(&silent).heard.is_empty());
    world.run();
    assert_eq!(world.call(&out).said(), ["After"]);
}

#[test]
fn limits_and_the_star_key_end_the_stay() {
    let documents = &[(
        "/answer",
        "<Dial timeLimit=\"30\" hangupOnStar=\"true\"><Conference>r</Conference></Dial>\
         <Say>Out</Say>",
    )];
    let mut world = World::with(config(), |webhook| by_path(documents, webhook));
    let (one, two) = (world.enters("/answer"), world.enters("/answer"));
    world.engine.press(world.now, &one, "1*").unwrap();
    world.run_for(seconds(1));
    assert_eq!(world.call(&one).said(), ["Out"]);
    assert!(world.call(&two).conference.is_some());
    world.run_for(seconds(30));
    assert_eq!(world.call(&two).said(), ["Out"]);
}

#[test]
fn a_conference_stands_alone_in_its_dial_and_needs_a_name() {
    for (markup, code) in [
        (
            "<Dial><Number>+15005550106</Number><Conference>r</Conference></Dial>",
            13000,
        ),
        ("<Dial><Conference></Conference></Dial>", 13237),
    ] {
        let document = format!("<Response>{markup}</Response>");
        let mut world = World::with(config(), move |_| WebhookAnswer::twiml(document.clone()));
        let caller = world.ring_in();
        world.run();
        let codes: Vec<_> = world
            .call(&caller)
            .alerts
            .iter()
            .map(|alert| alert.code)
            .collect();
        assert!(codes.contains(&code), "{codes:?}");
    }
}
