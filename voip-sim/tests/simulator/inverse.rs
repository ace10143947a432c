//! Reading markup is the inverse of writing it, and the same seed gives the same run.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use voip_sim::twiml::{self, Noun, Sound, Verb, Wait};
use voip_sim::webhook::Webhook;
use voip_twilio::twiml::{Document, Element, noun, verb};

use crate::fixture::{World, config, is_callback, path_of, seconds};

/// A text as an application may write one: no blanks around it, since those are trimmed, and
/// nothing that XML forbids.
fn text() -> impl Strategy<Value = String> {
    let wild = r#"[a-zA-Z0-9&<>"'+;:/?=#éß東🚀][ -~éß東🚀]{0,40}[a-z&<>"']"#;
    prop_oneof![wild, "[a-z]{1,10}"]
}

/// What was written, and what reading it must give.
fn written() -> impl Strategy<Value = (Element, Verb)> {
    let times = |times: u32| (times > 0).then_some(times);
    let say = (text(), 0_u32..5).prop_map(move |(text, count)| {
        let say = twiml::Say {
            text: text.clone(),
            times: times(count),
        };
        (verb::say(&text).attr("loop", count), Verb::Say(say))
    });
    let play = text().prop_map(|url| {
        let play = twiml::Play {
            sound: Sound::Audio(url.clone()),
            times: Some(1),
        };
        (verb::play(&url), Verb::Play(play))
    });
    let keys = "[0-9A-D*#wW]{1,20}".prop_map(|keys| {
        let play = twiml::Play {
            sound: Sound::Keys(keys.clone()),
            times: Some(1),
        };
        let element = Element::new("Play").attr("digits", keys);
        (element, Verb::Play(play))
    });
    let pause = (1_u64..86_400).prop_map(|length| {
        (
            verb::pause(length),
            Verb::Pause(Duration::from_secs(length)),
        )
    });
    let redirect = text().prop_map(|url| {
        let target = twiml::Target {
            url: url.clone(),
            method: twiml::Method::Post,
        };
        (verb::redirect(&url), Verb::Redirect(target))
    });
    let enqueue = (text(), text()).prop_map(|(name, wait)| {
        let enqueue = twiml::Enqueue {
            name: name.clone(),
            action: None,
            wait: Wait::Document(twiml::Target {
                url: wait.clone(),
                method: twiml::Method::Post,
            }),
        };
        let element = verb::enqueue(&name).attr("waitUrl", wait);
        (element, Verb::Enqueue(Box::new(enqueue)))
    });
    let plain = prop_oneof![
        Just((verb::hang_up(), Verb::Hangup)),
        Just((verb::leave(), Verb::Leave)),
        Just((verb::reject(), Verb::Reject(twiml::RejectReason::Rejected))),
    ];
    prop_oneof![say, play, keys, pause, redirect, enqueue, plain]
}

/// A dial, and the targets and settings that reading it must give.
fn dialled() -> impl Strategy<Value = (Element, Vec<Noun>, u64, bool)> {
    let client = (text(), prop::collection::vec((text(), text()), 0..4)).prop_map(
        |(identity, parameters)| {
            let element = noun::client_with_parameters(&identity);
            let told = parameters.iter();
            let element = element.children(told.map(|(name, value)| noun::parameter(name, value)));
            let noun = Noun::Client {
                identity,
                parameters,
            };
            (element, noun)
        },
    );
    let number =
        "\\+[1-9][0-9]{6,14}".prop_map(|number| (noun::number(&number), Noun::Number(number)));
    let sip = text().prop_map(|uri| (noun::sip(&uri), Noun::Sip(uri)));
    let targets = prop::collection::vec(prop_oneof![client, number, sip], 1..6);
    (targets, 5_u64..600, any::<bool>()).prop_map(|(targets, timeout, bridge)| {
        let (elements, nouns): (Vec<_>, Vec<_>) = targets.into_iter().unzip();
        let dial = verb::dial()
            .attr("timeout", timeout)
            .attr("answerOnBridge", bridge)
            .children(elements);
        (dial, nouns, timeout, bridge)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_it_was_meant(
        written in prop::collection::vec(written(), 0..8)
    ) {
        let (elements, meant): (Vec<_>, Vec<_>) = written.into_iter().unzip();
        let read = twiml::read(&Document::new(elements).to_xml()).unwrap();
        prop_assert_eq!(read.verbs, meant);
        prop_assert_eq!(read.warnings, []);
    }

    #[test]
    fn dials_are_read_as_they_were_meant((dial, nouns, timeout, bridge) in dialled()) {
        let read = twiml::read(&Document::new([dial]).to_xml()).unwrap();
        prop_assert_eq!(&read.warnings, &[]);
        let [Verb::Dial(dial)] = &read.verbs[..] else {
            return Err(TestCaseError::fail("one dial"));
        };
        let read: Vec<&Noun> = dial.targets.iter().map(|target| &target.noun).collect();
        prop_assert_eq!(read, nouns.iter().collect::<Vec<_>>());
        prop_assert_eq!(dial.timeout, Duration::from_secs(timeout));
        prop_assert_eq!(dial.answer_on_bridge, bridge);
    }

    #[test]
    fn conferences_are_read_as_they_were_meant(
        name in text(), label in text(), wait in text(),
        muted in any::<bool>(), start in any::<bool>(), end in any::<bool>(), most in 2_u32..250,
    ) {
        let room = noun::conference(&name)
            .attr("participantLabel", label.clone())
            .attr("waitUrl", wait.clone())
            .attr("muted", muted)
            .attr("startConferenceOnEnter", start)
            .attr("endConferenceOnExit", end)
            .attr("maxParticipants", most)
            .attr("statusCallback", "/told")
            .attr("statusCallbackEvent", &["join", "leave"][..]);
        let read = twiml::read(&Document::new([verb::dial().child(room)]).to_xml()).unwrap();
        let [Verb::Dial(dial)] = &read.verbs[..] else {
            return Err(TestCaseError::fail("one dial"));
        };
        let room = dial.conference.as_ref().unwrap();
        prop_assert_eq!(&room.name, &name);
        prop_assert_eq!(room.label.as_deref(), Some(label.as_str()));
        let wait = twiml::Target { url: wait, method: twiml::Method::Post };
        prop_assert_eq!(&room.wait, &Wait::Document(wait));
        prop_assert_eq!((room.muted, room.start_on_enter, room.end_on_exit), (muted, start, end));
        prop_assert_eq!(room.max_participants, most as usize);
        prop_assert_eq!(&room.status.as_ref().unwrap().events, &["join", "leave"]);
    }
}

/// A day of a small business: callers wait, are connected, are recorded; the application loses
/// its way now and then.
fn a_day(seed: u64, calls: u32) -> World {
    let mut config = config();
    config.seed = seed;
    config.keep = 100_000;
    config.journal = 100_000;
    config.faults.repeat = 0.2;
    config.faults.reorder = 0.3;
    config.faults.delay_documents = 0.1;
    let mut world = World::with(config, |webhook: &Webhook| {
        let documents = [
            (
                "/voice",
                "<Gather numDigits='1' action='/menu'><Say>One or two</Say></Gather>\
                        <Redirect>/menu</Redirect>",
            ),
            (
                "/menu",
                "<Dial record='record-from-answer' action='/after'>+15005550103</Dial>",
            ),
            (
                "/after",
                "<Enqueue waitUrl='/wait' action='/bye'>day</Enqueue>",
            ),
            (
                "/wait",
                "<Say>Please wait</Say><Pause length='20'/><Leave/>",
            ),
            ("/bye", "<Say>Bye</Say>"),
            ("/answer", "<Dial><Conference>day</Conference></Dial>"),
        ];
        crate::fixture::by_path(&documents, webhook)
    });
    let gap = seconds(86_400) / calls;
    for index in 0..calls {
        match index % 3 {
            0 => {
                world.dial("+15005550103");
            }
            _ => {
                let caller = world.ring_in();
                world.run_for(seconds(2));
                let _ = world.engine.press(world.now, &caller, "1");
            }
        }
        world.run_for(gap);
    }
    world
}

fn as_bytes(world: &World) -> Vec<u8> {
    let sent: Vec<_> = world
        .sent
        .iter()
        .map(|webhook| {
            (
                &webhook.url,
                &webhook.form,
                &webhook.headers,
                webhook.attempt,
            )
        })
        .collect();
    let journal = world.engine.journal(0, usize::MAX);
    serde_json::to_vec(&(sent, journal, world.engine.calls())).unwrap()
}

#[test]
fn the_same_seed_gives_the_same_run_to_the_byte() {
    let (one, other) = (as_bytes(&a_day(7, 60)), as_bytes(&a_day(7, 60)));
    assert!(one.len() > 100_000, "{} bytes", one.len());
    assert_eq!(one, other);
    assert_ne!(one, as_bytes(&a_day(8, 60)), "another seed, another run");
}

#[test]
fn a_whole_day_of_calls_takes_no_time() {
    let begun = Instant::now();
    let world = a_day(3, 300);
    let took = begun.elapsed();
    let day = (world.now - crate::fixture::START).unsigned_abs();
    assert!(day >= seconds(86_400));
    assert!(world.engine.calls().len() >= 300);
    assert!(
        world
            .sent
            .iter()
            .filter(|webhook| is_callback(webhook))
            .count()
            > 300
    );
    assert!(world.sent.iter().any(|webhook| path_of(webhook) == "/bye"));
    // Milliseconds it is on an idle machine, where the build is optimised; this is a busy one.
    assert!(took < Duration::from_secs(20), "{took:?}");
}
