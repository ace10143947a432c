//! Access tokens as Google's token endpoint sees us.

use std::{sync::Arc, time::Duration};

use jsonwebtoken::Algorithm;
use serde_json::json;
use tokio::task::JoinSet;
use url::form_urlencoded;
use voip_core::{
    ErrorKind, Retry,
    ports::{Delivery, PushSender},
};
use wiremock::{Mock, Respond, ResponseTemplate, matchers::path};

use crate::{
    broken_server::BrokenServer,
    devices::{android, missed},
    fcm::{Bears, Fcm, MINT, Minting, SEND, accepted, sender},
    keys,
};

async fn minting(fcm: &Fcm, answer: impl Respond + 'static) {
    Mock::given(path(MINT))
        .respond_with(answer)
        .mount(&fcm.server)
        .await;
}

fn refusal(http: u16, code: &str) -> ResponseTemplate {
    let body = json!({ "error": code, "error_description": "Invalid JWT Signature." });
    ResponseTemplate::new(http).set_body_json(body)
}

async fn bearer(fcm: &Fcm) -> String {
    fcm.last(SEND).await.headers["authorization"]
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn the_exchange_is_a_signed_backdated_assertion() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    // The server's port is chance, and the audience holds it.
    fcm.ring().await.unwrap();
    let request = fcm.last(MINT).await;
    assert_eq!(
        request.headers["content-type"],
        "application/x-www-form-urlencoded"
    );
    let form: Vec<_> = form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(form[0].0, "grant_type");
    assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
    assert_eq!((&*form[1].0, form.len()), ("assertion", 2));
    let (header, claims) = keys::opened(&form[1].1, Algorithm::RS256, keys::RSA_PUBLIC);
    let claims = claims.replace(&fcm.server.uri(), "http://google.test");
    insta::assert_snapshot!(format!("{header}\n{claims}"));
}

#[tokio::test]
async fn fifty_rings_at_once_cost_one_mint() {
    let fcm = Fcm::without_tokens().await;
    // real time: long enough for all fifty to come while it is being minted.
    minting(
        &fcm,
        Minting {
            delay: Duration::from_millis(200),
            ..Minting::default()
        },
    )
    .await;
    fcm.answers(accepted()).await;
    let fcm = Arc::new(fcm);
    let mut rings = JoinSet::new();
    for _ in 0..50 {
        let fcm = Arc::clone(&fcm);
        rings.spawn(async move { fcm.ring().await });
    }
    for ring in rings.join_all().await {
        assert!(matches!(ring.unwrap(), Delivery::Accepted { .. }));
    }
    assert_eq!((fcm.asked(MINT).await, fcm.asked(SEND).await), (1, 50));
}

#[tokio::test]
async fn fifty_refused_rings_at_once_cost_one_new_mint() {
    let fcm = Fcm::start().await;
    let stale = Mock::given(path(SEND)).and(Bears("access-1"));
    stale
        .respond_with(ResponseTemplate::new(401))
        .with_priority(1)
        .mount(&fcm.server)
        .await;
    fcm.answers(accepted()).await;
    let fcm = Arc::new(fcm);
    let mut rings = JoinSet::new();
    for _ in 0..50 {
        let fcm = Arc::clone(&fcm);
        rings.spawn(async move { fcm.ring().await });
    }
    for ring in rings.join_all().await {
        assert!(matches!(ring.unwrap(), Delivery::Accepted { .. }));
    }
    assert_eq!(fcm.asked(MINT).await, 2);
}

#[tokio::test]
async fn a_token_serves_until_five_minutes_before_its_end() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    fcm.ring().await.unwrap();
    fcm.clock.advance(Duration::from_secs(3599 - 300 - 1));
    fcm.ring().await.unwrap();
    assert_eq!(bearer(&fcm).await, "Bearer access-1");
    fcm.clock.advance(Duration::from_secs(1));
    fcm.ring().await.unwrap();
    assert_eq!(bearer(&fcm).await, "Bearer access-2");
    assert_eq!(fcm.asked(MINT).await, 2);
}

#[tokio::test]
async fn a_failed_renewal_leaves_the_old_token_in_use_while_it_lasts() {
    let fcm = Fcm::without_tokens().await;
    let once = Mock::given(path(MINT))
        .respond_with(Minting::default())
        .up_to_n_times(1);
    once.mount(&fcm.server).await;
    minting(&fcm, ResponseTemplate::new(503)).await;
    fcm.answers(accepted()).await;
    fcm.ring().await.unwrap();
    fcm.clock.advance(Duration::from_secs(3599 - 300));
    fcm.ring().await.unwrap();
    fcm.ring().await.unwrap();
    assert_eq!(
        fcm.asked(MINT).await,
        2,
        "a failed renewal is not repeated at once"
    );
    fcm.clock.advance(Duration::from_secs(300));
    let error = fcm.failed_ring().await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
}

#[tokio::test]
async fn a_bad_grant_is_for_good_and_is_not_asked_for_again_at_once() {
    for status in [400, 401] {
        let fcm = Fcm::without_tokens().await;
        minting(&fcm, refusal(status, "invalid_grant")).await;
        let error = fcm.failed_ring().await;
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Unauthorized, Retry::Never)
        );
        assert!(error.to_string().contains("invalid_grant"), "{error}");
        fcm.failed_ring().await;
        assert_eq!((fcm.asked(MINT).await, fcm.asked(SEND).await), (1, 0));
        fcm.clock.advance(Duration::from_secs(30));
        fcm.failed_ring().await;
        assert_eq!(fcm.asked(MINT).await, 2);
    }
}

#[tokio::test]
async fn other_refusals_of_a_token_are_told_apart() {
    for (answer, kind) in [
        (refusal(401, "invalid_client"), ErrorKind::Unauthorized),
        (refusal(403, "access_denied"), ErrorKind::Unauthorized),
        (refusal(400, "invalid_scope"), ErrorKind::Misconfigured),
        (
            ResponseTemplate::new(404).set_body_string("<html>"),
            ErrorKind::Misconfigured,
        ),
        (ResponseTemplate::new(302), ErrorKind::Misconfigured),
        (
            ResponseTemplate::new(200).set_body_string("<html>"),
            ErrorKind::Malformed,
        ),
        (
            ResponseTemplate::new(200).set_body_json(json!({"expires_in": 9})),
            ErrorKind::Malformed,
        ),
    ] {
        let fcm = Fcm::without_tokens().await;
        minting(&fcm, answer).await;
        let error = fcm.failed_ring().await;
        assert_eq!(
            (error.kind(), error.retry()),
            (kind, Retry::Never),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_token_endpoint_in_trouble_may_be_asked_again_at_once() {
    let fcm = Fcm::without_tokens().await;
    let html = ResponseTemplate::new(502).set_body_string("<html>Bad Gateway</html>");
    Mock::given(path(MINT))
        .respond_with(html)
        .up_to_n_times(1)
        .mount(&fcm.server)
        .await;
    minting(&fcm, Minting::default()).await;
    fcm.answers(accepted()).await;
    let error = fcm.failed_ring().await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
    fcm.ring().await.unwrap();
}

#[tokio::test]
async fn a_token_endpoint_that_names_a_pause_gets_it() {
    for (status, kind) in [(429, ErrorKind::RateLimited), (503, ErrorKind::Unavailable)] {
        let fcm = Fcm::without_tokens().await;
        let busy = ResponseTemplate::new(status).insert_header("retry-after", "20");
        Mock::given(path(MINT))
            .respond_with(busy)
            .up_to_n_times(1)
            .mount(&fcm.server)
            .await;
        minting(&fcm, Minting::default()).await;
        fcm.answers(accepted()).await;
        for _ in 0..2 {
            let error = fcm.failed_ring().await;
            let pause = Some(Duration::from_secs(20));
            assert_eq!((error.kind(), error.retry()), (kind, Retry::Safe));
            assert_eq!(error.retry_after(), pause);
        }
        assert_eq!(fcm.asked(MINT).await, 1);
        fcm.clock.advance(Duration::from_secs(20));
        fcm.ring().await.unwrap();
    }
}

#[tokio::test]
async fn a_mint_that_stalls_or_breaks_off_sent_no_push_and_is_safe_to_try_again() {
    // real time: the HTTP client's own timer is what is tried.
    let fcm = Fcm::with_timeout(Duration::from_millis(300)).await;
    minting(
        &fcm,
        ResponseTemplate::new(200).set_delay(Duration::from_secs(60)),
    )
    .await;
    let stalled = fcm.failed_ring().await;
    let gone = BrokenServer::absent().await;
    let sender = sender(
        &fcm.server.uri(),
        &gone,
        Duration::from_secs(10),
        &fcm.clock,
    );
    let absent = sender.send(&android(), &missed()).await.unwrap_err();
    for error in [stalled, absent] {
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Unavailable, Retry::Safe)
        );
        assert!(std::error::Error::source(&error).is_some());
    }
}
