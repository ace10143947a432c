//! Devices that answer at the same moment, against a real server on SQLite.

mod process;

use std::{sync::Arc, time::Duration};

use process::{CALLER, Machine, Provider, Socket, USER, USERS_NUMBER};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;
use voip_core::CallStatus;
use voip_sim::{inspect::CallView, phone::PhoneScript};

const ROUNDS: usize = 25;

/// What a device is told that was too late.
const TOO_LATE: &str = "answered_elsewhere";

/// A device on a socket answers as soon as all do. Returns itself and whether
/// it won, once it has heard everything about that.
async fn by_socket(mut socket: Socket, call: String, all: Arc<Barrier>) -> (Socket, bool) {
    all.wait().await;
    socket
        .say(&json!({"type": "answer_call", "callId": call, "userId": USER}))
        .await;
    // The answer to this comes after the one to that.
    let nothing = Uuid::new_v4().to_string();
    socket
        .say(&json!({"type": "hangup", "callId": nothing}))
        .await;
    let (mut won, mut answered, mut taken) = (true, false, 0);
    while !answered || taken == 0 {
        let frame = socket.hear().await;
        match frame["type"].as_str().expect("frames have a type") {
            "error" if frame["callId"] == nothing.as_str() => answered = true,
            "error" => {
                assert_eq!(frame["code"], TOO_LATE, "{frame}");
                assert!(won && !answered, "it is told once: {frame}");
                won = false;
            }
            "call_status" => {
                assert_eq!(
                    (&frame["callId"], &frame["status"]),
                    (&json!(call), &json!("in-progress"))
                );
                taken += 1;
            }
            _ => panic!("nobody asked for {frame}"),
        }
    }
    assert_eq!(taken, 1, "every device hears once that it was taken");
    (socket, won)
}

/// A device over HTTP answers as soon as all do. Returns whether it won.
async fn by_http(client: process::Client, call: String, all: Arc<Barrier>) -> bool {
    all.wait().await;
    let wanted = json!({"callId": call, "userId": USER});
    let (status, text) = client
        .post("/connect-call", &wanted)
        .await
        .expect("the server is there");
    match status {
        200 => {
            assert!(text.contains("<Dial"), "the winner is connected: {text}");
            true
        }
        409 => {
            let told: Value = serde_json::from_str(&text).expect("errors are JSON");
            assert_eq!(told["code"], TOO_LATE, "{text}");
            false
        }
        _ => panic!("{status} {text}"),
    }
}

async fn until_told(socket: &mut Socket, kind: &str, status: Option<&str>) -> Value {
    loop {
        let frame = socket.hear().await;
        if frame["type"] == kind && status.is_none_or(|status| frame["status"] == status) {
            return frame;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_sockets_and_a_request_that_answer_at_once_exactly_one_wins_every_time() {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    provider
        .sim
        .set_client(USER, PhoneScript::answers_after(Duration::from_millis(50)));
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    let _process = machine.start().await;
    let client = machine.client();
    client.register(USER, USERS_NUMBER).await;
    let port = machine.port();
    let mut sockets = [
        Socket::register(port, USER).await,
        Socket::register(port, USER).await,
    ];
    let mut wins = [0; 3];
    for round in 0..ROUNDS {
        let sid = provider
            .sim
            .place_call(CALLER, USERS_NUMBER)
            .await
            .expect("good numbers");
        let [mut one, mut other] = sockets;
        let ring = until_told(&mut one, "incoming_call", None).await;
        assert_eq!(until_told(&mut other, "incoming_call", None).await, ring);
        let call = ring["callId"]
            .as_str()
            .expect("a call has a name")
            .to_owned();

        let all = Arc::new(Barrier::new(3));
        let requested = tokio::spawn(by_http(client.clone(), call.clone(), Arc::clone(&all)));
        let first = tokio::spawn(by_socket(one, call.clone(), Arc::clone(&all)));
        let second = tokio::spawn(by_socket(other, call.clone(), all));
        let (requested, first, second) = tokio::join!(requested, first, second);
        let ((mut one, first), (mut other, second)) =
            (first.expect("no panic"), second.expect("no panic"));
        let won = [requested.expect("no panic"), first, second];
        assert_eq!(
            won.iter().filter(|won| **won).count(),
            1,
            "round {round}: {won:?}"
        );
        for (wins, won) in wins.iter_mut().zip(won) {
            *wins += usize::from(won);
        }

        let connected = |leg: &CallView| leg.bridged_with.is_some();
        let leg = provider
            .leg_that(&sid, "caller and user are connected", connected)
            .await;
        let clients = provider.dialled_by(&sid);
        assert_eq!(clients.len(), 1, "one voice client is dialled, once");
        assert_eq!(Some(&clients[0].sid), leg.bridged_with.as_ref());
        assert_eq!(clients[0].to, format!("client:{USER}"));

        provider.sim.hang_up(&sid).await.expect("they talk");
        for socket in [&mut one, &mut other] {
            until_told(socket, "call_status", Some("completed")).await;
        }
        sockets = [one, other];
    }
    println!(
        "won by the request: {}, by the sockets: {} and {}",
        wins[0], wins[1], wins[2]
    );
    let rows = client.log(USER).await.expect("the server is there");
    assert_eq!(rows.len(), ROUNDS);
    assert!(rows.iter().all(|row| row.status == CallStatus::Completed));
    assert!(!machine.log().contains("panicked"));
}
