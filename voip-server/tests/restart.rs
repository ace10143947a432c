//! What goes on across a restart of the server, asked for or not.

mod process;

use std::time::{Duration, Instant};

use process::{CALLER, Machine, OURS, Provider, Socket, USER, USERS_NUMBER, until};
use serde_json::{Value, json};
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{
    faults::{RestFault, RestTarget},
    inspect::{CallView, Status},
    phone::PhoneScript,
    sid::CallSid,
};

/// What a caller hears when nobody answers.
const UNAVAILABLE: &str = "Nobody is there.";

/// RFC 6455's registry: the server restarts, and clients should come back.
const SERVICE_RESTART: u16 = 1012;

#[tokio::test]
async fn a_ring_deadline_survives_a_kill_and_fires_once() {
    let (machine, provider) = ringing_for_5_s().await;
    let process = machine.start().await;
    let (sid, call) = ring(&machine, &provider).await;
    process.kill();

    let _process = machine.start().await;
    let mut socket = Socket::register(machine.port(), USER).await;
    let rings = json!({
        "type": "incoming_call", "from": CALLER, "to": USERS_NUMBER, "callId": call,
    });
    assert_eq!(socket.hear().await, rings);
    // real time: the deadline comes when it comes.
    let over = json!({"type": "call_status", "callId": call, "status": "no-answer"});
    assert_eq!(socket.hear().await, over);

    let leg = turned_away(&provider, &sid).await;
    assert_eq!(times_said(&leg, UNAVAILABLE), 1);
    assert_eq!(
        socket.hear_all().await,
        [] as [Value; 0],
        "the deadline fires once"
    );
    let rows = machine
        .client()
        .log(USER)
        .await
        .expect("the server answers");
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].status, CallStatus::NoAnswer);
    assert_eq!(rows[0].twilio_sid.as_deref(), Some(sid.as_str()));
}

#[tokio::test]
async fn a_ring_deadline_that_came_while_the_server_was_down_fires_at_its_start() {
    let (machine, provider) = ringing_for_5_s().await;
    let process = machine.start().await;
    let began = Instant::now();
    let (sid, _) = ring(&machine, &provider).await;
    process.kill();
    // real time: nothing runs that could be asked for the time.
    tokio::time::sleep(Duration::from_millis(5_500).saturating_sub(began.elapsed())).await;

    let _process = machine.start().await;
    let missed = |row: &process::Row| row.status == CallStatus::NoAnswer;
    let row = machine
        .client()
        .row_that(USER, "the call is missed", missed)
        .await;
    assert_eq!(row.twilio_sid.as_deref(), Some(sid.as_str()));
    let leg = turned_away(&provider, &sid).await;
    assert_eq!(times_said(&leg, UNAVAILABLE), 1);
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_flight_and_sends_clients_away_politely() {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    let number = "+12125550110";
    provider.sim.set_phone(number, PhoneScript::no_answer());
    let slow = RestFault::AnswerLate(Duration::from_millis(1_500));
    provider.sim.fail_next_rest(RestTarget::Creates, slow, 1);
    let mut process = machine.start().await;
    let mut socket = Socket::register(machine.port(), USER).await;

    let (client, call) = (machine.client(), Uuid::new_v4().to_string());
    let wanted = json!({"to": number, "callId": call});
    let asked = tokio::spawn(async move { client.post("/start-call", &wanted).await });
    let leg = provider.accepted(number).await;
    process.terminate();
    let told = Instant::now();
    assert_eq!(socket.closed().await, SERVICE_RESTART);
    assert!(
        !asked.is_finished(),
        "the request was in flight all the while"
    );
    let (status, text) = asked
        .await
        .expect("no panic")
        .expect("the request is answered");
    assert_eq!(status, 200, "{text}");
    let answer: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["sid"], leg.sid.as_str());
    let exit = process.ended().await;
    assert_eq!(exit.code(), Some(0), "{}", machine.log());
    // The default of SHUTDOWN_GRACE_SECONDS.
    assert!(
        told.elapsed() < Duration::from_secs(10),
        "within the grace time"
    );

    let _process = machine.start().await;
    let row = machine
        .client()
        .row_that(OURS, "the row", |row| row.call_id == call)
        .await;
    assert_eq!(row.twilio_sid.as_deref(), Some(leg.sid.as_str()));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_clients_that_say_nothing() {
    let machine = Machine::bare()
        .set("SIM_PORT", "0")
        .set("SHUTDOWN_GRACE_SECONDS", "60");
    let mut process = machine.start().await;
    // A connection that was never used, one that waits for its next request,
    // and a socket that only listens.
    let address = ("127.0.0.1", machine.port());
    let unused = tokio::net::TcpStream::connect(address)
        .await
        .expect("somebody listens");
    let client = machine.client();
    assert!(matches!(client.get("/healthz").await, Ok((200, _))));
    let mut socket = Socket::register(machine.port(), USER).await;
    process.terminate();
    assert_eq!(socket.closed().await, SERVICE_RESTART);
    let exit = process.ended().await;
    assert_eq!(exit.code(), Some(0), "{}", machine.log());
    drop((unused, client, socket));
}

/// A server whose inbound calls ring for five seconds.
async fn ringing_for_5_s() -> (Machine, Provider) {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    let machine = machine
        .set("TWILIO_API_BASE_URL", &provider.sim.base_url())
        .set("RING_TIME_SECONDS", "5")
        .set("UNAVAILABLE_TEXT", UNAVAILABLE);
    (machine, provider)
}

/// Has somebody call the user; returns the provider's leg and our call.
async fn ring(machine: &Machine, provider: &Provider) -> (CallSid, String) {
    let client = machine.client();
    client.register(USER, USERS_NUMBER).await;
    let sid = provider
        .sim
        .place_call(CALLER, USERS_NUMBER)
        .await
        .expect("good numbers");
    let rings = |row: &process::Row| row.status == CallStatus::Ringing;
    let row = client.row_that(USER, "the call rings", rings).await;
    // The caller has been told to hold the line, so nothing of theirs is lost.
    until(
        "the caller hears something",
        Duration::from_secs(10),
        async || (!provider.leg(&sid).heard.is_empty()).then_some(()),
    )
    .await;
    (sid, row.call_id)
}

/// Waits until a caller has been told that nobody is there.
async fn turned_away(provider: &Provider, sid: &CallSid) -> CallView {
    let over = |leg: &CallView| leg.status == Status::Completed;
    provider
        .leg_that(sid, "the caller's leg has ended", over)
        .await
}

fn times_said(leg: &CallView, text: &str) -> usize {
    leg.said().into_iter().filter(|said| *said == text).count()
}
