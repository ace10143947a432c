//! Participants that are called into a conference over REST.

use serde_json::Value;
use voip_sim::inspect::RoomStatus;
use voip_sim::sid::CallSid;

use crate::fixture::{OURS, World, path_of, seconds};

fn invite(world: &mut World, room: &str, to: &str, more: &[(&str, &str)]) -> (u16, Value) {
    let mut fields = vec![("To", to), ("From", OURS)];
    fields.extend(more);
    let path = format!("/Conferences/{room}/Participants.json");
    world.json("POST", &path, &fields)
}

fn events(world: &World) -> Vec<&str> {
    let sent = world.sent.iter();
    let room = sent.filter(|webhook| path_of(webhook) == "/room");
    room.map(|webhook| webhook.field("StatusCallbackEvent").unwrap())
        .collect()
}

const TOLD: [(&str, &str); 3] = [
    ("ConferenceStatusCallback", "http://app.test/room"),
    ("ConferenceStatusCallbackEvent", "start end join leave"),
    ("StatusCallback", "http://app.test/status"),
];

#[test]
fn two_are_called_into_a_room_by_name_and_talk() {
    let mut world = World::new(&[]);
    let label = [TOLD[0], TOLD[1], TOLD[2], ("Label", "ann")];
    let (status, ann) = invite(&mut world, "room%201", "+15005550104", &label);
    assert_eq!((status, &ann["status"]), (201, &"queued".into()));
    assert_eq!(
        (&ann["queue_time"], &ann["label"]),
        (&"0".into(), &"ann".into())
    );
    let room = ann["conference_sid"].as_str().unwrap().to_owned();
    let (_, coming) = world.json(
        "GET",
        &format!("/Conferences/{room}/Participants.json"),
        &[],
    );
    assert_eq!(coming["participants"][0]["status"], "queued");
    assert_eq!(coming["participants"][0]["queue_time"], Value::Null);

    let (status, refusal) = invite(&mut world, &room, "+15005550104", &[("Label", "ann")]);
    assert_eq!((status, &refusal["code"]), (400, &16025.into()));
    let (status, bob) = invite(&mut world, &room, "+15005550104", &[]);
    assert_eq!(
        (status, bob["conference_sid"].as_str()),
        (201, Some(room.as_str()))
    );
    world.run_for(seconds(3));
    let rooms = world.engine.rooms();
    assert_eq!((rooms.len(), rooms[0].name.as_str()), (1, "room 1"));
    assert_eq!(rooms[0].status, RoomStatus::InProgress);
    let ann = CallSid::parse(ann["call_sid"].as_str().unwrap()).unwrap();
    assert_eq!(world.call(&ann).hears.len(), 1);
    assert_eq!(world.call(&ann).direction.as_str(), "outbound-api");

    world.engine.hang_up(world.now, &ann).unwrap();
    world.run_for(seconds(1));
    let bob = CallSid::parse(bob["call_sid"].as_str().unwrap()).unwrap();
    world.engine.hang_up(world.now, &bob).unwrap();
    world.run();
    assert_eq!(
        events(&world),
        [
            "participant-join",
            "participant-join",
            "conference-start",
            "participant-leave",
            "participant-leave",
            "conference-end"
        ]
    );
    assert_eq!(world.told(&ann), ["completed"]);
}

#[test]
fn a_room_to_which_nobody_comes_is_over() {
    let mut world = World::new(&[]);
    let (_, busy) = invite(&mut world, "room", "+15005550100", &TOLD);
    world.run();
    assert_eq!(events(&world), ["participant-leave", "conference-end"]);
    let mut sent = world.sent.iter();
    let left = sent.find(|webhook| path_of(webhook) == "/room").unwrap();
    assert_eq!(
        left.field("ReasonParticipantLeft"),
        Some("participant_add_failed")
    );
    assert_eq!(left.field("ParticipantCallStatus"), Some("busy"));
    let room = busy["conference_sid"].as_str().unwrap();
    assert_eq!(world.engine.rooms()[0].status, RoomStatus::Completed);
    let (status, refusal) = invite(&mut world, room, "+15005550104", &[]);
    assert_eq!(
        (status, &refusal["code"]),
        (404, &20404.into()),
        "a SID of a room that is over"
    );
}

#[test]
fn one_who_rings_can_be_called_back_and_the_end_of_the_room_ends_the_ringing() {
    let mut world = World::new(&[]);
    let (_, one) = invite(&mut world, "room", "+15005550101", &TOLD);
    let (_, other) = invite(&mut world, "room", "+15005550101", &[]);
    world.run_for(seconds(2));
    let room = one["conference_sid"].as_str().unwrap();
    let (one, other) = (
        one["call_sid"].as_str().unwrap(),
        other["call_sid"].as_str().unwrap(),
    );
    let path = format!("/Conferences/{room}/Participants/{one}.json");
    let (_, shown) = world.json("GET", &path, &[]);
    assert_eq!(shown["status"], "ringing");
    assert_eq!(world.json("DELETE", &path, &[]).0, 204);
    world.run_for(seconds(1));
    let one = CallSid::parse(one).unwrap();
    assert_eq!(world.call(&one).status.as_str(), "canceled");
    let close = [("Status", "completed")];
    let (_, closed) = world.json("POST", &format!("/Conferences/{room}.json"), &close);
    assert_eq!(
        closed["reason_conference_ended"],
        "conference-ended-via-api"
    );
    world.run();
    let other = CallSid::parse(other).unwrap();
    assert_eq!(world.call(&other).status.as_str(), "canceled");
}

#[test]
fn a_coach_is_heard_by_one_alone() {
    let mut world = World::new(&[]);
    let (_, agent) = invite(&mut world, "room", "+15005550104", &[]);
    let (_, customer) = invite(&mut world, "room", "+15005550104", &[]);
    world.run_for(seconds(1));
    let (agent, customer) = (
        agent["call_sid"].as_str().unwrap(),
        customer["call_sid"].clone(),
    );
    let coaching = [("Coaching", "true"), ("CallSidToCoach", agent)];
    let (_, coach) = invite(&mut world, "room", "+15005550104", &coaching);
    assert_eq!(
        (&coach["coaching"], coach["call_sid_to_coach"].as_str()),
        (&true.into(), Some(agent))
    );
    world.run_for(seconds(1));
    let hears = |world: &World, sid: &str| world.call(&CallSid::parse(sid).unwrap()).hears.len();
    assert_eq!(hears(&world, agent), 2);
    assert_eq!(hears(&world, customer.as_str().unwrap()), 1);
    assert_eq!(hears(&world, coach["call_sid"].as_str().unwrap()), 2);
}

#[test]
fn calls_above_the_rate_wait_for_their_turn_where_that_is_asked_for() {
    let mut config = crate::fixture::config();
    config.calls_per_second = std::num::NonZeroU32::new(1);
    config.surplus = voip_sim::engine::Surplus::Queue;
    let mut world = World::with(config, |_| voip_sim::webhook::WebhookAnswer::empty(204));
    let calls: Vec<CallSid> = (0..3).map(|_| world.dial("+15005550101")).collect();
    let times: Vec<Value> = calls
        .iter()
        .map(|sid| world.json("GET", &format!("/Calls/{sid}.json"), &[]).1["queue_time"].clone())
        .collect();
    assert_eq!(times, ["0", "1000", "2000"]);
    world.run_for(std::time::Duration::from_millis(1500));
    let rings = |world: &World, sid: &CallSid| world.call(sid).status.as_str() == "ringing";
    assert!(rings(&world, &calls[1]) && !rings(&world, &calls[2]));
    world.run_for(seconds(1));
    assert!(rings(&world, &calls[2]));
}
