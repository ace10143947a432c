//! What goes over the wire: requests to the API and documents, as snapshots.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use quick_xml::{Reader, events::Event};
use voip_core::{
    Action, CallId, Callback, Plan, ProviderCallId, Timestamp,
    ports::{ConferenceRef, Dial, Telephony, Webhooks},
};
use voip_twilio::{
    AuthToken, CallbackUrls, ConferenceFilter, ConferenceStatus, Failure, HttpReply, HttpRequest,
    Transport, TransportError, TwilioConfig, TwilioTelephony, TwilioWebhooks,
};

/// Writes down what would be sent, and sends nothing.
#[derive(Debug, Default)]
struct Notebook(Mutex<Vec<String>>);

#[async_trait]
impl Transport for Notebook {
    async fn send(&self, request: HttpRequest) -> Result<HttpReply, TransportError> {
        let HttpRequest {
            method,
            path_and_query,
            form,
        } = request;
        let form = form.map_or_else(String::new, |form| {
            format!("\n{}", form.replace('&', "\n&"))
        });
        self.0
            .lock()
            .unwrap()
            .push(format!("{method:?} {path_and_query}{form}"));
        Err(TransportError::new(Failure::NotSent))
    }
}

fn config() -> TwilioConfig {
    TwilioConfig::new(
        "AC000000000000000000000000000000a1".parse().unwrap(),
        AuthToken::new("sesame").unwrap(),
        CallbackUrls::new("https://voip.example.test/app".parse().unwrap()).unwrap(),
    )
}

fn call() -> CallId {
    "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap()
}

fn dial(ring_time: Option<Duration>) -> Dial {
    Dial {
        call: call(),
        to: "+15550001111".parse().unwrap(),
        from: "+15550002222".parse().unwrap(),
        ring_time,
    }
}

#[tokio::test]
async fn every_request_has_its_wire_form() {
    let notebook = Arc::new(Notebook::default());
    let telephony = |config| TwilioTelephony::new(Arc::new(config), Arc::clone(&notebook) as _);
    let ours = telephony(config());
    let override_url = Some("https://twiml.example.test/doc?a=1&b=2".parse().unwrap());
    let overridden = telephony(TwilioConfig {
        outbound_twiml_url: override_url,
        ..config()
    });
    let leg: ProviderCallId = "CA000000000000000000000000000000b1".parse().unwrap();
    let room = ConferenceRef("CF000000000000000000000000000000d1".parse().unwrap());
    let filter = ConferenceFilter {
        friendly_name: Some("room & 1".to_owned()),
        status: Some(ConferenceStatus::InProgress),
    };

    let _ = ours.dial(&dial(None)).await;
    let _ = overridden
        .dial(&dial(Some(Duration::from_millis(20_001))))
        .await;
    let _ = ours.dial(&dial(Some(Duration::from_secs(9_999)))).await;
    let _ = ours.redirect(&leg, Callback::Connect(call())).await;
    let _ = ours.hang_up(&leg).await;
    let _ = ours.set_hold(&room, &leg, true).await;
    let _ = ours.look_up(&leg).await;
    let _ = ours
        .find_dialled(&dial(None), Timestamp::from_secs(1_700_000_000))
        .await;
    let _ = ours.conferences(&filter).await;
    let _ = ours.conferences(&ConferenceFilter::default()).await;
    let _ = ours.participant(&room, &leg).await;
    let _ = ours.participants(&room).await;

    let written = notebook.0.lock().unwrap().join("\n\n");
    insta::assert_snapshot!("requests", written);
}

#[test]
fn every_plan_has_its_document() {
    let connect = |caller_id: Option<&str>| Action::ConnectClient {
        identity: "ann_40example".parse().unwrap(),
        caller_id: caller_id.map(|number| number.parse().unwrap()),
        ring_time: Duration::from_secs(20),
        call: call(),
        then: Callback::BridgeEnded {
            call: call(),
            turn: 1,
        },
    };
    let say = |text: &str| Action::Say(Arc::from(text));
    let plans = [
        Plan::default(),
        Plan::hang_up(),
        Plan::new([Action::Reject]),
        Plan::new([
            say("Please hold the line."),
            Action::Pause(Duration::from_millis(14_500)),
            Action::Ask(Callback::Ask(call())),
        ]),
        Plan::new([connect(None)]),
        Plan::new([connect(Some("+15550002222")), Action::HangUp]),
        Plan::new([say("<b>\"Q&A\"</b> \u{0}東京\r\n🚀")]),
        Plan::new([say(""), Action::Pause(Duration::ZERO)]),
    ];
    let webhooks = TwilioWebhooks::new(&config());
    let written: Vec<_> = plans.iter().map(|plan| webhooks.write(plan)).collect();
    assert!(
        written
            .iter()
            .all(|reply| reply.content_type == voip_twilio::CONTENT_TYPE)
    );
    let bodies: Vec<_> = written.iter().map(|reply| reply.body.as_str()).collect();
    insta::assert_snapshot!("documents", bodies.join("\n\n"));
}

proptest::proptest! {
    #[test]
    fn what_is_said_is_read_back_by_an_xml_parser(text: String) {
        let plan = Plan::new([Action::Say(Arc::from(text.as_str()))]);
        let body = TwilioWebhooks::new(&config()).write(&plan).body;
        let mut reader = Reader::from_str(&body);
        let mut read = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Text(piece) => read.push_str(&piece.xml10_content()),
                Event::GeneralRef(name) => match name.resolve_char_ref().unwrap() {
                    Some(c) => read.push(c),
                    None => read.push_str(match &name[..] {
                        "amp" => "&",
                        "lt" => "<",
                        "gt" => ">",
                        other => panic!("an unknown entity: {other}"),
                    }),
                },
                Event::Eof => break,
                _ => {}
            }
        }
        let forbidden = |c: char| {
            (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{fffe}' | '\u{ffff}')
        };
        proptest::prop_assert_eq!(read, text.replace(forbidden, ""));
    }
}
