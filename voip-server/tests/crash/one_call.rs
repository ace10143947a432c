//! One call at the very moment of a crash.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::faults::{Faults, RestFault, RestTarget};
use voip_sim::inspect::{CallView, Status};
use voip_sim::phone::PhoneScript;

use crate::LONG;
use crate::process::{CALLER, Machine, OURS, Process, Provider, USER, USERS_NUMBER, until};

type Asked = JoinHandle<reqwest::Result<(u16, String)>>;

/// A server whose dial was accepted by the provider and is never answered, and
/// none of whose calls is ever reported on.
struct Stalled {
    machine: Machine,
    provider: Provider,
    process: Process,
    /// Its name, and the request for it.
    call: String,
    asked: Asked,
    leg: CallView,
}

impl Stalled {
    async fn dial_to(number: &str) -> Self {
        let machine = Machine::for_twilio();
        let provider = Provider::start(&machine.base(), 1).await;
        provider.sim.set_faults(Faults {
            drop: 1.0,
            ..Faults::default()
        });
        provider
            .sim
            .fail_next_rest(RestTarget::Creates, RestFault::NeverAnswer, 1);
        provider
            .sim
            .set_phone(number, PhoneScript::answers_after(LONG));
        let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
        let process = machine.start().await;
        let call = Uuid::new_v4().to_string();
        let (client, wanted) = (machine.client(), json!({"to": number, "callId": call}));
        let asked = tokio::spawn(async move { client.post("/start-call", &wanted).await });
        let leg = provider.accepted(number).await;
        Self {
            machine,
            provider,
            process,
            call,
            asked,
            leg,
        }
    }
}

/// Kills a server that was to answer a request.
async fn killed(process: Process, asked: Asked) {
    process.kill();
    let answer = asked.await.expect("no panic");
    answer.expect_err("nobody was left to answer");
}

/// Whether webhooks are still on their way.
fn waiting(provider: &Provider) -> bool {
    use voip_sim::inspect::DeliveryOutcome::Pending;
    provider
        .sim
        .webhooks()
        .iter()
        .any(|webhook| webhook.outcome == Pending)
}

#[tokio::test]
async fn a_dial_cut_off_by_a_crash_is_found_again_and_not_repeated() {
    let number = "+12125550100";
    let Stalled {
        machine,
        provider,
        process,
        call,
        asked,
        leg,
    } = Stalled::dial_to(number).await;
    killed(process, asked).await;

    let _process = machine.start().await;
    // The client asks again, as it should after a lost connection.
    let wanted = json!({"to": number, "callId": call});
    let (status, text) = machine.client().insist("/start-call", &wanted).await;
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(status, 200, "{text}");
    assert_eq!(
        answer,
        json!({"success": true, "callId": call, "sid": leg.sid.as_str()})
    );
    assert_eq!(provider.dialled(number).len(), 1);
    let row = machine
        .client()
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.twilio_sid.as_deref(), Some(leg.sid.as_str()));
}

#[tokio::test]
async fn a_dial_that_was_given_up_before_a_crash_is_ended_after_it() {
    let number = "+12125550101";
    let Stalled {
        machine,
        provider,
        process,
        call,
        asked,
        leg,
    } = Stalled::dial_to(number).await;
    let (status, _) = machine
        .client()
        .insist("/hangup", &json!({"callId": call}))
        .await;
    assert_eq!(status, 200);
    killed(process, asked).await;

    let _process = machine.start().await;
    let ended = |leg: &CallView| leg.status == Status::Canceled;
    provider
        .leg_that(&leg.sid, "the leg that nobody wants is ended", ended)
        .await;
    let row = machine
        .client()
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.status, CallStatus::Canceled);
    assert_eq!(provider.dialled(number).len(), 1);
}

#[tokio::test]
async fn a_call_that_ended_while_the_server_was_down_does_not_stay_live() {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    let (number, call) = ("+12125550102", Uuid::new_v4().to_string());
    provider
        .sim
        .set_phone(number, PhoneScript::answers_after(LONG));
    let process = machine.start().await;
    let client = machine.client();
    let (status, text) = client
        .insist("/start-call", &json!({"to": number, "callId": call}))
        .await;
    assert_eq!(status, 200, "{text}");
    let leg = provider.accepted(number).await;
    client
        .row_that(OURS, "it rings", |row| row.status == CallStatus::Ringing)
        .await;
    process.kill();
    provider.sim.pick_up(&leg.sid).await.expect("it rings");
    let over = |leg: &CallView| leg.status.is_final();
    // The server's document is nowhere to be had.
    provider
        .leg_that(&leg.sid, "the call breaks down", over)
        .await;
    until("the news of that finds nobody", LONG, async || {
        (!waiting(&provider)).then_some(())
    })
    .await;

    let _process = machine.start().await;
    let row = client
        .row_that(OURS, "its end is found out", |row| row.status.is_final())
        .await;
    assert_eq!(row.status, CallStatus::Completed);
}

#[tokio::test]
async fn an_answer_given_before_a_crash_connects_the_caller_after_it() {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    provider
        .sim
        .set_client(USER, PhoneScript::answers_after(Duration::from_millis(100)));
    let process = machine.start().await;
    let client = machine.client();
    client.register(USER, USERS_NUMBER).await;
    // The order to connect the caller never reaches the provider.
    provider
        .sim
        .fail_next_rest(RestTarget::Updates, RestFault::Lost, 1);
    let sid = provider
        .sim
        .place_call(CALLER, USERS_NUMBER)
        .await
        .expect("good numbers");
    let row = client
        .row_that(USER, "it rings", |row| row.status == CallStatus::Ringing)
        .await;
    let wanted = json!({"callId": row.call_id, "userId": USER, "deviceId": "phone"});
    let (status, text) = client.insist("/connect-call", &wanted).await;
    assert_eq!(status, 200, "{text}");
    process.kill();

    let _process = machine.start().await;
    let connected = |leg: &CallView| leg.bridged_with.is_some();
    let leg = provider
        .leg_that(&sid, "caller and user are connected", connected)
        .await;
    let other = provider.leg(&leg.bridged_with.expect("just seen"));
    assert_eq!(other.to, format!("client:{USER}"));
}
