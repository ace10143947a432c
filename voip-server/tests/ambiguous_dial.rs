//! A dial without a clear answer is looked up at the provider, not repeated.

mod process;

use std::time::Duration;

use process::{Machine, OURS, Provider};
use serde_json::{Value, json};
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{
    faults::{Faults, RestFault, RestTarget},
    inspect::{CallView, Status},
    phone::PhoneScript,
};

const NUMBER: &str = "+12125550120";

#[tokio::test]
async fn a_dial_that_times_out_after_sending_is_found_at_the_provider() {
    // real time: the provider's answer is waited for as long as ever: 8 s.
    the_call_is_found(RestFault::NeverAnswer).await;
}

#[tokio::test]
async fn a_dial_that_a_gateway_loses_the_answer_of_is_found_at_the_provider() {
    the_call_is_found(RestFault::BadGatewayAfterwards).await;
}

#[tokio::test]
async fn a_dial_that_never_happened_is_said_not_to_have_been_placed() {
    let (machine, provider) = server_whose_next_dial_meets(RestFault::BadGateway).await;
    let _process = machine.start().await;
    let (call, client) = (Uuid::new_v4().to_string(), machine.client());
    let (status, text) = client
        .insist("/start-call", &json!({"to": NUMBER, "callId": call}))
        .await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(status, 503, "{text}");
    assert_eq!(answer["callId"], call.as_str());
    assert_eq!(provider.dialled(NUMBER).len(), 0);
    let row = client
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.status, CallStatus::Failed);
}

#[tokio::test]
async fn a_call_given_up_while_its_dial_is_unclear_is_ended_at_the_provider() {
    let (machine, provider) = server_whose_next_dial_meets(RestFault::BadGatewayAfterwards).await;
    let _process = machine.start().await;
    let (call, client) = (Uuid::new_v4().to_string(), machine.client());
    let wanted = json!({"to": NUMBER, "callId": call});
    let asking = client.clone();
    let asked = tokio::spawn(async move { asking.post("/start-call", &wanted).await });
    let leg = provider.accepted(NUMBER).await;
    let (status, text) = client.insist("/hangup", &json!({"callId": call})).await;
    assert_eq!(status, 200, "{text}");
    let canceled = |leg: &CallView| leg.status == Status::Canceled;
    provider
        .leg_that(&leg.sid, "the leg is ended", canceled)
        .await;
    asked
        .await
        .expect("no panic")
        .expect("the request is answered");
    let row = client
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.status, CallStatus::Canceled);
}

async fn the_call_is_found(fault: RestFault) {
    let (machine, provider) = server_whose_next_dial_meets(fault).await;
    let _process = machine.start().await;
    let (call, client) = (Uuid::new_v4().to_string(), machine.client());
    let (status, text) = client
        .insist("/start-call", &json!({"to": NUMBER, "callId": call}))
        .await;
    assert_eq!(status, 200, "{text}");
    let legs = provider.dialled(NUMBER);
    assert_eq!(legs.len(), 1, "placed once: {legs:?}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    let sid = legs[0].sid.as_str();
    assert_eq!(answer, json!({"success": true, "callId": call, "sid": sid}));
    let row = client
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.twilio_sid.as_deref(), Some(sid));
    assert!(!row.status.is_final(), "it goes on ringing: {row:?}");
}

/// A server and a provider that reports on nothing, so that a call can only be
/// found by asking.
async fn server_whose_next_dial_meets(fault: RestFault) -> (Machine, Provider) {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    provider
        .sim
        .set_phone(NUMBER, PhoneScript::answers_after(Duration::from_secs(300)));
    provider.sim.set_faults(Faults {
        drop: 1.0,
        ..Faults::default()
    });
    // A second attempt would meet no fault, and be seen.
    provider.sim.fail_next_rest(RestTarget::Creates, fault, 1);
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    (machine, provider)
}
