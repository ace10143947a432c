//! Recordings: by verb, by dial, by conference and over REST.

use voip_sim::inspect::RecordingStatus;
use voip_sim::webhook::{Webhook, WebhookKind};

use crate::fixture::{ACCOUNT, OURS, World, seconds};

fn told(world: &World) -> Vec<&Webhook> {
    let sent = world.sent.iter();
    sent.filter(|webhook| webhook.kind == WebhookKind::Event)
        .collect()
}

fn statuses<'a>(told: &[&'a Webhook]) -> Vec<&'a str> {
    let status = |webhook: &&'a Webhook| webhook.field("RecordingStatus").unwrap();
    told.iter().map(status).collect()
}

#[test]
fn what_the_verb_records_is_told_listed_and_can_be_heard() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Record action='/recorded' maxLength='7' timeout='0' \
             recordingStatusCallback='/recording' \
             recordingStatusCallbackEvent='in-progress completed'/>",
        ),
        ("/recorded", "<Hangup/>"),
    ]);
    let caller = world.ring_in();
    world.run();
    let action = world.asked("/recorded")[0];
    assert_eq!(action.field("RecordingDuration"), Some("7"));
    let told = told(&world);
    assert_eq!(statuses(&told), ["in-progress", "completed"]);
    assert_eq!(told[1].field("RecordingSource"), Some("RecordVerb"));
    assert_eq!(told[1].field("RecordingChannels"), Some("1"));
    assert_eq!(told[1].field("CallSid"), Some(caller.as_str()));
    let sid = told[1].field("RecordingSid").unwrap().to_owned();
    assert_eq!(action.field("RecordingSid"), Some(sid.as_str()));

    let (status, one) = world.json("GET", &format!("/Recordings/{sid}.json"), &[]);
    assert_eq!(
        (status, &one["status"], &one["duration"]),
        (200, &"completed".into(), &"7".into())
    );
    let mut members: Vec<&String> = one.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(
        members,
        [
            "account_sid",
            "api_version",
            "call_sid",
            "channels",
            "conference_sid",
            "date_created",
            "date_updated",
            "duration",
            "encryption_details",
            "error_code",
            "media_url",
            "price",
            "price_unit",
            "sid",
            "source",
            "start_time",
            "status",
            "subresource_uris",
            "uri",
        ]
    );
    let (_, list) = world.json("GET", &format!("/Calls/{caller}/Recordings.json"), &[]);
    assert_eq!(list["recordings"][0]["sid"], sid.as_str());
    let media = world.request("GET", &format!("/Recordings/{sid}.wav"), "");
    let sound = media.media.expect("a sound");
    assert_eq!((sound.seconds, sound.channels), (7, 1));

    let (status, _) = world.json("DELETE", &format!("/Recordings/{sid}.json"), &[]);
    assert_eq!(status, 204);
    let (status, _) = world.json("GET", &format!("/Recordings/{sid}.json"), &[]);
    assert_eq!(status, 404);
}

#[test]
fn a_call_placed_to_be_recorded_tells_so_at_its_end() {
    let mut world = World::new(&[]);
    let (_, call) = world.json(
        "POST",
        "/Calls.json",
        &[
            ("To", "+15005550103"),
            ("From", OURS),
            ("Twiml", "<Response><Pause length='60'/></Response>"),
            ("Record", "true"),
            ("RecordingChannels", "dual"),
            ("RecordingTrack", "inbound"),
            ("RecordingStatusCallback", "http://app.test/recording"),
            ("StatusCallback", "http://app.test/status"),
        ],
    );
    world.run();
    let sid = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    let last = world.statuses(&sid)[0];
    assert_eq!(last.field("RecordingDuration"), Some("5"));
    assert!(last.field("RecordingSid").unwrap().starts_with("RE"));
    let url = last.field("RecordingUrl").unwrap();
    assert!(
        url.contains(&format!("/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE")),
        "{url}"
    );
    let told = told(&world);
    assert_eq!(statuses(&told), ["completed"]);
    assert_eq!(told[0].field("RecordingChannels"), Some("2"));
    assert_eq!(told[0].field("RecordingTrack"), Some("inbound"));
    assert_eq!(told[0].field("RecordingSource"), Some("OutboundAPI"));
}

#[test]
fn a_dial_records_from_the_answer_and_its_action_says_so() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Dial record='record-from-answer-dual' action='/over' \
             recordingStatusCallback='/recording'>+15005550103</Dial>",
        ),
        ("/over", "<Hangup/>"),
    ]);
    let caller = world.ring_in();
    world.run();
    let over = world.asked("/over")[0];
    assert_eq!(over.field("RecordingDuration"), Some("5"));
    assert!(over.field("RecordingUrl").is_some());
    let recording = &world.engine.recordings()[0];
    assert_eq!(
        (recording.call.as_str(), recording.channels),
        (caller.as_str(), 2)
    );
    assert_eq!(told(&world)[0].field("RecordingSource"), Some("DialVerb"));
}

#[test]
fn a_conference_is_recorded_from_its_start() {
    let mut world = World::new(&[(
        "/voice",
        "<Dial><Conference record='record-from-start' recordingStatusCallback='/recording'>\
         room</Conference></Dial>",
    )]);
    let one = world.ring_in();
    world.run_for(seconds(3));
    assert_eq!(world.engine.recordings(), []);
    let other = world.ring_in();
    world.run_for(seconds(4));
    assert_eq!(
        world.engine.recordings()[0].status,
        RecordingStatus::InProgress
    );
    world.engine.hang_up(world.now, &one).unwrap();
    world.engine.hang_up(world.now, &other).unwrap();
    world.run();
    let told = told(&world);
    assert_eq!(statuses(&told), ["completed"]);
    assert_eq!(told[0].field("RecordingDuration"), Some("4"));
    assert!(told[0].field("ConferenceSid").unwrap().starts_with("CF"));
    let room = told[0].field("ConferenceSid").unwrap().to_owned();
    let (_, list) = world.json("GET", &format!("/Conferences/{room}/Recordings.json"), &[]);
    assert_eq!(list["recordings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_live_call_can_be_recorded_paused_and_stopped_over_rest() {
    let mut world = World::new(&[("/answer", "<Pause length='600'/>")]);
    let call = world.dial("+15005550104");
    let path = format!("/Calls/{call}/Recordings.json");
    let (status, refusal) = world.json("POST", &path, &[]);
    assert_eq!((status, &refusal["code"]), (400, &21220.into()), "not yet");
    world.run_for(seconds(2));
    let (status, made) = world.json("POST", &path, &[]);
    assert_eq!((status, &made["status"]), (201, &"in-progress".into()));
    assert_eq!(made["duration"], serde_json::Value::Null);
    let current = format!("/Calls/{call}/Recordings/Twilio.CURRENT.json");
    world.run_for(seconds(3));
    let (_, paused) = world.json("POST", &current, &[("Status", "paused")]);
    assert_eq!(paused["status"], "paused");
    world.run_for(seconds(30));
    world.json("POST", &current, &[("Status", "in-progress")]);
    let (status, refusal) = world.json("DELETE", &current, &[]);
    assert_eq!((status, &refusal["code"]), (409, &20009.into()));
    world.run_for(seconds(2));
    world.json("POST", &current, &[("Status", "stopped")]);
    world.run_for(seconds(2));
    let sid = made["sid"].as_str().unwrap();
    let (_, done) = world.json("GET", &format!("/Recordings/{sid}.json"), &[]);
    assert_eq!(
        (&done["status"], &done["duration"]),
        (&"completed".into(), &"5".into())
    );
    let (status, refusal) = world.json("GET", &current, &[]);
    assert_eq!((status, &refusal["code"]), (404, &20404.into()));
}
