//! FCM as its server sees us.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use url::Url;
use voip_core::{
    Error, ErrorKind, Result,
    ports::{Clock, Delivery, Push, PushSender},
};
use voip_push::{FcmConfig, FcmSender};
use voip_testkit::ManualClock;
use wiremock::{
    Match, Mock, MockServer, Request, Respond, ResponseTemplate,
    matchers::{method, path},
};

use crate::{
    devices::{android, device, iphone, missed, ring, ring_over},
    keys,
};

pub(crate) const SEND: &str = "/v1/projects/demo-project/messages:send";
pub(crate) const MINT: &str = "/token";

/// FCM and Google's token endpoint on one server, and a sender for it.
pub(crate) struct Fcm {
    pub(crate) server: MockServer,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) sender: Arc<FcmSender>,
}

/// Gives the tokens `access-1`, `access-2`, …, which live for an hour.
#[derive(Default)]
pub(crate) struct Minting {
    pub(crate) minted: AtomicUsize,
    /// How long each takes.
    pub(crate) delay: Duration,
}

impl Respond for Minting {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let number = self.minted.fetch_add(1, Ordering::Relaxed) + 1;
        let body = json!({
            "access_token": format!("access-{number}"),
            "expires_in": 3599,
            "token_type": "Bearer",
        });
        ResponseTemplate::new(200)
            .set_body_json(body)
            .set_delay(self.delay)
    }
}

/// Whether a request carries this access token.
pub(crate) struct Bears(pub(crate) &'static str);

impl Match for Bears {
    fn matches(&self, request: &Request) -> bool {
        let header = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok());
        header.and_then(|value| value.strip_prefix("Bearer ")) == Some(self.0)
    }
}

impl Fcm {
    /// With a token endpoint that works.
    pub(crate) async fn start() -> Self {
        let fcm = Self::without_tokens().await;
        let mint = Mock::given(method("POST")).and(path(MINT));
        mint.respond_with(Minting::default())
            .mount(&fcm.server)
            .await;
        fcm
    }

    pub(crate) async fn without_tokens() -> Self {
        Self::with_timeout(Duration::from_secs(10)).await
    }

    pub(crate) async fn with_timeout(timeout: Duration) -> Self {
        let server = MockServer::start().await;
        let clock = Arc::new(ManualClock::default());
        let sender = Arc::new(sender(&server.uri(), &server.uri(), timeout, &clock));
        Self {
            server,
            clock,
            sender,
        }
    }

    /// What FCM answers from now on to every push.
    pub(crate) async fn answers(&self, answer: impl Respond + 'static) {
        let send = Mock::given(method("POST")).and(path(SEND));
        send.respond_with(answer).mount(&self.server).await;
    }

    /// A ring to the Android phone.
    pub(crate) async fn ring(&self) -> Result<Delivery> {
        self.sender.send(&android(), &ring(&self.clock)).await
    }

    /// A ring that was not sent.
    pub(crate) async fn failed_ring(&self) -> Error {
        self.ring().await.expect_err("FCM answered with a failure")
    }

    /// How many times `endpoint` was asked.
    pub(crate) async fn asked(&self, endpoint: &str) -> usize {
        let requests = self.server.received_requests().await.unwrap();
        requests
            .iter()
            .filter(|request| request.url.path() == endpoint)
            .count()
    }

    /// The last request to `endpoint`.
    pub(crate) async fn last(&self, endpoint: &str) -> Request {
        let requests = self.server.received_requests().await.unwrap();
        requests
            .into_iter()
            .rfind(|request| request.url.path() == endpoint)
            .unwrap()
    }
}

/// A sender with FCM at `base` and the token endpoint below `token_base`.
pub(crate) fn sender(
    base: &str,
    token_base: &str,
    timeout: Duration,
    clock: &Arc<ManualClock>,
) -> FcmSender {
    let config = FcmConfig {
        account: keys::account(&format!("{token_base}{MINT}")),
        base_url: Some(Url::parse(base).unwrap()),
        timeout,
    };
    FcmSender::new(config, Arc::clone(clock) as Arc<dyn Clock>).unwrap()
}

/// What FCM says where it accepts a push.
pub(crate) fn accepted() -> ResponseTemplate {
    let name = "projects/demo-project/messages/0:1500415314455276%31bd1c9631bd1c96";
    ResponseTemplate::new(200).set_body_json(json!({ "name": name }))
}

async fn body_of(fcm: &Fcm) -> String {
    String::from_utf8(fcm.last(SEND).await.body).unwrap()
}

#[tokio::test]
async fn a_ring_is_data_only_urgent_and_not_stored() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    let receipt = "projects/demo-project/messages/0:1500415314455276%31bd1c9631bd1c96".to_owned();
    assert_eq!(fcm.ring().await.unwrap(), Delivery::Accepted { receipt });
    insta::assert_snapshot!(body_of(&fcm).await);
    let request = fcm.last(SEND).await;
    assert_eq!(request.headers["authorization"], "Bearer access-1");
    assert_eq!(request.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_missed_call_is_data_only_urgent_and_kept_for_a_day() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    fcm.sender.send(&android(), &missed()).await.unwrap();
    insta::assert_snapshot!(body_of(&fcm).await);
}

#[tokio::test]
async fn the_end_of_a_ring_is_data_only_urgent_and_kept_until_the_ring_would_have_ended() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    let over = ring_over(&fcm.clock);
    fcm.clock.advance(Duration::from_secs(8));
    fcm.sender.send(&android(), &over).await.unwrap();
    insta::assert_snapshot!(body_of(&fcm).await);
}

#[tokio::test]
async fn a_caller_too_long_for_fcm_is_cut_between_characters() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    let push = Push::MissedCall {
        call: crate::devices::call(),
        caller: "é".repeat(5000),
    };
    fcm.sender.send(&android(), &push).await.unwrap();
    let body: Value = serde_json::from_str(&body_of(&fcm).await).unwrap();
    assert_eq!(body["message"]["data"]["caller"], "é".repeat(256));
}

#[tokio::test]
async fn a_base_url_may_have_a_path() {
    let fcm = Fcm::start().await;
    let below = format!("/fake/fcm{SEND}");
    Mock::given(path(&*below))
        .respond_with(accepted())
        .mount(&fcm.server)
        .await;
    for slash in ["", "/"] {
        let base = format!("{}/fake/fcm{slash}", fcm.server.uri());
        let sender = sender(
            &base,
            &fcm.server.uri(),
            Duration::from_secs(10),
            &fcm.clock,
        );
        sender.send(&android(), &missed()).await.unwrap();
    }
    assert_eq!(fcm.asked(&below).await, 2);
}

#[tokio::test]
async fn a_base_url_that_is_not_of_http_is_refused_at_once() {
    let config = FcmConfig {
        account: keys::account("https://oauth2.googleapis.com/token"),
        base_url: Some(Url::parse("ftp://fcm.example").unwrap()),
        timeout: Duration::from_secs(10),
    };
    let error = FcmSender::new(config, Arc::new(ManualClock::default())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
}

#[tokio::test]
async fn an_iphone_or_a_late_ring_costs_no_request_at_all() {
    let fcm = Fcm::start().await;
    let late = ring(&fcm.clock);
    assert_eq!(
        fcm.sender.send(&iphone(), &missed()).await.unwrap(),
        Delivery::Skipped
    );
    fcm.clock.advance(crate::devices::RING_TIME);
    assert_eq!(
        fcm.sender.send(&android(), &late).await.unwrap(),
        Delivery::Skipped
    );
    assert!(fcm.server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_ring_whose_time_passes_during_the_mint_is_not_sent() {
    /// Lets the ring time pass, then gives a token.
    struct Slow(Arc<ManualClock>);

    impl Respond for Slow {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            self.0.advance(crate::devices::RING_TIME);
            Minting::default().respond(request)
        }
    }

    let fcm = Fcm::without_tokens().await;
    let slow = Slow(Arc::clone(&fcm.clock));
    Mock::given(path(MINT))
        .respond_with(slow)
        .mount(&fcm.server)
        .await;
    fcm.answers(accepted()).await;
    assert_eq!(fcm.ring().await.unwrap(), Delivery::Skipped);
    assert_eq!((fcm.asked(MINT).await, fcm.asked(SEND).await), (1, 0));
}

#[tokio::test]
async fn any_token_text_stays_inside_its_json_string() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    let token = r#"a","android":{"x\"#;
    fcm.sender
        .send(&device(token, voip_core::Platform::Fcm), &missed())
        .await
        .unwrap();
    let body: Value = serde_json::from_str(&body_of(&fcm).await).unwrap();
    assert_eq!(body["message"]["token"], token);
}
