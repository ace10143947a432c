//! Where the vendor is silent, each way it may behave can be had.

use voip_sim::choices::{Choices, MovedChild, StoppedChild};
use voip_sim::inspect::Status;
use voip_sim::phone::PhoneScript;
use voip_sim::seed::Seed;
use voip_sim::webhook::{FailureKind, WebhookAnswer};

use crate::fixture::{OURS, World, by_path, config, seconds};

const DOCUMENTS: &[(&str, &str)] = &[
    (
        "/voice",
        "<Dial action=\"/after\"><Client>ann</Client><Client>bob</Client></Dial>",
    ),
    (
        "/room",
        "<Dial><Conference statusCallback=\"/told\" statusCallbackEvent=\"start join\">r\
         </Conference></Dial>",
    ),
    ("/away", "<Pause length=\"60\"/>"),
    ("/answer", "<Pause length=\"60\"/>"),
    ("/after", "<Hangup/>"),
];

fn world(choices: Choices) -> World {
    let mut config = config();
    config.choices = choices;
    World::with(config, |webhook| by_path(DOCUMENTS, webhook))
}

/// One world as the manual has it, and one with another choice.
fn both(other: Choices) -> [World; 2] {
    [world(Choices::default()), world(other)]
}

#[test]
fn the_action_of_a_dial_whose_child_was_moved_says_one_or_the_other() {
    let other = Choices {
        moved_child: MovedChild::Completed,
        ..Choices::default()
    };
    for (mut world, word) in both(other).into_iter().zip(["answered", "completed"]) {
        world.engine.set_client("bob", PhoneScript::offline());
        let parent = world.ring_in();
        world.run_for(seconds(3));
        let child = world.children(&parent)[0].sid.clone();
        let moved = world.update(&child, &[("Url", "http://app.test/away")]);
        assert_eq!(moved.0, 200);
        world.run_for(seconds(2));
        let action = world.asked("/after")[0];
        assert_eq!(action.field("DialCallStatus"), Some(word));
        assert_eq!(action.field("DialCallDuration"), None);
    }
}

#[test]
fn a_ringing_leg_that_is_not_wanted_any_more_ends_one_way_or_the_other() {
    let other = Choices {
        stopped_child: StoppedChild::NoAnswer,
        ..Choices::default()
    };
    for (mut world, status) in both(other)
        .into_iter()
        .zip([Status::Canceled, Status::NoAnswer])
    {
        // One of two answers.
        world.engine.set_client("bob", PhoneScript::no_answer());
        let parent = world.ring_in();
        world.run_for(seconds(3));
        let legs = world.children(&parent);
        assert_eq!(
            (legs[0].status, legs[1].status),
            (Status::InProgress, status)
        );
        // The caller gives up.
        world.engine.set_client("ann", PhoneScript::no_answer());
        let parent = world.ring_in();
        world.run_for(seconds(1));
        world.engine.hang_up(world.now, &parent).unwrap();
        world.run();
        let legs = world.children(&parent);
        assert!(legs.iter().all(|leg| leg.status == status), "{legs:?}");
    }
}

#[test]
fn events_that_nobody_asked_for_may_take_a_number() {
    let other = Choices {
        untold_events_count: true,
        ..Choices::default()
    };
    for (mut world, number) in both(other).into_iter().zip(["0", "3"]) {
        let fields = [
            ("To", "+15005550103"),
            ("From", OURS),
            ("Url", "http://app.test/answer"),
            ("StatusCallback", "http://app.test/status"),
        ];
        assert_eq!(world.json("POST", "/Calls.json", &fields).0, 201);
        world.run();
        let told: Vec<_> = world
            .sent
            .iter()
            .filter_map(|sent| sent.field("SequenceNumber"))
            .collect();
        assert_eq!(told, [number]);
    }
}

#[test]
fn a_conference_may_start_before_the_second_is_told_to_have_joined() {
    let join_first = ["participant-join", "participant-join", "conference-start"];
    let start_first = ["participant-join", "conference-start", "participant-join"];
    let other = Choices {
        start_before_join: true,
        ..Choices::default()
    };
    for (mut world, order) in both(other).into_iter().zip([join_first, start_first]) {
        let mut number = world.engine.number().clone();
        number.voice_url = Some("http://app.test/room".to_owned());
        world.engine.set_number(number);
        world.ring_in();
        world.ring_in();
        world.run_for(seconds(3));
        let told: Vec<_> = world
            .sent
            .iter()
            .filter_map(|sent| sent.field("StatusCallbackEvent"))
            .collect();
        assert_eq!(told, order);
    }
}

#[test]
fn a_retry_may_have_a_token_of_its_own() {
    for (per_attempt, kinds) in [(false, 1), (true, 2)] {
        let mut config = config();
        config.choices.token_per_attempt = per_attempt;
        let mut world = World::with(config, |_| WebhookAnswer::Failed(FailureKind::Connect));
        world.ring_in();
        world.run_for(seconds(1));
        let asked = world.asked("/voice");
        assert_eq!(asked.len(), 2, "one retry");
        let tokens: std::collections::BTreeSet<_> = asked
            .iter()
            .map(|sent| sent.header("I-Twilio-Idempotency-Token").unwrap())
            .collect();
        assert_eq!(tokens.len(), kinds);
    }
}

#[test]
fn too_many_requests_may_say_when_to_come_again() {
    for (choice, said) in [(None, None), (Some(2), Some("2"))] {
        let mut config = config();
        config.choices.retry_after_seconds = choice;
        config.calls_per_second = std::num::NonZeroU32::new(1);
        let mut world = World::with(config, |_| WebhookAnswer::empty(204));
        let call = "To=%2B15005550104&From=%2B15005550006&Url=http%3A%2F%2Fapp.test%2Fanswer";
        assert_eq!(world.request("POST", "/Calls.json", call).status, 201);
        let refused = world.request("POST", "/Calls.json", call);
        assert_eq!(refused.status, 429);
        let header = refused
            .headers
            .iter()
            .find(|(name, _)| *name == "Retry-After");
        assert_eq!(header.map(|(_, value)| value.as_str()), said);
    }
}

#[test]
fn the_answer_to_an_end_may_show_the_status_from_before() {
    let other = Choices {
        end_shows_later: true,
        ..Choices::default()
    };
    for (mut world, shown) in both(other).into_iter().zip(["completed", "in-progress"]) {
        let sid = world.dial("+15005550104");
        world.run_for(seconds(2));
        let (status, call) = world.update(&sid, &[("Status", "completed")]);
        assert_eq!((status, &call["status"]), (200, &shown.into()));
        let read = world.json("GET", &format!("/Calls/{sid}.json"), &[]).1;
        assert_eq!(read["status"], "completed");
    }
}

#[test]
fn deleting_a_live_call_is_refused_with_one_status_or_the_other() {
    let other = Choices {
        early_delete_is_400: true,
        ..Choices::default()
    };
    for (mut world, status) in both(other).into_iter().zip([409, 400]) {
        let sid = world.dial("+15005550104");
        world.run_for(seconds(2));
        let (refused, body) = world.json("DELETE", &format!("/Calls/{sid}.json"), &[]);
        assert_eq!((refused, &body["code"]), (status, &20009.into()));
        assert_eq!(body["status"], status);
    }
}

#[test]
fn choices_come_from_a_seed_and_what_it_leaves_out_is_as_the_manual_says() {
    let mut world = world(Choices {
        start_before_join: true,
        ..Choices::default()
    });
    let seed = Seed::parse(br#"{"choices": {"stopped_child": "no-answer"}}"#).unwrap();
    world.engine.plant(seed).unwrap();
    let expected = Choices {
        stopped_child: StoppedChild::NoAnswer,
        ..Choices::default()
    };
    assert_eq!(world.engine.settings().choices, expected);
}
