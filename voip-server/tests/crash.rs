//! What a server that is killed has acknowledged is not lost.

mod process;

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use process::{
    Acknowledged, CALLER, Dice, Machine, OURS, Process, Provider, Storm, USER, USERS_NUMBER, until,
};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{
    faults::{Faults, RestFault, RestTarget},
    inspect::{CallView, Status},
    phone::PhoneScript,
};

const CALLS: u64 = 200;
const KILLS: u64 = 15;

/// How long a ringing phone of the tests rings before it is answered: never,
/// as far as they are concerned.
const LONG: Duration = Duration::from_secs(300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_is_killed_again_and_again() {
    let seed = seed();
    println!("CRASH_SEED={seed}");
    let dice = Dice::new(seed);
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), seed).await;
    provider.sim.set_faults(Faults {
        repeat: 0.1,
        reorder: 0.1,
        reorder_within: Duration::from_millis(800),
        rest: 0.3,
        rest_fault: Some(RestFault::AnswerLate(Duration::from_millis(300))),
        ..Faults::default()
    });
    let machine = machine
        .set("TWILIO_API_BASE_URL", &provider.sim.base_url())
        .set("RING_TIME_SECONDS", "5")
        .set("OUTBOUND_TEXT", "Hello.");
    let process = machine.start().await;
    machine.client().register(USER, USERS_NUMBER).await;

    let storm = Storm::new(machine.client(), provider);
    let stop = CancellationToken::new();
    let watch = tokio::spawn(Arc::clone(&storm).watch(stop.clone()));
    let calls = (0..CALLS).map(async |n| {
        let mut dice = dice.fork(n);
        // real time: the calls are spread over the kills.
        tokio::time::sleep(dice.millis(0..20_000)).await;
        storm.call(n, dice).await
    });
    let kills = kill_and_restart(&machine, process, dice.fork(CALLS));
    let (process, acknowledged) = tokio::join!(kills, join_all(calls));

    let patience = Duration::from_secs(30);
    until(
        "every call is over, at the provider and in the log",
        patience,
        async || {
            assert!(!watch.is_finished(), "the watch has seen something wrong");
            let over = |leg: CallView| leg.status.is_final();
            let settled = storm.provider.sim.calls().into_iter().all(over)
                && storm.look().await
                && storm.rows().iter().all(|row| row.status.is_final());
            settled.then_some(())
        },
    )
    .await;
    stop.cancel();
    watch.await.expect("the watch has seen nothing wrong");
    drop(process);

    let placed = acknowledged
        .iter()
        .filter(|a| matches!(a, Acknowledged::Placed { .. }))
        .count();
    assert!(placed > 50, "most calls go through, but only {placed} did");
    for acknowledged in &acknowledged {
        holds(&storm, acknowledged);
    }
    let (answered, talked) = acknowledged
        .iter()
        .filter_map(|acknowledged| match acknowledged {
            Acknowledged::Inbound {
                sid,
                answered: true,
                ..
            } => Some(usize::from(storm.talked(sid))),
            Acknowledged::Inbound { .. }
            | Acknowledged::Placed { .. }
            | Acknowledged::NotPlaced { .. } => None,
        })
        .fold((0, 0), |(all, talked), one| (all + 1, talked + one));
    println!("{talked} of {answered} that were answered talked");
    assert!(
        talked > 0 || answered == 0,
        "somebody who answers does talk"
    );
    let log = machine.log();
    assert!(!log.contains("panicked"), "the server never panics");
    assert!(
        !log.contains(&USERS_NUMBER[1..]) && !log.contains(&CALLER[1..]),
        "no numbers in logs"
    );
}

/// Kills the server at random moments, some of them during its start.
async fn kill_and_restart(machine: &Machine, mut process: Process, mut dice: Dice) -> Process {
    for _ in 0..KILLS {
        // real time: this is the random moment.
        tokio::time::sleep(dice.millis(100..1_800)).await;
        process.kill();
        if dice.within(0..3) == 0 {
            let starting = machine.spawn();
            // real time: likewise.
            tokio::time::sleep(dice.millis(0..300)).await;
            starting.kill();
        }
        process = machine.start().await;
    }
    process
}

/// What was acknowledged of a call is what log and provider say.
fn holds(storm: &Storm, acknowledged: &Acknowledged) {
    match acknowledged {
        Acknowledged::Placed {
            call,
            to,
            sid,
            hung_up,
        } => {
            let row = storm
                .row(call)
                .expect("a call that was answered for is in the log");
            assert_eq!(row.twilio_sid.as_ref(), Some(sid), "{row:?}");
            let legs = storm.provider.dialled(to);
            assert_eq!(legs.len(), 1, "one call is placed once: {legs:?}");
            assert_eq!(legs[0].sid.as_str(), sid);
            if !hung_up {
                assert_eq!(row.status.as_str(), legs[0].status.as_str(), "{row:?}");
            }
        }
        Acknowledged::NotPlaced { call, to, willing } => {
            let row = storm
                .row(call)
                .expect("a call that was refused is in the log");
            assert_eq!(row.status, CallStatus::Failed, "{row:?}");
            let legs = storm.provider.dialled(to);
            assert_eq!(
                legs.len(),
                0,
                "a call said not to be placed is not placed: {legs:?}"
            );
            assert!(*willing || row.twilio_sid.is_none());
        }
        Acknowledged::Inbound {
            sid,
            answered,
            declined,
        } => {
            let Some(row) = storm.row_of(sid.as_str()) else {
                assert!(!answered && !declined, "an answer without a call");
                return;
            };
            assert!(
                !answered || row.status == CallStatus::Completed,
                "answered, but {row:?}"
            );
            assert!(
                *answered || row.status != CallStatus::Completed,
                "unanswered, but {row:?}"
            );
            let clients = storm.provider.dialled_by(sid);
            if !answered {
                assert_eq!(clients.len(), 0, "nobody answered, but {clients:?}");
                return;
            }
            // A caller who was to hear something while nobody was there to
            // say it has been cut off by the provider: that is on record there.
            let caller = storm.provider.leg(sid);
            assert!(
                storm.talked(sid) || !caller.alerts.is_empty(),
                "answered and not cut off, but they never talked: {caller:?} {clients:?}"
            );
        }
    }
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

/// A seed that is new each time, unless `CRASH_SEED` repeats an earlier one.
fn seed() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is configured by nothing else"
    )]
    match std::env::var("CRASH_SEED") {
        Ok(text) => text.parse().expect("CRASH_SEED is a number"),
        Err(_) => Uuid::new_v4().as_u64_pair().0,
    }
}
