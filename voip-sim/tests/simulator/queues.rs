//! Waiting in a queue, and being fetched out of it.

use voip_sim::inspect::Sound;
use voip_sim::webhook::{WebhookAnswer, WebhookKind};

use crate::fixture::{OURS, World, config, path_of, seconds};

const WAIT: &str = "<Enqueue action='/left' waitUrl='/wait'>support</Enqueue><Say>Still here</Say>";

fn another_caller(world: &mut World) -> voip_sim::sid::CallSid {
    world
        .engine
        .place_call(world.now, "+14155550222", OURS)
        .unwrap()
}

#[test]
fn a_caller_waits_hears_the_document_again_and_again_and_may_leave() {
    let mut world = World::new(&[
        ("/voice", WAIT),
        (
            "/wait",
            "<Gather numDigits='1' timeout='3' action='/key'><Say>Wait</Say></Gather>",
        ),
        ("/key", "<Leave/>"),
        ("/left", "<Say>Bye</Say>"),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(10));
    assert_eq!(world.call(&caller).queue.as_deref(), Some("support"));
    let asked = world.asked("/wait");
    assert!(asked.len() >= 2, "{}", asked.len());
    assert_eq!(asked[0].field("QueuePosition"), Some("1"));
    assert_eq!(asked[0].field("CurrentQueueSize"), Some("1"));
    assert_eq!(asked[0].field("MaxQueueSize"), Some("100"));
    assert_eq!(asked[0].field("QueueTime"), Some("0"));
    assert!(asked[1].field("QueueSid").unwrap().starts_with("QU"));

    world.engine.press(world.now, &caller, "1").unwrap();
    world.run();
    let left = world.asked("/left");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].field("QueueResult"), Some("leave"));
    assert_eq!(left[0].field("QueueTime"), Some("10"));
    assert_eq!(world.call(&caller).said().last(), Some(&"Bye"));
    assert_eq!(world.call(&caller).queue, None);
}

#[test]
fn without_an_action_the_verb_after_the_queue_runs() {
    let mut world = World::new(&[
        (
            "/voice",
            "<Enqueue waitUrl='/wait'>q</Enqueue><Say>After</Say>",
        ),
        ("/wait", "<Pause length='2'/><Leave/>"),
    ]);
    let caller = world.ring_in();
    world.run();
    assert_eq!(world.call(&caller).said(), ["After"]);
}

#[test]
fn the_first_in_line_is_fetched_hears_the_document_and_is_connected() {
    let mut world = World::new(&[
        ("/voice", WAIT),
        ("/wait", "<Play loop='0'>/music.mp3</Play>"),
        (
            "/answer",
            "<Dial action='/done'><Queue url='/about'>support</Queue></Dial>",
        ),
        ("/about", "<Say>You are next</Say>"),
        ("/done", "<Say>Thanks</Say><Pause length='60'/>"),
        ("/left", "<Say>Bye</Say>"),
    ]);
    let first = world.ring_in();
    world.run_for(seconds(4));
    let second = another_caller(&mut world);
    world.run_for(seconds(1));
    let agent = world.dial("+15005550104");
    world.run_for(seconds(5));

    let about = world.asked("/about");
    assert_eq!(about[0].field("CallSid"), Some(first.as_str()));
    assert_eq!(about[0].field("DequeingCallSid"), Some(agent.as_str()));
    assert_eq!(about[0].field("QueueTime"), Some("5"));
    assert_eq!(world.call(&first).bridged_with.as_ref(), Some(&agent));
    assert_eq!(world.call(&first).said(), ["You are next"]);
    assert_eq!(world.call(&second).bridged_with, None);

    world.engine.hang_up(world.now, &first).unwrap();
    world.run_for(seconds(1));
    let done = world.asked("/done");
    assert_eq!(done[0].field("DialCallStatus"), Some("completed"));
    assert_eq!(done[0].field("DialBridged"), Some("true"));
    assert!(done[0].field("QueueSid").unwrap().starts_with("QU"));
    let left = world.asked("/left");
    assert_eq!(left[0].kind, WebhookKind::DocumentIgnored);
    assert_eq!(left[0].field("QueueResult"), Some("bridged"));
}

#[test]
fn whoever_was_fetched_goes_on_when_the_other_hangs_up() {
    let mut world = World::new(&[
        ("/voice", WAIT),
        ("/wait", "<Pause length='60'/>"),
        ("/answer", "<Dial><Queue>support</Queue></Dial>"),
        ("/left", "<Say>How was it</Say>"),
    ]);
    let caller = world.ring_in();
    world.run_for(seconds(2));
    let agent = world.dial("+15005550104");
    world.run_for(seconds(2));
    assert_eq!(world.call(&agent).bridged_with.as_ref(), Some(&caller));
    world.engine.hang_up(world.now, &agent).unwrap();
    world.run();
    assert_eq!(
        world.asked("/left")[0].field("QueueResult"),
        Some("bridged")
    );
    assert_eq!(world.call(&caller).said(), ["How was it"]);
}

#[test]
fn an_agent_who_comes_first_waits_and_runs_out_of_patience() {
    let mut world = World::new(&[
        ("/voice", "<Enqueue>support</Enqueue>"),
        (
            "/answer",
            "<Dial timeout='5' action='/none'><Queue>support</Queue></Dial>",
        ),
        ("/none", "<Say>Nobody</Say>"),
    ]);
    let early = world.dial("+15005550104");
    world.run_for(seconds(1));
    // A queue that nobody ever entered is a failure at once.
    assert_eq!(
        world.asked("/none")[0].field("DialCallStatus"),
        Some("failed")
    );
    world.run();
    assert!(world.call(&early).status.is_final());

    let caller = world.ring_in();
    world.run_for(seconds(1));
    assert!(
        world
            .call(&caller)
            .heard
            .iter()
            .any(|heard| heard.what == Sound::Music)
    );
    world.engine.hang_up(world.now, &caller).unwrap();
    world.dial("+15005550104");
    world.run_for(seconds(60));
    assert_eq!(
        world.asked("/none")[1].field("DialCallStatus"),
        Some("no-answer")
    );

    // And one who waits gets the next who comes.
    let agent = world.dial("+15005550104");
    world.run_for(seconds(2));
    let caller = world.ring_in();
    world.run_for(seconds(1));
    assert_eq!(world.call(&agent).bridged_with.as_ref(), Some(&caller));
}

#[test]
fn a_caller_who_hangs_up_or_is_redirected_is_in_no_queue() {
    let mut world = World::new(&[
        ("/voice", WAIT),
        ("/wait", "<Pause length='60'/>"),
        ("/other", "<Say>Elsewhere</Say>"),
        ("/left", "<Say>Never heard</Say>"),
    ]);
    let gone = world.ring_in();
    world.run_for(seconds(1));
    world.engine.hang_up(world.now, &gone).unwrap();
    world.run_for(seconds(1));
    assert_eq!(world.asked("/left")[0].field("QueueResult"), Some("hangup"));

    let moved = world.ring_in();
    world.run_for(seconds(1));
    let wait = world.asked("/wait");
    assert_eq!(
        wait.last().unwrap().field("QueuePosition"),
        Some("1"),
        "nobody else waits"
    );
    world.update(&moved, &[("Url", "http://app.test/other")]);
    world.run();
    assert_eq!(
        world.asked("/left")[1].field("QueueResult"),
        Some("redirected")
    );
    assert_eq!(world.call(&moved).said(), ["Elsewhere"]);
}

#[test]
fn a_full_queue_and_verbs_that_do_not_belong_into_it_are_told() {
    let mut world = World::new(&[
        ("/voice", WAIT),
        ("/wait", "<Dial>+15005550104</Dial><Leave/>"),
        ("/left", "<Say>Bye</Say>"),
    ]);
    let caller = world.ring_in();
    world.run();
    let codes: Vec<u32> = world
        .call(&caller)
        .alerts
        .iter()
        .map(|alert| alert.code)
        .collect();
    assert_eq!(codes, [13238]);

    let mut world = World::new(&[
        ("/voice", WAIT),
        ("/wait", "<Play loop='0'>/music.mp3</Play>"),
        ("/left", "<Say>Full</Say>"),
    ]);
    for index in 0..101 {
        let from = format!("+1415555{index:04}");
        world.engine.place_call(world.now, &from, OURS).unwrap();
    }
    world.run_for(seconds(5));
    let left = world.asked("/left");
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].field("QueueResult"), Some("queue-full"));
}

/// As many elements as fit into the largest document. Each is passed over with one warning, and
/// none of them takes a place on the stack.
#[test]
fn a_document_of_nothing_but_verbs_that_may_not_run_is_gone_through() {
    let many = "<Leave/>".repeat(8000);
    let refused = "<Reject/>".repeat(7000);
    let mut world = World::with(config(), move |webhook| match path_of(webhook).as_str() {
        "/voice" => WebhookAnswer::twiml(format!(
            "<Response>{many}<Enqueue waitUrl='/wait'>q</Enqueue><Say>After</Say></Response>"
        )),
        "/wait" => WebhookAnswer::twiml(format!("<Response>{refused}<Leave/></Response>")),
        _ => WebhookAnswer::empty(204),
    });
    let caller = world.ring_in();
    world.run();
    let call = world.call(&caller);
    let warnings = |code| {
        call.alerts
            .iter()
            .filter(|alert| alert.code == code)
            .count()
    };
    assert_eq!(warnings(12200), 8000);
    assert_eq!(warnings(13238), 7000);
    assert_eq!(call.said(), ["After"]);
}
