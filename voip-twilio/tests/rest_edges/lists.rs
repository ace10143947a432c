//! Lists, page by page.

use serde_json::json;
use voip_core::{
    ErrorKind, Retry, Timestamp,
    ports::{ConferenceRef, Telephony},
};
use voip_twilio::{ConferenceFilter, ConferenceStatus};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, body_string, method, path, query_param},
};

use crate::fixture::{CALLS, fault, leg, telephony, to_anybody};

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
    let room = ConferenceRef(found[0].id.clone());
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
    let over = ConferenceRef("CF9".parse().unwrap());
    assert_eq!(telephony.participants(&over).await.unwrap(), []);
}
