//! Reading documents: whatever comes in, and what was meant to.

use std::time::Duration;

use proptest::prelude::*;
use voip_sim::twiml::{Document, DocumentError, Noun, RejectReason, Sound, Verb, read};

fn verbs(body: &str) -> Vec<Verb> {
    let document = read(&format!("<Response>{body}</Response>")).expect("a document");
    assert_eq!(document.warnings, [], "{body}");
    document.verbs
}

fn warnings(body: &str) -> Vec<u32> {
    let document = read(&format!("<Response>{body}</Response>")).expect("a document");
    document
        .warnings
        .iter()
        .map(|warning| warning.code)
        .collect()
}

#[test]
fn broken_documents_have_the_vendors_codes() {
    for (text, code) in [
        ("", 11770),
        ("  \n ", 11770),
        ("hello", 12100),
        ("<Response>", 12100),
        ("<Response></Other>", 12100),
        ("<Response/><Response/>", 12100),
        ("<Response>&nbsp;</Response>", 12100),
        ("<Response a='1' a='2'/>", 12100),
        ("<Response/>text", 12100),
        ("<Response><Say>a\u{1}b</Say></Response>", 12100),
        ("<Response><Say>&#x1;</Say></Response>", 12100),
        ("<Response><Say voice='&#x1;'>a</Say></Response>", 12100),
        ("<Response><Say voice='\u{1f}'>a</Say></Response>", 12100),
        ("<Response><!-- \u{ffff} --></Response>", 12100),
        ("<?xml version='7'?><Response/>", 12101),
        ("<?xml encoding='UTF-8'?><Response/>", 12100),
        ("<response/>", 12102),
        ("<a><Response/></a>", 12102),
    ] {
        assert_eq!(
            read(text).map_err(|error| error.code()),
            Err(code),
            "{text}"
        );
    }
    let large = format!("<Response><Say>{}</Say></Response>", "x".repeat(64 * 1024));
    assert_eq!(read(&large), Err(DocumentError::TooLarge));
    let deep = format!(
        "<Response>{}{}</Response>",
        "<a>".repeat(5000),
        "</a>".repeat(5000)
    );
    assert!(matches!(read(&deep), Err(DocumentError::NotXml(_))));
}

#[test]
fn text_is_unescaped_flattened_and_trimmed() {
    for (markup, text) in [
        (
            "<Say> a &amp; b &lt;c&gt; &#65;&#x42; </Say>",
            "a & b <c> AB",
        ),
        ("<Say><![CDATA[<b> & c]]></Say>", "<b> & c"),
        (
            "<Say>Hello <break time=\"1s\"/><emphasis>dear</emphasis> you</Say>",
            "Hello dear you",
        ),
        ("<!-- note --><Say>x<!-- y -->z</Say>", "xz"),
        ("<Say>Olá — 東京 🚀</Say>", "Olá — 東京 🚀"),
        ("<Say/>", ""),
    ] {
        assert!(
            matches!(&verbs(markup)[..], [Verb::Say(say)] if say.text == text),
            "{markup}"
        );
    }
}

#[test]
fn each_verb_is_read_with_its_attributes() {
    assert_eq!(
        verbs("<Pause/><Pause length=\"7\"/><Hangup/>"),
        [
            Verb::Pause(Duration::from_secs(1)),
            Verb::Pause(Duration::from_secs(7)),
            Verb::Hangup,
        ]
    );
    assert_eq!(
        verbs("<Reject/><Reject reason=\"busy\"/>"),
        [
            Verb::Reject(RejectReason::Rejected),
            Verb::Reject(RejectReason::Busy),
        ]
    );
    let played = verbs("<Play loop=\"0\">\n a.mp3 \n</Play><Play digits=\"ww1#\"/>");
    assert!(matches!(&played[..], [Verb::Play(music), Verb::Play(keys)]
        if music.times.is_none() && music.sound == Sound::Audio("a.mp3".to_owned())
        && keys.times == Some(1) && keys.sound == Sound::Keys("ww1#".to_owned())));
    let redirect = verbs("<Redirect method=\"get\">/a?b=1&amp;c=2</Redirect>");
    assert!(matches!(&redirect[..], [Verb::Redirect(target)]
        if target.url == "/a?b=1&c=2" && target.method.as_str() == "GET"));
    let gather = verbs(
        "<Gather input=\"dtmf speech\" numDigits=\"1\" timeout=\"9\" finishOnKey=\"\" \
         action=\"/g\" actionOnEmptyResult=\"true\"><Say>1</Say><Pause/><Play>x</Play></Gather>",
    );
    assert!(matches!(&gather[..], [Verb::Gather(gather)]
        if gather.prompts.len() == 3 && gather.num_digits == Some(1)
        && gather.timeout == Duration::from_secs(9) && gather.finish_on_key.is_none()
        && gather.action_on_empty_result && gather.takes_keys && gather.action.url == "/g"));
    assert!(matches!(
        &verbs("<Pay/>")[..],
        [Verb::Unsupported { code: 13750, .. }]
    ));
    let queue = verbs("<Enqueue action=\"/q\" waitUrl=\"w.xml\"> support </Enqueue><Leave/>");
    assert!(matches!(&queue[..], [Verb::Enqueue(enqueue), Verb::Leave]
        if enqueue.name == "support" && enqueue.action.as_ref().unwrap().url == "/q"));
}

#[test]
fn a_dial_is_read_with_its_targets() {
    let read = verbs(
        "<Dial action=\"/after\" timeout=\"20\" callerId=\"+15005550006\" sequential=\"true\">\
         +15005550106\
         <Number url=\"/screen\" statusCallback=\"/s\" \
         statusCallbackEvent=\"initiated  completed\">+15005550100</Number>\
         <Client><Identity>ann</Identity><Parameter name=\"a\" value=\"b\"/></Client>\
         <Client>bob</Client><Sip>sip:c@example.test</Sip></Dial>",
    );
    let [Verb::Dial(dial)] = &read[..] else {
        panic!("a dial")
    };
    assert_eq!(dial.timeout, Duration::from_secs(20));
    assert!(dial.sequential && !dial.answer_on_bridge);
    let nouns: Vec<_> = dial
        .targets
        .iter()
        .map(|target| target.noun.clone())
        .collect();
    let client = |identity: &str, parameters: &[(&str, &str)]| Noun::Client {
        identity: identity.to_owned(),
        parameters: parameters
            .iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect(),
    };
    assert_eq!(
        nouns,
        [
            Noun::Number("+15005550106".to_owned()),
            Noun::Number("+15005550100".to_owned()),
            client("ann", &[("a", "b")]),
            client("bob", &[]),
            Noun::Sip("sip:c@example.test".to_owned()),
        ]
    );
    let status = dial.targets[1].status.as_ref().expect("a callback");
    assert_eq!(status.events, ["initiated", "completed"]);
    assert_eq!(
        dial.targets[1].screen.as_ref().expect("a document").url,
        "/screen"
    );
    assert!(matches!(&verbs("<Dial><Queue>q</Queue></Dial>")[..],
        [Verb::Dial(dial)] if dial.queue.as_ref().unwrap().name == "q"));
    assert!(
        matches!(&verbs("<Dial><Queue>q</Queue><Client>ann</Client></Dial>")[..],
        [Verb::Dial(dial)] if dial.unsupported.as_ref().unwrap().1 == 13000)
    );
}

#[test]
fn odd_values_are_warned_about_and_replaced_by_defaults() {
    assert_eq!(
        warnings("<Dial timeout=\"soon\" timeLimit=\"0\">+15005550106</Dial>"),
        [13212, 13216]
    );
    assert_eq!(warnings("<Dial><Person>x</Person></Dial>"), [13215]);
    assert_eq!(warnings("<Pause length=\"-1\"/>"), [13910]);
    assert_eq!(
        warnings("<say>lower case</say><Say volume=\"11\">x</Say>"),
        [12200, 12200]
    );
    assert_eq!(warnings("<Gather><Hangup/></Gather>"), [12200]);
    for noun in ["Number", "Client", "Sip"] {
        let inner =
            format!("<Dial><{noun} url='/x' statusCallback='/y' colour='red'>x</{noun}></Dial>");
        assert_eq!(warnings(&inner), [12200], "{noun}");
    }
    let odd = "<Dial><Number machineDetection='Enable' \
               machineDetectionSpeechThreshold='10'>x</Number></Dial>";
    assert_eq!(warnings(odd), [21234]);
    let odd = read("<Response><Pause length=\"x\"/><Unknown/><Hangup/></Response>").unwrap();
    assert_eq!(
        odd.verbs,
        [Verb::Pause(Duration::from_secs(1)), Verb::Hangup]
    );
}

/// Text that XML can carry.
fn text() -> impl Strategy<Value = String> {
    "[ -~äß東🚀]{0,40}"
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A verb's markup, and what it must be read as.
fn written() -> impl Strategy<Value = (String, Verb)> {
    prop_oneof![
        (text(), 0_u32..5).prop_map(|(text, times)| {
            let markup = format!("<Say loop=\"{times}\">{}</Say>", escape(&text));
            let times = (times > 0).then_some(times);
            let text = text.trim().to_owned();
            (markup, Verb::Say(voip_sim::twiml::Say { text, times }))
        }),
        text().prop_map(|url| {
            let markup = format!("<Redirect method=\"GET\">{}</Redirect>", escape(&url));
            let url = url.trim().to_owned();
            let method = voip_sim::twiml::Method::Get;
            (
                markup,
                Verb::Redirect(voip_sim::twiml::Target { url, method }),
            )
        }),
        text().prop_map(|keys| {
            let markup = format!("<Play digits=\"{}\"/>", escape(&keys));
            let play = voip_sim::twiml::Play {
                sound: Sound::Keys(keys),
                times: Some(1),
            };
            (markup, Verb::Play(play))
        }),
        (1_u64..100).prop_map(|length| {
            let markup = format!("<Pause length=\"{length}\"/>");
            (markup, Verb::Pause(Duration::from_secs(length)))
        }),
        Just(("<Hangup/>".to_owned(), Verb::Hangup)),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(written in prop::collection::vec(written(), 0..8)) {
        let (markup, verbs): (Vec<_>, Vec<_>) = written.into_iter().unzip();
        let text = format!("<?xml version=\"1.0\"?>\n<Response>{}</Response>\n", markup.concat());
        prop_assert_eq!(read(&text), Ok(Document { verbs, warnings: Vec::new() }));
    }

    #[test]
    fn no_input_makes_the_reader_panic(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn no_markup_makes_the_reader_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "<Response>", "</Response>", "<Dial", " timeout=\"9\"", ">", "/>", "<Client>",
            "</Client>", "<Number", "</Dial>", "<Gather>", "</Gather>", "<Say>", "</Say>", "&amp;",
            "&#0;", "&#xD800;", "&", "<![CDATA[", "]]>", "<!--", "-->", "<?xml", "?>", "<!DOCTYPE",
            " loop='99999999999'", " action=", "\"", "+15005550106", "\u{0}", "é",
        ]), 0..40),
    ) {
        let _ = read(&parts.concat());
        let _ = read(&format!("<Response>{}</Response>", parts.concat()));
    }
}

#[test]
fn a_number_says_how_machines_are_told_from_people() {
    let verbs = verbs(
        "<Dial><Number machineDetection='DetectMessageEnd' machineDetectionTimeout='59' \
         machineDetectionSpeechThreshold='1000' machineDetectionSpeechEndThreshold='5000' \
         machineDetectionSilenceTimeout='2000'>+15005550106</Number></Dial>",
    );
    let [Verb::Dial(dial)] = verbs.as_slice() else {
        panic!("a dial");
    };
    let detection = dial.targets[0].detection.as_ref().unwrap();
    assert_eq!(detection.timeout, Duration::from_secs(59));
    assert_eq!(detection.speech, Duration::from_secs(1));
    assert_eq!(detection.speech_end, Duration::from_secs(5));
    assert_eq!(detection.silence, Duration::from_secs(2));
}
