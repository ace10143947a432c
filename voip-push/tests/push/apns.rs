//! APNs as its server sees us.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;
use serde_json::json;
use tokio::{io::AsyncReadExt, net::TcpListener};
use url::Url;
use voip_core::{
    Error, ErrorKind, Platform, Result,
    ports::{Clock, Delivery, Push, PushSender},
};
use voip_push::{ApnsConfig, ApnsSender};
use voip_testkit::ManualClock;
use wiremock::{
    Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{method, path_regex},
};

use crate::{
    devices::{RING_TIME, call, device, iphone, missed, ring, ring_over},
    keys,
};

pub(crate) const APNS_ID: &str = "eabeae54-14a8-11e5-b60b-1697f925ec7b";

/// APNs on a server that speaks HTTP/2 without TLS, and a sender for it.
pub(crate) struct Apns {
    pub(crate) server: MockServer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) sender: Arc<ApnsSender>,
}

impl Apns {
    pub(crate) async fn start() -> Self {
        let server = MockServer::start().await;
        let clock = Arc::new(ManualClock::default());
        let sender = Arc::new(sender(&server.uri(), &clock));
        Self {
            server,
            clock,
            sender,
        }
    }

    /// What APNs answers from now on to every push.
    pub(crate) async fn answers(&self, answer: impl Respond + 'static) {
        let push = Mock::given(method("POST")).and(path_regex("^/3/device/"));
        push.respond_with(answer).mount(&self.server).await;
    }

    /// A ring to the iPhone.
    pub(crate) async fn ring(&self) -> Result<Delivery> {
        self.sender.send(&iphone(), &ring(&self.clock)).await
    }

    /// A ring that was not sent.
    pub(crate) async fn failed_ring(&self) -> Error {
        self.ring().await.expect_err("APNs answered with a failure")
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }

    /// The provider tokens of all pushes, in order.
    pub(crate) async fn provider_tokens(&self) -> Vec<String> {
        let token = |request: &Request| {
            let header = request.headers["authorization"].to_str().unwrap();
            header.strip_prefix("bearer ").unwrap().to_owned()
        };
        self.requests().await.iter().map(token).collect()
    }
}

pub(crate) fn config(base: &str) -> ApnsConfig {
    ApnsConfig {
        team_id: "TEAM123456".to_owned(),
        key_id: "KEY1234567".to_owned(),
        key_pem: keys::P256.into(),
        bundle_id: "com.example.phone".to_owned(),
        sandbox: true,
        base_url: Some(Url::parse(base).unwrap()),
    }
}

pub(crate) fn sender(base: &str, clock: &Arc<ManualClock>) -> ApnsSender {
    ApnsSender::new(config(base), Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

/// What APNs says where it accepts a push.
pub(crate) fn accepted() -> ResponseTemplate {
    ResponseTemplate::new(200).insert_header("apns-id", APNS_ID)
}

#[tokio::test]
async fn a_ring_is_one_urgent_voip_push_that_is_not_stored() {
    let apns = Apns::start().await;
    apns.answers(accepted()).await;
    let receipt = APNS_ID.to_owned();
    assert_eq!(apns.ring().await.unwrap(), Delivery::Accepted { receipt });
    let request = &apns.requests().await[0];
    let mut text = format!("{} {}\n", request.method, request.url.path());
    for (name, value) in &request.headers {
        if name.as_str().starts_with("apns-") {
            text.push_str(&format!("{name}: {}\n", value.to_str().unwrap()));
        }
    }
    text.push_str(std::str::from_utf8(&request.body).unwrap());
    insta::assert_snapshot!(text);
}

#[tokio::test]
async fn apple_is_spoken_to_in_http_2_from_the_first_byte() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock = Arc::default();
    let sender = sender(
        &format!("http://{}", listener.local_addr().unwrap()),
        &clock,
    );
    let mut beginning = [0; 14];
    let (device, push) = (iphone(), ring(&clock));
    let reading = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.read_exact(&mut beginning).await.unwrap();
    };
    tokio::select! {
        sent = sender.send(&device, &push) => panic!("nobody answered, but {sent:?}"),
        () = reading => {}
    }
    assert_eq!(&beginning, b"PRI * HTTP/2.0");
}

#[tokio::test]
async fn the_provider_token_is_signed_and_says_who_and_when() {
    let apns = Apns::start().await;
    apns.answers(accepted()).await;
    apns.ring().await.unwrap();
    let token = &apns.provider_tokens().await[0];
    let (header, claims) = keys::opened(token, Algorithm::ES256, keys::P256_PUBLIC);
    insta::assert_snapshot!(format!("{header}\n{claims}"));
}

#[tokio::test]
async fn a_provider_token_serves_for_45_minutes() {
    let apns = Apns::start().await;
    apns.answers(accepted()).await;
    apns.ring().await.unwrap();
    apns.clock.advance(Duration::from_secs(45 * 60 - 1));
    apns.ring().await.unwrap();
    apns.clock.advance(Duration::from_secs(1));
    apns.ring().await.unwrap();
    let tokens = apns.provider_tokens().await;
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

#[tokio::test]
async fn fifty_rings_at_once_bear_one_provider_token() {
    let apns = Arc::new(Apns::start().await);
    apns.answers(accepted()).await;
    let mut rings = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let apns = Arc::clone(&apns);
        rings.spawn(async move { apns.ring().await });
    }
    for ring in rings.join_all().await {
        ring.unwrap();
    }
    let mut tokens = apns.provider_tokens().await;
    assert_eq!(tokens.len(), 50);
    tokens.dedup();
    assert_eq!(tokens.len(), 1);
}

#[tokio::test]
async fn all_but_a_ring_an_android_phone_and_a_late_ring_cost_no_request() {
    let apns = Apns::start().await;
    let late = ring(&apns.clock);
    let android = crate::devices::android();
    for not_a_ring in [missed(), ring_over(&apns.clock)] {
        assert_eq!(
            apns.sender.send(&iphone(), &not_a_ring).await.unwrap(),
            Delivery::Skipped
        );
    }
    assert_eq!(
        apns.sender.send(&android, &late).await.unwrap(),
        Delivery::Skipped
    );
    apns.clock.advance(RING_TIME);
    assert_eq!(
        apns.sender.send(&iphone(), &late).await.unwrap(),
        Delivery::Skipped
    );
    assert!(apns.requests().await.is_empty());
}

#[tokio::test]
async fn a_token_that_is_not_hex_is_gone_and_never_becomes_part_of_a_url() {
    let apns = Apns::start().await;
    for token in ["../../etc", "abc?x=1", "dGVzdA:APA91b", "zz", "%2e%2e"] {
        let device = device(token, Platform::Apns);
        let sent = apns.sender.send(&device, &ring(&apns.clock)).await;
        assert_eq!(sent.unwrap(), Delivery::Gone, "{token}");
    }
    assert!(apns.requests().await.is_empty());
}

#[tokio::test]
async fn a_token_may_have_any_length() {
    let apns = Apns::start().await;
    apns.answers(accepted()).await;
    let token = "aF".repeat(1000);
    let device = device(&token, Platform::Apns);
    apns.sender.send(&device, &ring(&apns.clock)).await.unwrap();
    assert_eq!(
        apns.requests().await[0].url.path(),
        format!("/3/device/{token}")
    );
}

#[tokio::test]
async fn a_caller_too_long_for_apns_is_cut_between_characters() {
    let apns = Apns::start().await;
    apns.answers(accepted()).await;
    let until = apns.clock.now() + RING_TIME;
    let push = Push::IncomingCall {
        call: call(),
        caller: "é".repeat(5000),
        until,
    };
    apns.sender.send(&iphone(), &push).await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&apns.requests().await[0].body).unwrap();
    assert_eq!(body["handle"], json!("é".repeat(256)));
}

#[test]
fn every_fault_of_a_configuration_is_named_at_once_and_the_key_never() {
    let faulty = ApnsConfig {
        team_id: "short".to_owned(),
        key_id: "KEY-234567".to_owned(),
        bundle_id: "com.example\nphone".to_owned(),
        ..config("http://localhost")
    };
    let shown = format!("{faulty:?}");
    assert!(!shown.contains("PRIVATE KEY"), "{shown}");
    let error = ApnsSender::new(faulty, Arc::new(ManualClock::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    insta::assert_snapshot!(error);
}

#[test]
fn a_key_that_cannot_sign_is_refused_at_once_and_not_quoted() {
    for key in [keys::RSA, keys::P384, "secret", ""] {
        let faulty = ApnsConfig {
            key_pem: key.into(),
            ..config("http://localhost")
        };
        let error = ApnsSender::new(faulty, Arc::new(ManualClock::default())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Misconfigured);
        assert!(key.is_empty() || !format!("{error:?}").contains(key));
    }
}

#[test]
fn apples_servers_are_the_default() {
    for sandbox in [true, false] {
        let apples = ApnsConfig {
            base_url: None,
            sandbox,
            ..config("http://localhost")
        };
        ApnsSender::new(apples, Arc::new(ManualClock::default())).unwrap();
    }
}
