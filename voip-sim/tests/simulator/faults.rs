//! What goes wrong on purpose, and that it goes wrong the same way each time.

use std::time::Duration;

use proptest::prelude::*;
use voip_sim::faults::{Faults, RestFault, RestTarget, WebhookFault, WebhookTarget};
use voip_sim::inspect::{DeliveryOutcome, Status};
use voip_sim::magic_numbers as magic;
use voip_sim::rest::ReplyDelivery;
use voip_sim::seed::Seed;
use voip_sim::webhook::{FailureKind, WebhookAnswer, WebhookKind};

use crate::fixture::{OURS, START, World, by_path, config, seconds};

const TALK: &[(&str, &str)] = &[
    ("/answer", "<Say>Hello</Say><Pause length=\"3\"/>"),
    (
        "/voice",
        "<Dial action=\"/after\"><Client>ann</Client></Dial>",
    ),
    ("/after", "<Say>Goodbye</Say>"),
    (
        "/room",
        "<Dial action=\"/after\"><Conference statusCallback=\"/told\" \
         statusCallbackEvent=\"start end join leave mute hold\">r</Conference></Dial>",
    ),
    (
        "/strict",
        "<Dial><Conference endConferenceOnExit=\"true\" waitUrl=\"/wait\">r</Conference></Dial>",
    ),
    ("/wait", "<Say>Soon</Say>"),
];

fn world_with(seed: u64, faults: Faults) -> World {
    let mut config = config();
    config.seed = seed;
    config.faults = faults;
    World::with(config, |webhook| by_path(TALK, webhook))
}

#[test]
fn dropped_callbacks_are_recorded_and_never_sent() {
    let mut world = world_with(
        1,
        Faults {
            drop: 1.0,
            ..Faults::default()
        },
    );
    let sid = world.dial(magic::ANSWERS);
    world.run();
    assert!(world.statuses(&sid).is_empty());
    assert_eq!(world.call(&sid).status, Status::Completed);
    let dropped = world.engine.webhooks();
    let dropped = dropped
        .iter()
        .filter(|view| view.outcome == DeliveryOutcome::Dropped);
    assert_eq!(dropped.count(), 4);
}

#[test]
fn repeated_callbacks_are_the_same_delivery_twice() {
    let mut world = world_with(
        1,
        Faults {
            repeat: 1.0,
            ..Faults::default()
        },
    );
    let sid = world.dial(magic::BUSY);
    world.run();
    assert_eq!(world.told(&sid), ["initiated", "initiated", "busy", "busy"]);
    let told = world.statuses(&sid);
    assert_eq!(told[0].form, told[1].form);
    assert_eq!(told[0].headers, told[1].headers);
}

#[test]
fn delayed_callbacks_stay_in_order_and_reordered_ones_do_not() {
    let delay = Faults {
        delay: 0.7,
        delay_up_to: seconds(20),
        ..Faults::default()
    };
    let reorder = Faults {
        reorder: 0.7,
        reorder_within: seconds(20),
        ..Faults::default()
    };
    let mut overtaken = 0;
    for seed in 0..20 {
        for (faults, may_overtake) in [(&delay, false), (&reorder, true)] {
            let mut world = world_with(seed, faults.clone());
            let sid = world.dial(magic::ANSWERS);
            world.run();
            let numbers: Vec<u32> = world
                .statuses(&sid)
                .iter()
                .map(|webhook| webhook.field("SequenceNumber").unwrap().parse().unwrap())
                .collect();
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            assert_eq!(
                sorted,
                [0, 1, 2, 3],
                "nothing is lost and nothing comes twice"
            );
            if may_overtake {
                overtaken += usize::from(numbers != sorted);
            } else {
                assert_eq!(numbers, sorted);
            }
        }
    }
    assert!(overtaken > 5, "{overtaken} of 20 runs were out of order");
}

#[test]
fn a_certain_callback_of_a_certain_call_meets_its_fault_and_no_other_does() {
    let late = seconds(2);
    for (fault, told) in [
        (WebhookFault::Drop, "initiated in-progress completed"),
        (
            WebhookFault::Repeat,
            "initiated ringing ringing in-progress completed",
        ),
        (
            WebhookFault::Delay(late),
            "initiated ringing in-progress completed",
        ),
        (
            WebhookFault::Reorder(late),
            "initiated in-progress ringing completed",
        ),
    ] {
        let mut world = world_with(1, Faults::default());
        let meant = world.dial(magic::ANSWERS);
        let other = world.dial(magic::ANSWERS);
        let target = WebhookTarget::Ringing;
        world
            .engine
            .fail_next_webhook_about(meant.as_str(), target, fault, 1);
        world.run_for(seconds(2));
        let early = world.told(&meant).len();
        match fault {
            WebhookFault::Delay(_) => assert_eq!(early, 1, "the others wait behind it"),
            _ => assert!(early > 1),
        }
        world.run();
        assert_eq!(world.told(&meant).join(" "), told, "{fault:?}");
        let all = "initiated ringing in-progress completed";
        assert_eq!(world.told(&other).join(" "), all);
    }
}

#[test]
fn the_end_of_a_call_can_be_lost_by_seed_and_is_lost_once() {
    let mut world = world_with(1, Faults::default());
    let seed = br#"{"webhook_faults": [{"on": "completed", "fault": "drop"}]}"#;
    world.engine.plant(Seed::parse(seed).unwrap()).unwrap();
    let busy = world.dial(magic::BUSY);
    world.run();
    assert_eq!(world.told(&busy), ["initiated"]);
    let again = world.dial(magic::BUSY);
    world.run();
    assert_eq!(world.told(&again), ["initiated", "busy"]);
}

#[test]
fn documents_and_conference_callbacks_meet_scripted_faults_too() {
    let mut world = world_with(1, Faults::default());
    world.engine.set_number_of(OURS, room_number());
    let script = [
        (WebhookTarget::Documents, WebhookFault::Repeat),
        (WebhookTarget::ParticipantJoin, WebhookFault::Drop),
        (WebhookTarget::ParticipantLeave, WebhookFault::Repeat),
    ];
    for (target, fault) in script {
        world.engine.fail_next_webhook(target, fault, 1);
    }
    let caller = world.ring_in();
    world.run_for(seconds(1));
    world.engine.hang_up(world.now, &caller).unwrap();
    world.run();
    assert_eq!(world.asked("/room").len(), 2);
    let told = |event| {
        let told = world.sent.iter();
        told.filter(|webhook| webhook.field("StatusCallbackEvent") == Some(event))
            .count()
    };
    assert_eq!(told("participant-join"), 0);
    assert_eq!(told("participant-leave"), 2);
    assert_eq!(told("conference-end"), 1);

    let lost = (WebhookTarget::Documents, WebhookFault::Drop, 1);
    world.engine.fail_next_webhook(lost.0, lost.1, lost.2);
    let caller = world.ring_in();
    world.run();
    assert_eq!(world.call(&caller).alerts[0].code, 11203);
}

fn room_number() -> voip_sim::engine::NumberConfig {
    voip_sim::engine::NumberConfig {
        voice_url: Some("http://app.test/room".to_owned()),
        ..Default::default()
    }
}

/// Over HTTP longer spans are refused; from Rust they count as a day.
#[test]
fn nothing_is_late_by_more_than_a_day() {
    let forever = Duration::MAX;
    let mut world = world_with(
        1,
        Faults {
            read_lag: forever,
            conference_lag: forever,
            delay: 1.0,
            delay_up_to: forever,
            ..Faults::default()
        },
    );
    let late = RestFault::LegEndsAfter(forever);
    world.engine.fail_next_rest(RestTarget::Reads, late, 1);
    let target = WebhookTarget::Documents;
    let held = WebhookFault::Delay(forever);
    world.engine.fail_next_webhook(target, held, 1);
    let sid = world.dial(magic::ANSWERS);
    let path = format!("/Calls/{sid}.json");
    assert_eq!(world.json("GET", &path, &[]).0, 200);
    assert_eq!(world.json("GET", "/Conferences.json", &[]).0, 200);
    world.run();
    assert!(world.now <= START + seconds(2 * 86_400));
}

/// Nobody polls for a while, as when too many others are out.
#[test]
fn the_time_of_a_webhook_begins_when_it_is_sent() {
    let mut world = world_with(1, Faults::default());
    world.ring_in();
    world.engine.advance(START + seconds(20));
    let webhook = world.engine.poll().unwrap();
    assert_eq!(webhook.timeout, seconds(15));
    let end = START + seconds(35);
    assert_eq!(world.engine.next_due(), Some(end));
    world.engine.advance(end);
    let failed = DeliveryOutcome::Failed {
        failure: FailureKind::Timeout,
    };
    assert_eq!(world.engine.webhooks()[0].outcome, failed);
}

#[test]
fn an_attempt_that_was_given_up_before_it_was_sent_is_not_sent() {
    let mut world = world_with(1, Faults::default());
    world.ring_in();
    let first = world.engine.poll().unwrap();
    let later = START + seconds(6);
    let failed = WebhookAnswer::Failed(FailureKind::Connect);
    world.engine.answered(later, first.id, failed);
    world.engine.advance(START + seconds(16));
    assert_eq!(world.engine.poll(), None);

    let mut world = world_with(1, Faults::default());
    world.ring_in();
    let first = world.engine.poll().unwrap();
    let failed = WebhookAnswer::Failed(FailureKind::Connect);
    world.engine.answered(later, first.id, failed);
    let again = world.engine.poll().unwrap();
    assert_eq!((again.attempt, again.timeout), (2, seconds(9)));
}

#[test]
fn one_callback_of_a_leg_is_out_at_a_time() {
    let mut world = World::new(TALK);
    let sid = world.dial(magic::ANSWERS_AT_ONCE);
    // The application takes its time over each callback.
    let mut out = Vec::new();
    let mut told = Vec::new();
    for _ in 0..1000 {
        while let Some(webhook) = world.engine.poll() {
            match webhook.kind {
                WebhookKind::Status => out.push(webhook),
                _ => world
                    .engine
                    .answered(world.now, webhook.id, by_path(TALK, &webhook)),
            }
        }
        assert!(
            out.len() <= 1,
            "the next one waits for the answer to the one before"
        );
        world.now += Duration::from_millis(100);
        world.engine.advance(world.now);
        if told.len() < world.now.second() as usize && !out.is_empty() {
            let webhook = out.remove(0);
            told.push(webhook.field("CallStatus").unwrap().to_owned());
            world
                .engine
                .answered(world.now, webhook.id, WebhookAnswer::empty(200));
        }
    }
    assert_eq!(told, ["initiated", "ringing", "in-progress", "completed"]);
    assert_eq!(world.call(&sid).status, Status::Completed);
}

#[test]
fn a_dial_can_be_accepted_without_an_answer() {
    let fields = format!(
        "To=%2B15005550106&From={}&Url=http://app.test/answer",
        "%2B15005550006"
    );
    for (fault, done, status) in [
        (RestFault::NeverAnswer, true, None),
        (RestFault::AnswerLate(seconds(3)), true, Some(201)),
        (RestFault::BadGatewayAfterwards, true, Some(502)),
        (RestFault::Lost, false, None),
        (RestFault::TooManyRequests, false, Some(429)),
        (RestFault::ServerError, false, Some(500)),
        (RestFault::BadGateway, false, Some(502)),
    ] {
        let mut world = World::new(TALK);
        world.engine.fail_next_rest(RestTarget::Creates, fault, 1);
        assert_eq!(
            world.request("GET", "/Calls.json", "").status,
            200,
            "only creates fail"
        );
        let reply = world.request("POST", "/Calls.json", &fields);
        match status {
            None => assert_eq!(reply.delivery, ReplyDelivery::Never),
            Some(status) => assert_eq!(reply.status, status),
        }
        world.run();
        assert_eq!(world.engine.calls().len(), usize::from(done), "{fault:?}");
        let again = world.request("POST", "/Calls.json", &fields);
        assert_eq!((again.status, again.delivery), (201, ReplyDelivery::Now));
    }
}

#[test]
fn reads_can_lag_behind_what_happened() {
    let faults = Faults {
        read_lag: seconds(2),
        ..Faults::default()
    };
    let mut world = world_with(1, faults);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(2));
    assert_eq!(world.call(&sid).status, Status::InProgress);
    let (_, call) = world.json("GET", &format!("/Calls/{sid}.json"), &[]);
    assert_eq!(call["status"], "queued");
    let (_, list) = world.json("GET", "/Calls.json?Status=in-progress", &[]);
    assert_eq!(list["calls"].as_array().unwrap().len(), 0);
}

/// Everything a run shows to the outside, as text.
fn transcript(seed: u64) -> String {
    let faults = Faults {
        drop: 0.1,
        repeat: 0.3,
        delay: 0.3,
        reorder: 0.3,
        ..Faults::default()
    };
    let mut world = world_with(seed, faults);
    let out = world.dial(magic::ANSWERS);
    let inbound = world.ring_in();
    world.run_for(seconds(4));
    world.update(&out, &[("Status", "completed")]);
    // Either may be over already; what matters is that it is so each time.
    let _ = world.engine.hang_up(world.now, &inbound);
    world.run();
    let sent: Vec<_> = world
        .sent
        .iter()
        .map(|webhook| (webhook.id, &webhook.url, &webhook.form, &webhook.headers))
        .collect();
    format!(
        "{sent:?} {:?}",
        serde_json::to_string(&world.engine.calls())
    )
}

#[test]
fn the_same_seed_and_inputs_give_the_same_bytes() {
    for seed in 0..5 {
        assert_eq!(transcript(seed), transcript(seed));
    }
    assert_ne!(transcript(1), transcript(2));
}

#[test]
fn a_reset_forgets_everything_and_old_answers_find_nothing() {
    let mut world = World::new(TALK);
    let sid = world.ring_in();
    let webhook = world.engine.poll().expect("the Voice URL is asked");
    world.engine.reset(world.now);
    world
        .engine
        .answered(world.now, webhook.id, WebhookAnswer::twiml("<Response/>"));
    assert!(world.engine.calls().is_empty() && world.engine.is_quiet());
    let next = world.ring_in();
    assert_ne!(next, sid);
    world.run();
    // The Voice URL, and the end of the call at its time limit.
    assert_eq!(world.engine.webhooks().len(), 2);
}

#[derive(Debug, Clone)]
enum Act {
    Dial(&'static str),
    RingIn,
    Wait(u64),
    HangUp(usize),
    PickUp(usize),
    Press(usize),
    Complete(usize),
    Cancel(usize),
    Redirect(usize, &'static str),
    Hold(usize, bool),
    Remove(usize),
    Close,
}

fn act() -> impl Strategy<Value = Act> {
    let number = prop::sample::select(vec![
        magic::ANSWERS,
        magic::BUSY,
        magic::RINGS_OUT,
        magic::FAILS,
        magic::HANGS_UP_AFTER_5S,
        magic::ANSWERS_AT_ONCE,
        magic::REJECTS,
    ]);
    let path = prop::sample::select(vec![
        "http://app.test/answer",
        "http://app.test/voice",
        "http://app.test/missing",
        "http://app.test/room",
        "http://app.test/room",
        "http://app.test/strict",
    ]);
    prop_oneof![
        number.prop_map(Act::Dial),
        Just(Act::RingIn),
        (0_u64..4000).prop_map(Act::Wait),
        (0_usize..6).prop_map(Act::HangUp),
        (0_usize..6).prop_map(Act::PickUp),
        (0_usize..6).prop_map(Act::Press),
        (0_usize..6).prop_map(Act::Complete),
        (0_usize..6).prop_map(Act::Cancel),
        ((0_usize..6), path.clone()).prop_map(|(leg, path)| Act::Redirect(leg, path)),
        ((0_usize..6), path).prop_map(|(leg, path)| Act::Redirect(leg, path)),
        ((0_usize..6), any::<bool>()).prop_map(|(leg, hold)| Act::Hold(leg, hold)),
        (0_usize..6).prop_map(Act::Remove),
        Just(Act::Close),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever people and applications do: final states stay, each leg's events are told in
    /// order and exactly one of them is final, and everything comes to rest.
    #[test]
    fn no_sequence_of_acts_breaks_the_rules(acts in prop::collection::vec(act(), 1..40), seed: u64) {
        let mut config = config();
        config.seed = seed;
        let mut failures = seed;
        let mut world = World::with(config, move |webhook| {
            // Now and then the application is not there.
            failures = failures.rotate_left(7).wrapping_add(1);
            match failures % 11 {
                0 => WebhookAnswer::Failed(FailureKind::Connect),
                1 => WebhookAnswer::empty(500),
                _ => by_path(TALK, webhook),
            }
        });
        let mut ended = std::collections::HashMap::new();
        for act in acts {
            let calls = world.engine.calls();
            let leg = |index: usize| calls.get(index).map(|call| call.sid.clone());
            let now = world.now;
            let room = world.engine.rooms().pop().map(|room| room.sid);
            match act {
                Act::Dial(number) => { world.dial(number); }
                Act::RingIn => { world.ring_in(); }
                Act::Wait(millis) => world.run_for(Duration::from_millis(millis)),
                Act::HangUp(index) => if let Some(sid) = leg(index) {
                    let _ = world.engine.hang_up(now, &sid);
                },
                Act::PickUp(index) => if let Some(sid) = leg(index) {
                    let _ = world.engine.pick_up(now, &sid);
                },
                Act::Press(index) => if let Some(sid) = leg(index) {
                    let _ = world.engine.press(now, &sid, "1*#");
                },
                Act::Complete(index) => if let Some(sid) = leg(index) {
                    world.update(&sid, &[("Status", "completed")]);
                },
                Act::Cancel(index) => if let Some(sid) = leg(index) {
                    world.update(&sid, &[("Status", "canceled")]);
                },
                Act::Redirect(index, url) => if let Some(sid) = leg(index) {
                    world.update(&sid, &[("Url", url)]);
                },
                Act::Hold(index, hold) => if let (Some(sid), Some(room)) = (leg(index), room) {
                    let hold = if hold { "true" } else { "false" };
                    world.participant(&room, &sid, &[("Hold", hold)]);
                },
                Act::Remove(index) => if let (Some(sid), Some(room)) = (leg(index), room) {
                    world.json("DELETE", &format!("/Conferences/{room}/Participants/{sid}.json"), &[]);
                },
                Act::Close => if let Some(room) = room {
                    world.json("POST", &format!("/Conferences/{room}.json"), &[("Status", "completed")]);
                },
            }
            for call in world.engine.calls() {
                if let Some(status) = ended.get(&call.sid) {
                    prop_assert_eq!(*status, call.status);
                } else if call.status.is_final() {
                    ended.insert(call.sid.clone(), call.status);
                }
            }
        }
        for call in world.engine.calls() {
            let _ = world.engine.hang_up(world.now, &call.sid);
        }
        world.run();
        prop_assert!(world.engine.is_quiet());
        for room in world.engine.rooms() {
            prop_assert!(room.members.is_empty());
            let mut told: Vec<(u32, &str)> = world.sent.iter()
                .filter(|webhook| webhook.attempt == 1 && webhook.field("ConferenceSid") == Some(room.sid.as_str()))
                .map(|webhook| {
                    let number = webhook.field("SequenceNumber").unwrap().parse().unwrap();
                    (number, webhook.field("StatusCallbackEvent").unwrap())
                })
                .collect();
            prop_assert!(told.is_sorted_by(|one, two| one.0 < two.0));
            let count = |word: &str| told.iter().filter(|(_, told)| *told == word).count();
            prop_assert_eq!(count("participant-join"), count("participant-leave"));
            prop_assert!(count("conference-start") <= 1);
            if let Some((_, last)) = told.pop() {
                prop_assert_eq!(last, "conference-end");
            }
        }
        for call in world.engine.calls() {
            prop_assert!(call.status.is_final());
            let mut told: Vec<_> = world
                .statuses(&call.sid)
                .iter()
                .filter(|webhook| webhook.attempt == 1)
                .map(|webhook| {
                    let number: u32 = webhook.field("SequenceNumber").unwrap().parse().unwrap();
                    (number, webhook.field("CallStatus").unwrap().to_owned())
                })
                .collect();
            prop_assert!(told.is_sorted_by(|one, two| one.0 < two.0));
            let last = told.pop().map(|(_, status)| status);
            if call.from == OURS && call.parent.is_none() && call.status != Status::Canceled {
                prop_assert_eq!(last.as_deref(), Some(call.status.as_str()));
            }
        }
    }
}
