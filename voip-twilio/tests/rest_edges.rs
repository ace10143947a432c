//! The edges of the REST API, over real sockets.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

use std::{sync::Arc, time::Duration};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use voip_core::{
    CallId, Error, ErrorKind, ProviderCallId, Retry, Timestamp,
    ports::{Dial, Redirected, Telephony},
};
use voip_twilio::{
    AuthToken, CallbackUrls, ConferenceFilter, ConferenceStatus, TwilioConfig, TwilioTelephony,
};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, body_string, header, method, path, query_param},
};

const CALLS: &str = "/2010-04-01/Accounts/AC000000000000000000000000000000a1/Calls.json";
const LEG: &str = "/2010-04-01/Accounts/AC000000000000000000000000000000a1/Calls/CA1.json";

fn telephony(address: &str) -> TwilioTelephony {
    let account = "AC000000000000000000000000000000a1".parse().unwrap();
    let callbacks = CallbackUrls::new("https://voip.example.test".parse().unwrap()).unwrap();
    let mut config = TwilioConfig::new(account, AuthToken::new("sesame").unwrap(), callbacks);
    config.api_base_url = address.parse().unwrap();
    config.request_timeout = Duration::from_millis(300);
    TwilioTelephony::over_network(Arc::new(config)).unwrap()
}

fn to_anybody() -> Dial {
    Dial {
        call: "018c1f6e-7c3a-7000-8000-000000000001"
            .parse::<CallId>()
            .unwrap(),
        to: "+15550001111".parse().unwrap(),
        from: "+15550002222".parse().unwrap(),
        ring_time: None,
    }
}

fn leg() -> ProviderCallId {
    "CA1".parse().unwrap()
}

async fn answering(reply: ResponseTemplate) -> (MockServer, TwilioTelephony) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(reply).mount(&server).await;
    let telephony = telephony(&server.uri());
    (server, telephony)
}

fn fault(status: u16, code: u32) -> ResponseTemplate {
    let message = "Account suspended, call +15550001111";
    ResponseTemplate::new(status)
        .set_body_json(json!({"code": code, "message": message, "status": status}))
}

async fn dial_error(telephony: &TwilioTelephony) -> Error {
    telephony
        .dial(&to_anybody())
        .await
        .expect_err("this cannot go well")
}

async fn hang_up_error(telephony: &TwilioTelephony) -> Error {
    telephony
        .hang_up(&leg())
        .await
        .expect_err("this cannot go well")
}

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
        unknown.redirect(&leg(), to_anybody().call).await.unwrap(),
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
async fn a_stall_is_a_time_out_after_sending() {
    // real time: the time limit of the HTTP client is under test.
    let late = ResponseTemplate::new(201).set_delay(Duration::from_secs(30));
    let (_server, telephony) = answering(late).await;
    let dial = dial_error(&telephony).await;
    assert_eq!(
        (dial.kind(), dial.retry()),
        (ErrorKind::Timeout, Retry::Ambiguous)
    );
    let end = hang_up_error(&telephony).await;
    assert_eq!((end.kind(), end.retry()), (ErrorKind::Timeout, Retry::Safe));
}

#[tokio::test]
async fn nobody_listening_means_nothing_was_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
}

#[tokio::test]
async fn tls_that_fails_means_nothing_was_sent() {
    let address = raw_server(|mut stream| async move {
        stream.write_all(b"this is no TLS").await.unwrap();
    })
    .await;
    let error = dial_error(&telephony(&address.replace("http:", "https:"))).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
}

#[tokio::test]
async fn a_connection_that_breaks_after_sending_leaves_it_open() {
    let address = raw_server(|mut stream| async move {
        read_request(&mut stream).await;
    })
    .await;
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Ambiguous)
    );
}

#[tokio::test]
async fn half_an_answer_leaves_it_open() {
    let address = raw_server(|mut stream| async move {
        read_request(&mut stream).await;
        let half = b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{\"sid\": \"CA";
        stream.write_all(half).await.unwrap();
    })
    .await;
    let error = dial_error(&telephony(&address)).await;
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Ambiguous)
    );
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let body = "x".repeat(5 * 1024 * 1024);
    let (_server, telephony) = answering(ResponseTemplate::new(201).set_body_string(body)).await;
    let error = dial_error(&telephony).await;
    assert_ne!(error.retry(), Retry::Safe, "the call may have been placed");
}

#[tokio::test]
async fn a_list_is_read_page_by_page_at_the_addresses_it_names() {
    let server = MockServer::start().await;
    let call = |sid: &str, direction: &str, created: &str| {
        json!({
            "sid": sid, "status": "ringing", "direction": direction,
            "date_created": created, "duration": null, "start_time": null, "end_time": null,
        })
    };
    let next =
        format!("{CALLS}?To=%2B15550001111&From=%2B15550002222&PageSize=50&Page=1&PageToken=PACA3");
    Mock::given(path(CALLS))
        .and(query_param("PageToken", "PACA3"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "calls": [
                call("CA2", "outbound-api", "Tue, 14 Nov 2023 22:13:20 +0000"),
                call("CA1", "outbound-api", "Tue, 14 Nov 2023 22:13:00 +0000"),
            ],
            "next_page_uri": "/never-asked-for",
        })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path(CALLS))
        .and(query_param("To", "+15550001111"))
        .and(query_param("From", "+15550002222"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "calls": [
                call("CA4", "inbound", "Tue, 14 Nov 2023 22:13:22 +0000"),
                call("CA3", "outbound-api", "Tue, 14 Nov 2023 22:13:21 +0000"),
            ],
            "next_page_uri": next,
        })))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let since = Timestamp::from_secs(1_700_000_000);
    let legs = telephony(&server.uri())
        .find_dialled(&to_anybody(), since)
        .await
        .unwrap();
    let legs: Vec<_> = legs.iter().map(|found| found.report.leg.as_str()).collect();
    assert_eq!(legs, ["CA2", "CA3"]);
}

#[tokio::test]
async fn our_credentials_go_to_no_other_host() {
    let server = MockServer::start().await;
    let elsewhere = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&elsewhere)
        .await;
    for next in [elsewhere.uri(), elsewhere.uri().replace("http:", "")] {
        server.reset().await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({
                "calls": [], "next_page_uri": format!("{next}/x"),
            })))
            .mount(&server)
            .await;
        let since = Timestamp::from_secs(0);
        let error = telephony(&server.uri())
            .find_dialled(&to_anybody(), since)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
    }
}

#[tokio::test]
async fn a_list_that_never_ends_is_left() {
    let server = MockServer::start().await;
    let page = json!({"conferences": [], "next_page_uri": "/again"});
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(page))
        .mount(&server)
        .await;
    telephony(&server.uri())
        .conferences(&ConferenceFilter::default())
        .await
        .unwrap();
    assert_eq!(server.received_requests().await.unwrap().len(), 20);
}

#[tokio::test]
async fn conferences_and_participants_are_read() {
    let server = MockServer::start().await;
    let rooms = "/2010-04-01/Accounts/AC000000000000000000000000000000a1/Conferences";
    Mock::given(path(format!("{rooms}.json")))
        .and(query_param("FriendlyName", "room & 1"))
        .and(query_param("Status", "init"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "conferences": [{"sid": "CF1", "friendly_name": "room & 1", "status": "init"}],
            "next_page_uri": null,
        })))
        .mount(&server)
        .await;
    let participant = json!({
        "call_sid": "CA1", "conference_sid": "CF1", "hold": true, "muted": false,
        "status": "connected", "label": null,
    });
    Mock::given(path(format!("{rooms}/CF1/Participants.json")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "participants": [participant], "next_page_uri": null,
        })))
        .mount(&server)
        .await;
    Mock::given(path(format!("{rooms}/CF1/Participants/CA1.json")))
        .and(method("POST"))
        .and(body_string("Hold=false"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&participant))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(fault(404, 20404))
        .mount(&server)
        .await;

    let telephony = telephony(&server.uri());
    let filter = ConferenceFilter {
        friendly_name: Some("room & 1".to_owned()),
        status: Some(ConferenceStatus::Init),
    };
    let found = telephony.conferences(&filter).await.unwrap();
    let room = voip_core::ports::ConferenceRef(found[0].id.clone());
    assert_eq!(found[0].status, ConferenceStatus::Init);
    let inside = telephony.participants(&room).await.unwrap();
    assert!(inside[0].hold && inside[0].leg == leg());
    telephony.set_hold(&room, &leg(), false).await.unwrap();

    let nobody = "CA2".parse().unwrap();
    assert_eq!(telephony.participant(&room, &nobody).await.unwrap(), None);
    let error = telephony.set_hold(&room, &nobody, true).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::NotFound, Retry::Never)
    );
    let over = voip_core::ports::ConferenceRef("CF9".parse().unwrap());
    assert_eq!(telephony.participants(&over).await.unwrap(), []);
}

#[tokio::test]
async fn a_kept_connection_serves_the_next_request() {
    let (sender, mut opened) = tokio::sync::mpsc::unbounded_channel();
    let address = raw_server(move |mut stream| {
        sender.send(()).unwrap();
        async move {
            for _ in 0..2 {
                read_request(&mut stream).await;
                let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
                stream.write_all(reply).await.unwrap();
            }
        }
    })
    .await;
    let telephony = telephony(&address);
    telephony.hang_up(&leg()).await.unwrap();
    telephony.hang_up(&leg()).await.unwrap();
    opened.recv().await.unwrap();
    assert!(opened.is_empty(), "one connection is enough");
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

/// A server that does with its connections what `serve` does.
async fn raw_server<F, R>(serve: F) -> String
where
    F: Fn(TcpStream) -> R + Send + 'static,
    R: Future<Output = ()> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            serve(stream).await;
        }
    });
    address
}

/// Reads a request as far as its body goes.
async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    let whole = |request: &[u8]| {
        let text = String::from_utf8_lossy(request).to_ascii_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            return false;
        };
        let length = head.split("content-length: ").nth(1).map_or(0, |rest| {
            rest.split("\r\n").next().unwrap().trim().parse().unwrap()
        });
        body.len() >= length
    };
    while !whole(&request) {
        let mut piece = [0; 1024];
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(read) => request.extend_from_slice(&piece[..read]),
        }
    }
}
