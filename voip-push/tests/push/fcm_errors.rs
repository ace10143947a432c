//! FCM's error table, row by row, over HTTP.

use std::time::Duration;

use serde_json::{Value, json};
use voip_core::{
    Error, ErrorKind, Retry,
    ports::{Delivery, PushSender},
};
use wiremock::{Mock, ResponseTemplate, matchers::path};

use crate::{
    broken_server::BrokenServer,
    devices::{CALLER, android, missed, ring},
    fcm::{Bears, Fcm, MINT, SEND, accepted, sender},
};

const FCM_ERROR: &str = "type.googleapis.com/google.firebase.fcm.v1.FcmError";
const BAD_REQUEST: &str = "type.googleapis.com/google.rpc.BadRequest";

/// An error of FCM with its own code.
fn coded(http: u16, status: &str, code: &str) -> ResponseTemplate {
    detailed(
        http,
        status,
        "Something.",
        json!([{ "@type": FCM_ERROR, "errorCode": code }]),
    )
}

/// An error of Google's front without a code of FCM.
fn plain(http: u16, status: &str) -> ResponseTemplate {
    detailed(http, status, "Something.", json!([]))
}

fn detailed(http: u16, status: &str, message: &str, details: Value) -> ResponseTemplate {
    let error = json!({ "code": http, "message": message, "status": status, "details": details });
    ResponseTemplate::new(http).set_body_json(json!({ "error": error }))
}

fn invalid(field: &str, message: &str) -> ResponseTemplate {
    let details = json!([
        { "@type": FCM_ERROR, "errorCode": "INVALID_ARGUMENT" },
        { "@type": BAD_REQUEST, "fieldViolations": [{ "field": field, "description": message }] },
    ]);
    detailed(400, "INVALID_ARGUMENT", message, details)
}

async fn delivery(answer: ResponseTemplate) -> Delivery {
    let fcm = Fcm::start().await;
    fcm.answers(answer).await;
    fcm.ring().await.expect("an expected answer is no failure")
}

async fn failure(answer: ResponseTemplate) -> Error {
    let fcm = Fcm::start().await;
    fcm.answers(answer).await;
    let error = fcm.failed_ring().await;
    assert_eq!(fcm.asked(SEND).await, 1, "one attempt a push");
    error
}

fn class(error: &Error) -> (ErrorKind, Retry, Option<Duration>) {
    (error.kind(), error.retry(), error.retry_after())
}

#[tokio::test]
async fn an_unregistered_token_is_gone() {
    assert_eq!(
        delivery(coded(404, "NOT_FOUND", "UNREGISTERED")).await,
        Delivery::Gone
    );
}

#[tokio::test]
async fn a_token_of_another_project_is_gone() {
    let answer = coded(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH");
    assert_eq!(delivery(answer).await, Delivery::Gone);
}

#[tokio::test]
async fn an_invalid_argument_that_is_the_token_is_gone() {
    assert_eq!(
        delivery(invalid("message.token", "Invalid value")).await,
        Delivery::Gone
    );
    let words = "The registration token is not a valid FCM registration token";
    let answer = detailed(400, "INVALID_ARGUMENT", words, json!([]));
    assert_eq!(delivery(answer).await, Delivery::Gone);
}

#[tokio::test]
async fn any_other_invalid_argument_keeps_the_token_and_quotes_no_value() {
    let answer = invalid("message.data[0].value", &format!("Invalid value: {CALLER}"));
    let error = failure(answer).await;
    assert_eq!(class(&error), (ErrorKind::Refused, Retry::Never, None));
    insta::assert_snapshot!(error);
}

#[tokio::test]
async fn a_broken_third_party_credential_is_a_setting() {
    let error = failure(coded(401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR")).await;
    assert_eq!(
        class(&error),
        (ErrorKind::Misconfigured, Retry::Never, None)
    );
}

#[tokio::test]
async fn a_refused_access_token_is_replaced_once_and_the_push_sent() {
    let fcm = Fcm::start().await;
    fcm.answers(accepted()).await;
    fcm.ring().await.unwrap();
    let stale = Mock::given(path(SEND)).and(Bears("access-1"));
    stale
        .respond_with(plain(401, "UNAUTHENTICATED"))
        .with_priority(1)
        .mount(&fcm.server)
        .await;
    assert!(matches!(
        fcm.ring().await.unwrap(),
        Delivery::Accepted { .. }
    ));
    assert_eq!((fcm.asked(MINT).await, fcm.asked(SEND).await), (2, 3));
}

#[tokio::test]
async fn access_tokens_that_are_refused_for_good_are_an_error_after_two_attempts() {
    let fcm = Fcm::start().await;
    fcm.answers(plain(401, "UNAUTHENTICATED")).await;
    let error = fcm.failed_ring().await;
    assert_eq!(class(&error), (ErrorKind::Unauthorized, Retry::Never, None));
    assert_eq!((fcm.asked(MINT).await, fcm.asked(SEND).await), (2, 2));
}

#[tokio::test]
async fn a_missing_role_is_a_setting_and_keeps_the_token() {
    let error = failure(plain(403, "PERMISSION_DENIED")).await;
    assert_eq!(
        class(&error),
        (ErrorKind::Misconfigured, Retry::Never, None)
    );
}

#[tokio::test]
async fn a_wrong_url_or_project_keeps_the_token() {
    for answer in [
        plain(404, "NOT_FOUND"),
        ResponseTemplate::new(404).set_body_string("<html>Not Found</html>"),
        ResponseTemplate::new(404),
    ] {
        let error = failure(answer).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Misconfigured, Retry::Never, None)
        );
    }
}

#[tokio::test]
async fn a_quota_waits_as_long_as_it_says() {
    let answer = coded(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED");
    let error = failure(answer.insert_header("retry-after", "20")).await;
    let pause = Some(Duration::from_secs(20));
    assert_eq!(class(&error), (ErrorKind::RateLimited, Retry::Safe, pause));
}

#[tokio::test]
async fn a_quota_that_says_nothing_waits_a_minute_which_no_ring_has() {
    let fcm = Fcm::start().await;
    fcm.answers(coded(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"))
        .await;
    let pause = Some(Duration::from_secs(60));
    let error = fcm.failed_ring().await;
    assert_eq!(class(&error), (ErrorKind::RateLimited, Retry::Never, pause));
    let error = fcm.sender.send(&android(), &missed()).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::RateLimited, Retry::Safe, pause));
}

#[tokio::test]
async fn a_retry_after_beyond_the_ring_deadline_means_never() {
    // The ring lasts until 22:14:10.
    for (text, retry) in [
        ("49", Retry::Safe),
        ("50", Retry::Never),
        ("Tue, 14 Nov 2023 22:14:09 GMT", Retry::Safe),
        ("Tue, 14 Nov 2023 22:14:10 GMT", Retry::Never),
    ] {
        let answer = coded(503, "UNAVAILABLE", "UNAVAILABLE").insert_header("retry-after", text);
        assert_eq!(failure(answer).await.retry(), retry, "{text}");
    }
}

#[tokio::test]
async fn trouble_on_their_side_may_be_tried_again_whatever_the_body() {
    for answer in [
        coded(500, "INTERNAL", "INTERNAL"),
        coded(503, "UNAVAILABLE", "UNAVAILABLE"),
        ResponseTemplate::new(502).set_body_string("<html><h1>502 Bad Gateway</h1></html>"),
        ResponseTemplate::new(503),
        // An outage deletes nothing, whatever it says.
        coded(500, "INTERNAL", "UNREGISTERED"),
        ResponseTemplate::new(500).set_body_bytes(vec![0xff; 200_000]),
    ] {
        let error = failure(answer).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Unavailable, Retry::Safe, None),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_gateway_that_gave_up_waiting_leaves_it_open_whether_it_was_sent() {
    let error = failure(ResponseTemplate::new(504)).await;
    assert_eq!(class(&error), (ErrorKind::Timeout, Retry::Ambiguous, None));
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_our_credentials() {
    let fcm = Fcm::start().await;
    let elsewhere = format!("{}/elsewhere", fcm.server.uri());
    fcm.answers(ResponseTemplate::new(307).insert_header("location", &*elsewhere))
        .await;
    assert_eq!(fcm.failed_ring().await.kind(), ErrorKind::Misconfigured);
    assert_eq!(fcm.asked("/elsewhere").await, 0);
}

#[tokio::test]
async fn an_acceptance_that_cannot_be_read_is_ambiguous() {
    for body in ["", "<html>", "{}", r#"{"name":""}"#, r#"{"name":7}"#] {
        let error = failure(ResponseTemplate::new(200).set_body_string(body)).await;
        assert_eq!(
            class(&error),
            (ErrorKind::Malformed, Retry::Ambiguous, None),
            "{body}"
        );
    }
}

#[tokio::test]
async fn a_stall_ends_in_a_timeout_that_is_ambiguous() {
    // real time: the HTTP client's own timer is what is tried.
    let fcm = Fcm::with_timeout(Duration::from_millis(300)).await;
    Mock::given(path(MINT))
        .respond_with(crate::fcm::Minting::default())
        .mount(&fcm.server)
        .await;
    fcm.answers(accepted().set_delay(Duration::from_secs(60)))
        .await;
    let error = fcm.failed_ring().await;
    assert_eq!(class(&error), (ErrorKind::Timeout, Retry::Ambiguous, None));
}

#[tokio::test]
async fn a_request_ends_with_its_ring() {
    // real time: the HTTP client's own timer is what is tried.
    let fcm = Fcm::start().await;
    fcm.answers(accepted().set_delay(Duration::from_secs(60)))
        .await;
    let push = ring(&fcm.clock);
    fcm.clock
        .advance(crate::devices::RING_TIME - Duration::from_millis(300));
    let device = android();
    let sending = fcm.sender.send(&device, &push);
    let half_the_usual_time = Duration::from_secs(5);
    let sent = tokio::time::timeout(half_the_usual_time, sending).await;
    let error = sent.expect("it ends with the ring").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn nobody_listening_is_safe_to_try_again() {
    let fcm = Fcm::start().await;
    let gone = BrokenServer::absent().await;
    let sender = sender(
        &gone,
        &fcm.server.uri(),
        Duration::from_secs(10),
        &fcm.clock,
    );
    let error = sender.send(&android(), &missed()).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Unavailable, Retry::Safe, None));
}

#[tokio::test]
async fn a_connection_that_breaks_off_leaves_it_open_whether_it_was_sent() {
    let fcm = Fcm::start().await;
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"] {
        let server = BrokenServer::answering(answer).await;
        let sender = sender(
            &server.uri,
            &fcm.server.uri(),
            Duration::from_secs(10),
            &fcm.clock,
        );
        let error = sender.send(&android(), &missed()).await.unwrap_err();
        assert_eq!(
            class(&error),
            (ErrorKind::Unavailable, Retry::Ambiguous, None),
            "{answer:?}"
        );
    }
}

#[tokio::test]
async fn a_failure_that_breaks_off_is_read_as_far_as_it_came() {
    let fcm = Fcm::start().await;
    let server = BrokenServer::answering("HTTP/1.1 503 X\r\ncontent-length: 100\r\n\r\n{").await;
    let sender = sender(
        &server.uri,
        &fcm.server.uri(),
        Duration::from_secs(10),
        &fcm.clock,
    );
    let error = sender.send(&android(), &missed()).await.unwrap_err();
    assert_eq!(class(&error), (ErrorKind::Unavailable, Retry::Safe, None));
}
