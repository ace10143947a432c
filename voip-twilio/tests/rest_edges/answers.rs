//! What the provider answers, and what is made of it.

use std::time::Duration;

use serde_json::json;
use voip_core::{
    Callback, ErrorKind, Retry, Timestamp,
    ports::{Redirected, Telephony},
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{body_string, header, method, path},
};

use crate::fixture::{
    CALLS, LEG, answering, dial_error, fault, hang_up_error, leg, telephony, to_anybody,
};

#[tokio::test]
async fn a_dial_is_one_signed_in_form_post() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(CALLS))
        .and(header("accept", "application/json"))
        .and(header(
            "authorization",
            "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDBhMTpzZXNhbWU=",
        ))
        .and(header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        ))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"sid": "CA1"})))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(
        telephony(&server.uri()).dial(&to_anybody()).await.unwrap(),
        leg()
    );
}

#[tokio::test]
async fn a_base_address_may_have_a_path() {
    let server = MockServer::start().await;
    Mock::given(path(format!("/twilio{CALLS}")))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"sid": "CA1"})))
        .mount(&server)
        .await;
    let telephony = telephony(&format!("{}/twilio/", server.uri()));
    assert_eq!(telephony.dial(&to_anybody()).await.unwrap(), leg());
}

#[tokio::test]
async fn too_many_requests_may_be_repeated_after_the_pause_asked_for() {
    let reply = fault(429, 20429).insert_header("Retry-After", "3");
    let (_server, telephony) = answering(reply).await;
    for error in [
        dial_error(&telephony).await,
        hang_up_error(&telephony).await,
    ] {
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::RateLimited, Retry::Safe)
        );
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
        assert_eq!(error.code(), Some(20429));
    }
}

#[tokio::test]
async fn the_pause_asked_for_may_be_a_date() {
    let reply = ResponseTemplate::new(503)
        .insert_header("Date", "Sun, 06 Nov 1994 08:49:30 GMT")
        .insert_header("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT");
    let (_server, telephony) = answering(reply).await;
    assert_eq!(
        hang_up_error(&telephony).await.retry_after(),
        Some(Duration::from_secs(7))
    );
}

#[tokio::test]
async fn a_provider_out_of_order_may_have_placed_the_call() {
    for status in [500, 502, 503, 504] {
        let reply = ResponseTemplate::new(status).set_body_string("<html>bad gateway</html>");
        let (_server, telephony) = answering(reply).await;
        let (dial, end) = (
            dial_error(&telephony).await,
            hang_up_error(&telephony).await,
        );
        assert_eq!(
            (dial.kind(), dial.retry()),
            (ErrorKind::Unavailable, Retry::Ambiguous)
        );
        assert_eq!(
            (end.kind(), end.retry()),
            (ErrorKind::Unavailable, Retry::Safe)
        );
    }
}

#[tokio::test]
async fn an_unreadable_yes_may_mean_a_placed_call() {
    for body in [
        "",
        "<html>",
        "{}",
        r#"{"sid": 7}"#,
        r#"{"sid": "../../evil"}"#,
        "\u{0}",
    ] {
        let (_server, telephony) =
            answering(ResponseTemplate::new(201).set_body_string(body)).await;
        let dial = dial_error(&telephony).await;
        assert_eq!(
            (dial.kind(), dial.retry()),
            (ErrorKind::Malformed, Retry::Ambiguous),
            "{body}"
        );
        let look = telephony.look_up(&leg()).await.unwrap_err();
        assert_eq!(
            (look.kind(), look.retry()),
            (ErrorKind::Malformed, Retry::Safe),
            "{body}"
        );
        telephony
            .hang_up(&leg())
            .await
            .expect("the status says it was done");
    }
}

#[tokio::test]
async fn a_refusal_is_said_in_our_words() {
    let (_server, telephony) = answering(fault(400, 21211)).await;
    let error = dial_error(&telephony).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Refused, Retry::Never)
    );
    assert_eq!(
        error.to_string(),
        "the number to call is not valid (code 21211)"
    );
}

#[tokio::test]
async fn refused_credentials_are_unauthorized() {
    for reply in [
        fault(401, 20003),
        ResponseTemplate::new(401),
        ResponseTemplate::new(403),
    ] {
        let (_server, telephony) = answering(reply).await;
        let error = dial_error(&telephony).await;
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Unauthorized, Retry::Never)
        );
    }
}

#[tokio::test]
async fn a_leg_that_is_over_or_unknown_is_no_fault() {
    let (_server, unknown) = answering(fault(404, 20404)).await;
    assert_eq!(unknown.look_up(&leg()).await.unwrap(), None);
    assert_eq!(
        unknown
            .redirect(&leg(), Callback::Ask(to_anybody().call))
            .await
            .unwrap(),
        Redirected::Gone
    );
    unknown.hang_up(&leg()).await.unwrap();
    let (_server, over) = answering(fault(400, 21220)).await;
    over.hang_up(&leg()).await.unwrap();
}

#[tokio::test]
async fn a_page_of_somebody_else_is_no_answer_about_the_leg() {
    let reply = ResponseTemplate::new(404).set_body_string("<html>no such site</html>");
    let (_server, telephony) = answering(reply).await;
    assert_eq!(
        telephony.look_up(&leg()).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(hang_up_error(&telephony).await.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    let elsewhere = format!("{}/elsewhere", server.uri());
    Mock::given(path(CALLS))
        .respond_with(ResponseTemplate::new(302).insert_header("Location", elsewhere))
        .mount(&server)
        .await;
    Mock::given(path("/elsewhere"))
        .respond_with(ResponseTemplate::new(201).set_body_json(json!({"sid": "CA1"})))
        .expect(0)
        .mount(&server)
        .await;
    let error = dial_error(&telephony(&server.uri())).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Misconfigured, Retry::Never)
    );
}

#[tokio::test]
async fn no_fault_shows_a_number_or_a_secret() {
    let refused = answering(fault(400, 99_999)).await;
    let garbled = answering(ResponseTemplate::new(200).set_body_json(json!({
        "sid": "+15550001111", "status": "+15550001111",
    })))
    .await;
    let nowhere = telephony("http://127.0.0.1:9");
    for telephony in [&refused.1, &garbled.1, &nowhere] {
        let found = telephony
            .find_dialled(&to_anybody(), Timestamp::from_secs(0))
            .await;
        for error in [dial_error(telephony).await, found.unwrap_err()] {
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("5550001111") && !shown.contains("sesame"),
                "{shown}"
            );
        }
    }
}

#[tokio::test]
async fn a_hang_up_is_said_to_the_leg() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(LEG))
        .and(body_string("Status=completed"))
        .and(|request: &Request| request.url.query().is_none())
        .respond_with(ResponseTemplate::new(200))
        .expect(1)
        .mount(&server)
        .await;
    telephony(&server.uri()).hang_up(&leg()).await.unwrap();
}
