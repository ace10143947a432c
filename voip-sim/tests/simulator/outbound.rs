//! Calls the application places over REST.

use crate::fixture::{OURS, START, World, config, seconds};
use voip_sim::inspect::Status;
use voip_sim::magic_numbers as magic;
use voip_sim::phone::PhoneScript;
use voip_sim::webhook::{FailureKind, WebhookAnswer, WebhookKind};

const HELLO: &[(&str, &str)] = &[("/answer", "<Say>Hello</Say><Pause length=\"9\"/><Hangup/>")];

#[test]
fn an_answered_call_is_told_in_four_steps_and_hears_its_document() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::ANSWERS);
    assert_eq!(world.call(&sid).status, Status::Queued);
    world.run();
    assert_eq!(
        world.told(&sid),
        ["initiated", "ringing", "in-progress", "completed"]
    );
    let call = world.call(&sid);
    assert_eq!(call.said(), ["Hello"]);
    assert_eq!(call.status, Status::Completed);
    // 100 ms queued, 200 ms to connect, 1 s ringing.
    assert_eq!(
        call.answered_at,
        Some(START + std::time::Duration::from_millis(1300))
    );
}

#[test]
fn callbacks_carry_the_documented_fields() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::ANSWERS);
    world.run();
    let told = world.statuses(&sid);
    let numbers: Vec<_> = told
        .iter()
        .map(|w| w.field("SequenceNumber").unwrap())
        .collect();
    assert_eq!(numbers, ["0", "1", "2", "3"]);
    for webhook in &told {
        assert_eq!(
            webhook.field("CallbackSource"),
            Some("call-progress-events")
        );
        assert_eq!(webhook.field("Direction"), Some("outbound-api"));
        assert_eq!(webhook.field("Called"), webhook.field("To"));
        assert_eq!(webhook.field("Caller"), Some(OURS));
        assert_eq!(webhook.header("User-Agent"), Some("TwilioProxy/1.1"));
        assert_eq!(webhook.header("Connection"), Some("close"));
        assert!(webhook.header("I-Twilio-Idempotency-Token").is_some());
    }
    assert_eq!(
        told[0].field("Timestamp"),
        Some("Mon, 05 Jan 2026 12:00:00 +0000")
    );
    assert_eq!(told[2].field("CallDuration"), None);
    // Half a second of speech and nine of silence: a started second counts whole.
    assert_eq!(told[3].field("CallDuration"), Some("10"));
    assert_eq!(told[3].field("Duration"), Some("1"));
    assert_eq!(told[3].field("SipResponseCode"), Some("200"));
}

#[test]
fn magic_numbers_end_as_the_table_says() {
    for (number, status, sip) in [
        (magic::BUSY, "busy", "486"),
        (magic::RINGS_OUT, "no-answer", "487"),
        (magic::FAILS, "failed", "404"),
        (magic::REJECTS, "busy", "603"),
    ] {
        let mut world = World::new(HELLO);
        let sid = world.dial(number);
        world.run();
        assert_eq!(world.told(&sid).last(), Some(&status), "{number}");
        let last = *world.statuses(&sid).last().unwrap();
        assert_eq!(last.field("SipResponseCode"), Some(sip));
        assert_eq!(last.field("CallDuration"), Some("0"));
        assert_eq!(last.field("Duration"), None);
        assert!(
            world.asked("/answer").is_empty(),
            "an unanswered call asks for nothing"
        );
    }
}

#[test]
fn a_phone_that_hangs_up_ends_the_call() {
    const WAIT: &[(&str, &str)] = &[("/answer", "<Pause length=\"60\"/>")];
    let mut world = World::new(WAIT);
    let sid = world.dial(magic::HANGS_UP_AFTER_5S);
    world.run();
    let last = *world.statuses(&sid).last().unwrap();
    assert_eq!(last.field("CallStatus"), Some("completed"));
    assert_eq!(last.field("CallDuration"), Some("5"));
}

#[test]
fn ringing_lasts_as_long_as_the_request_says() {
    let mut world = World::new(HELLO);
    let (_, call) = world.json(
        "POST",
        "/Calls.json",
        &[
            ("To", magic::RINGS_OUT),
            ("From", OURS),
            ("Url", "http://app.test/answer"),
            ("Timeout", "20"),
        ],
    );
    world.run();
    let call = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    let ended = world.call(&call).ended_at.unwrap();
    assert_eq!((ended - START).whole_seconds(), 20);
}

#[test]
fn only_events_asked_for_are_told_and_the_default_is_the_end() {
    for (events, told) in [
        (&[][..], &["completed"][..]),
        (&["ringing", "answered"], &["ringing", "in-progress"]),
        // Several words in one value match nothing.
        (&["initiated completed"], &[]),
    ] {
        let mut world = World::new(HELLO);
        let mut fields = vec![
            ("To", magic::ANSWERS),
            ("From", OURS),
            ("Url", "http://app.test/answer"),
            ("StatusCallback", "http://app.test/status"),
        ];
        fields.extend(events.iter().map(|event| ("StatusCallbackEvent", *event)));
        let (_, call) = world.json("POST", "/Calls.json", &fields);
        world.run();
        let sid = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
        assert_eq!(world.told(&sid), told);
    }
}

#[test]
fn canceling_a_queued_call_is_not_reported_at_all() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::ANSWERS);
    let (status, call) = world.update(&sid, &[("Status", "canceled")]);
    assert_eq!((status, call["status"].as_str()), (200, Some("canceled")));
    world.run();
    assert!(world.sent.is_empty());
}

#[test]
fn a_ringing_call_can_be_canceled_and_an_answered_one_is_left_alone() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::RINGS_OUT);
    world.run_for(seconds(5));
    world.update(&sid, &[("Status", "canceled")]);
    world.run();
    assert_eq!(world.told(&sid), ["initiated", "ringing", "canceled"]);

    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(5));
    let (status, call) = world.update(&sid, &[("Status", "canceled")]);
    assert_eq!(
        (status, call["status"].as_str()),
        (200, Some("in-progress"))
    );
}

#[test]
fn completing_ends_a_live_call_and_is_refused_on_an_ended_one() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(seconds(5));
    let (status, call) = world.update(&sid, &[("Status", "completed")]);
    assert_eq!((status, call["status"].as_str()), (200, Some("completed")));
    let (status, error) = world.update(&sid, &[("Status", "completed")]);
    assert_eq!((status, error["code"].as_u64()), (400, Some(21220)));
}

#[test]
fn a_live_call_can_be_redirected_and_only_a_live_one() {
    const MENU: &[(&str, &str)] = &[
        ("/answer", "<Say loop=\"0\">Please hold</Say>"),
        ("/next", "<Say>Moved</Say><Hangup/>"),
    ];
    let mut world = World::new(MENU);
    let sid = world.dial(magic::ANSWERS);
    world.run_for(std::time::Duration::from_millis(500));
    let (status, error) = world.update(&sid, &[("Url", "http://app.test/next")]);
    assert_eq!((status, error["code"].as_u64()), (400, Some(21220)));
    world.run_for(seconds(60));
    assert_eq!(
        world.call(&sid).status,
        Status::InProgress,
        "a loop of zero never ends"
    );
    let (status, call) = world.update(&sid, &[("Url", "http://app.test/next")]);
    assert_eq!(
        (status, call["status"].as_str()),
        (200, Some("in-progress"))
    );
    world.run();
    assert_eq!(world.call(&sid).said(), ["Please hold", "Moved"]);
    let (status, _) = world.update(&sid, &[("Twiml", "<Response/>")]);
    assert_eq!(status, 400);
}

#[test]
fn an_inline_document_is_run_without_asking_anybody() {
    let mut world = World::new(&[]);
    let (status, call) = world.json(
        "POST",
        "/Calls.json",
        &[
            ("To", magic::ANSWERS),
            ("From", OURS),
            ("Twiml", "<Response><Say>Inline</Say></Response>"),
        ],
    );
    assert_eq!(status, 201);
    world.run();
    let sid = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    assert_eq!(world.call(&sid).said(), ["Inline"]);
    assert!(world.sent.is_empty());
}

#[test]
fn a_document_that_cannot_be_had_is_replaced_by_the_fallback() {
    let mut world = World::with(config(), |webhook| {
        match crate::fixture::path_of(webhook).as_str() {
            "/fallback" => WebhookAnswer::twiml("<Response><Say>Sorry</Say></Response>"),
            _ => WebhookAnswer::empty(500),
        }
    });
    let (_, call) = world.json(
        "POST",
        "/Calls.json",
        &[
            ("To", magic::ANSWERS),
            ("From", OURS),
            ("Url", "http://app.test/broken"),
            ("FallbackUrl", "http://app.test/fallback"),
        ],
    );
    world.run();
    let sid = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    assert_eq!(world.call(&sid).said(), ["Sorry"]);
    let asked = world.asked("/fallback");
    assert_eq!(asked[0].field("ErrorCode"), Some("11200"));
    assert_eq!(asked[0].field("ErrorUrl"), Some("http://app.test/broken"));
}

#[test]
fn unusable_documents_end_the_call_with_their_code() {
    let large = format!("<Response><Say>{}</Say></Response>", "x".repeat(70_000));
    let reply = |media_type: &str, body: &str| WebhookAnswer::Replied {
        status: 200,
        content_type: Some(media_type.to_owned()),
        location: None,
        cookies: Vec::new(),
        body: body.as_bytes().to_vec(),
    };
    for (answer, code) in [
        (reply("text/xml", "<Response><Say>"), 12100),
        (reply("text/xml; charset=utf-8", "<Other/>"), 12102),
        (reply("text/xml", &large), 11750),
        (reply("text/xml", ""), 11770),
        (reply("application/json", "{}"), 12300),
        (WebhookAnswer::empty(404), 11200),
        (WebhookAnswer::Failed(FailureKind::Timeout), 11203),
        (WebhookAnswer::Failed(FailureKind::Connect), 11205),
        (reply("text/xml", "<Response><Pay/></Response>"), 13750),
    ] {
        let mut world = World::with(config(), move |webhook| match webhook.kind {
            WebhookKind::Status => WebhookAnswer::empty(200),
            _ => answer.clone(),
        });
        let sid = world.dial(magic::ANSWERS);
        world.run();
        let call = world.call(&sid);
        assert_eq!(call.status, Status::Completed);
        assert_eq!(call.alerts.last().map(|alert| alert.code), Some(code));
    }
}

#[test]
fn plain_text_is_read_out_and_audio_is_played() {
    for (media_type, body) in [("text/plain", "Good morning"), ("audio/mpeg", "ID3")] {
        let mut world = World::with(config(), move |webhook| match webhook.kind {
            WebhookKind::Status => WebhookAnswer::empty(200),
            _ => WebhookAnswer::Replied {
                status: 200,
                content_type: Some(media_type.to_owned()),
                location: None,
                cookies: Vec::new(),
                body: body.as_bytes().to_vec(),
            },
        });
        let sid = world.dial(magic::ANSWERS);
        world.run();
        let heard = &world.call(&sid).heard[0].what;
        let expected = match media_type {
            "text/plain" => voip_sim::inspect::Sound::Said(body.to_owned()),
            _ => voip_sim::inspect::Sound::Played("http://app.test/answer".to_owned()),
        };
        assert_eq!(*heard, expected);
    }
}

#[test]
fn a_failed_connection_is_tried_once_more_with_the_same_token() {
    let mut attempts = 0;
    let mut world = World::with(config(), move |webhook| {
        if webhook.kind == WebhookKind::Status {
            return WebhookAnswer::empty(200);
        }
        attempts += 1;
        match attempts {
            1 => WebhookAnswer::Failed(FailureKind::Connect),
            _ => WebhookAnswer::twiml("<Response><Say>Second try</Say></Response>"),
        }
    });
    let sid = world.dial(magic::ANSWERS);
    world.run();
    assert_eq!(world.call(&sid).said(), ["Second try"]);
    let asked = world.asked("/answer");
    assert_eq!(asked.len(), 2);
    let token = "I-Twilio-Idempotency-Token";
    assert_eq!(asked[0].header(token), asked[1].header(token));
    assert_eq!((asked[0].attempt, asked[1].attempt), (1, 2));
}

#[test]
fn http_redirects_are_followed_and_301_loses_the_fields() {
    for (status, method, fields) in [
        (301, "GET", false),
        (302, "GET", false),
        (307, "POST", true),
    ] {
        let mut world = World::with(config(), move |webhook| {
            match (webhook.kind, crate::fixture::path_of(webhook).as_str()) {
                (WebhookKind::Status, _) => WebhookAnswer::empty(200),
                (_, "/answer") => WebhookAnswer::Replied {
                    status,
                    content_type: None,
                    location: Some("/moved?x=1".to_owned()),
                    cookies: Vec::new(),
                    body: Vec::new(),
                },
                _ => WebhookAnswer::twiml("<Response><Play>a.mp3</Play></Response>"),
            }
        });
        let sid = world.dial(magic::ANSWERS);
        world.run();
        let asked = world.asked("/moved");
        assert_eq!(asked[0].method.as_str(), method);
        assert_eq!(asked[0].field("CallSid").is_some(), fields);
        assert_eq!(asked[0].url, "http://app.test/moved?x=1");
        let played = &world.call(&sid).heard[0].what;
        let there = "http://app.test/a.mp3".to_owned();
        assert_eq!(*played, voip_sim::inspect::Sound::Played(there));
    }
}

#[test]
fn redirects_without_end_are_given_up() {
    let mut world = World::with(config(), |webhook| match webhook.kind {
        WebhookKind::Status => WebhookAnswer::empty(200),
        _ => WebhookAnswer::Replied {
            status: 302,
            content_type: None,
            location: Some("/again".to_owned()),
            cookies: Vec::new(),
            body: Vec::new(),
        },
    });
    let sid = world.dial(magic::ANSWERS);
    world.run();
    assert_eq!(world.call(&sid).alerts[0].code, 11215);
}

#[test]
fn a_call_that_only_redirects_itself_is_stopped() {
    const LOOP: &[(&str, &str)] = &[("/answer", "<Redirect/>")];
    let mut world = World::new(LOOP);
    let sid = world.dial(magic::ANSWERS);
    world.run();
    assert_eq!(world.call(&sid).alerts[0].code, 14106);
    assert_eq!(world.call(&sid).status, Status::Completed);
    assert_eq!(world.asked("/answer").len(), 500);
}

#[test]
fn an_application_that_says_nothing_is_given_up_after_fifteen_seconds() {
    let mut world = World::new(HELLO);
    let sid = world.dial(magic::ANSWERS_AT_ONCE);
    // Nobody answers any webhook here.
    while let Some(due) = world.engine.next_due() {
        world.engine.advance(due);
        while world.engine.poll().is_some() {}
    }
    let call = world.call(&sid);
    assert_eq!(call.status, Status::Completed);
    assert!(call.alerts.iter().any(|alert| alert.code == 11203));
    let silence = call.ended_at.unwrap() - call.answered_at.unwrap();
    // The ceiling, then the sentence about the error.
    assert_eq!(silence.whole_seconds(), 15 + 3);
}

#[test]
fn a_script_for_a_number_comes_before_its_magic() {
    let mut world = World::new(HELLO);
    world.engine.set_phone(magic::BUSY, PhoneScript::default());
    let sid = world.dial(magic::BUSY);
    world.run();
    assert_eq!(world.call(&sid).said(), ["Hello"]);
}

#[test]
fn the_fragment_of_an_address_is_obeyed_and_never_sent() {
    let mut attempts = 0;
    let mut world = World::with(config(), move |webhook| {
        assert!(!webhook.url.contains('#'));
        attempts += 1;
        match attempts {
            1 | 2 => WebhookAnswer::empty(503),
            _ => WebhookAnswer::twiml("<Response><Say>Third try</Say></Response>"),
        }
    });
    let fields = [
        ("To", magic::ANSWERS),
        ("From", OURS),
        ("Url", "http://app.test/answer#rc=2&rp=5xx"),
    ];
    let (_, call) = world.json("POST", "/Calls.json", &fields);
    world.run();
    let sid = voip_sim::sid::CallSid::parse(call["sid"].as_str().unwrap()).unwrap();
    assert_eq!(world.call(&sid).said(), ["Third try"]);
}
