//! How many may come, how long they may stay, and how slow they may be.

use std::time::Duration;

use futures_util::{FutureExt, SinkExt};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use voip_sim::faults::{RestFault, RestTarget};

use crate::surface::{Client, Running, eventually, raw, within};
use crate::{ALICE, BUSY, RINGS};

/// Sockets of the system that belong to `server` and have a keep-alive timer.
#[cfg(target_os = "linux")]
fn watched(server: std::net::SocketAddr) -> usize {
    // proc(5): local address, remote address, state, queues, then the timer,
    // of which kind 2 is keep-alive. State 1 is established.
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the system's sockets");
    let port = format!(":{:04X}", server.port());
    let fields = table
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>());
    fields
        .filter(|line| line[1].ends_with(&port) && line[3] == "01" && line[5].starts_with("02:"))
        .count()
}

/// A device that says much and reads nothing, until neither gets through.
async fn deaf(running: &Running, user: &str) -> Client {
    let tcp = TcpSocket::new_v4().expect("a socket");
    tcp.set_recv_buffer_size(4 * 1024).expect("a small buffer");
    let server = running.server.addresses().socket;
    let tcp = tcp.connect(server).await.expect("a connection");
    let tcp = tokio_tungstenite::MaybeTlsStream::Plain(tcp);
    let (socket, _) = tokio_tungstenite::client_async(format!("ws://{server}/"), tcp)
        .await
        .expect("a WebSocket");
    let mut client = Client::from_inner(socket);
    client.register(user).await;
    let junk = Message::text("x".repeat(64));
    within("the server to be blocked", async {
        loop {
            // real time: a connection that takes nothing for so long is full.
            let sent = client.inner().send(junk.clone());
            if tokio::time::timeout(Duration::from_millis(500), sent)
                .await
                .is_err()
            {
                return;
            }
        }
    })
    .await;
    client
}

#[tokio::test]
async fn connections_over_the_limit_wait_and_are_served_once_there_is_room() {
    for places in ["1", "2"] {
        let running = Running::with([("MAX_CONNECTIONS", places)]).await;
        let mut open = vec![running.device("alice").await];
        let taken = match places {
            "1" => None,
            // No more sockets, but a client that has not said what it wants.
            _ => Some(TcpStream::connect(running.server.addresses().http).await),
        };
        let mut waiting = TcpStream::connect(running.server.addresses().http)
            .await
            .expect("a queue");
        let request = b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        waiting
            .write_all(request)
            .await
            .expect("the queue takes it");
        let mut answer = Box::pin(raw::read_answer(&mut waiting));
        // real time: nothing happens, and nothing else could be waited for.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(
            answer.as_mut().now_or_never().is_none(),
            "it was served with {places} open"
        );
        open.pop().expect("one that is open").close().await;
        assert_eq!(answer.await.expect("an answer").status, 200);
        drop(taken);
        // And the other port again.
        running.device("bob").await.close().await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_silent_connection_is_asked_whether_it_is_still_there() {
    let running = Running::start().await;
    let at = running.server.addresses().clone();
    assert_eq!((watched(at.socket), watched(at.http)), (0, 0));
    let device = running.device("alice").await;
    let web = Client::connect(&format!("ws://{}/ws", at.http)).await;
    // Other timers come first while data is on its way.
    eventually("the system to watch both", || async {
        ((watched(at.socket), watched(at.http)) == (1, 1)).then_some(())
    })
    .await;
    device.close().await;
    web.close().await;
}

#[tokio::test]
async fn sockets_leave_a_tenth_of_the_places_to_requests() {
    let running = Running::with([("MAX_CONNECTIONS", "10")]).await;
    let mut open = Vec::new();
    for _ in 0..9 {
        open.push(running.device("alice").await);
    }
    for address in [
        running.server.addresses().http,
        running.server.addresses().socket,
    ] {
        let request = "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
            sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        let answer = raw::exchange(address, request.as_bytes())
            .await
            .expect("an answer");
        assert_eq!(answer.error(), (503, "too_many_sockets".to_owned()));
        assert!(answer.header("retry-after").is_some());
    }
    // The provider, as well as everybody else, still gets through.
    assert_eq!(running.get("/healthz").await.status, 200);
    open.pop().expect("one that is open").close().await;
    let sockets = &running.server.app().sockets;
    eventually("its place to be free", || async {
        (sockets.len() == 8).then_some(())
    })
    .await;
    open.push(running.device("alice").await);
}

#[tokio::test]
async fn a_flood_of_headers_is_refused_and_a_long_one_is_read() {
    let running = Running::start().await;
    let http = running.server.addresses().http;
    let get = |headers: String| format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
    let fits = get(format!("x-long: {}\r\n", "x".repeat(16 * 1024)));
    assert_eq!(
        raw::exchange(http, fits.as_bytes())
            .await
            .expect("an answer")
            .status,
        200
    );
    for flood in [
        format!("x-long: {}\r\n", "x".repeat(64 * 1024)),
        "x-short: x\r\n".repeat(65),
        "x: x\r\n".repeat(20_000),
    ] {
        let answer = raw::exchange(http, get(flood).as_bytes()).await;
        // What is sent after the refusal may cost the client the answer.
        assert!(answer.is_none_or(|answer| answer.status == 431));
        assert_eq!(running.get("/healthz").await.status, 200);
    }
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_and_its_work_goes_on() {
    let running = Running::with([("REQUEST_TIMEOUT_SECONDS", "1")]).await;
    running.register("alice", ALICE).await;
    let simulator = running.server.simulator().expect("a simulator");
    let late = RestFault::AnswerLate(Duration::from_secs(2));
    simulator.fail_next_rest(RestTarget::Creates, late, 1);
    let answer = running
        .post("/start-call", json!({"to": RINGS, "from": ALICE}))
        .await;
    assert_eq!(answer.error(), (503, "timeout".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let placed = eventually("the call to be placed", || async {
        let log = running.log(ALICE).await;
        log.into_iter()
            .find(|entry| entry["twilio_sid"].is_string())
    });
    assert_eq!(placed.await["to_user"], RINGS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_sent_away_and_no_other() {
    let running = Running::with([("SPEND_GUARD", "off")]).await;
    running.register("alice", ALICE).await;
    let mut device = running.device("alice").await;
    let deaf = deaf(&running, "alice").await;
    let hub = &running.server.app().hub;
    assert_eq!(hub.len(), 2);
    // Three pieces of news a call, and 256 that may wait.
    let mut calls = 0;
    while hub.len() == 2 {
        let started = running
            .post("/start-call", json!({"to": BUSY, "from": ALICE}))
            .await;
        assert_eq!(started.status, 200, "{started:?}");
        calls += 1;
        assert!(calls <= 120, "it is still there");
        let news = device.until_status("busy").await;
        let id = started.text("callId");
        assert!(news.iter().all(|frame| frame["callId"] == id), "{news:?}");
        assert_eq!(news[0]["type"], "call_initiated");
    }
    assert_eq!(hub.len(), 1);
    assert!(device.flush().await.is_empty());
    drop(deaf);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_does_not_hold_up_a_stop() {
    let running = Running::start().await;
    let deaf = deaf(&running, "alice").await;
    let asked = std::time::Instant::now();
    within("the stop", running.server.stop()).await;
    // Less than the grace period, which is for those who still do something.
    assert!(
        asked.elapsed() < Duration::from_secs(9),
        "{:?}",
        asked.elapsed()
    );
    drop(deaf);
}

#[tokio::test]
async fn a_stop_has_one_grace_period_for_all_that_is_open() {
    let running = Running::with([("SHUTDOWN_GRACE_SECONDS", "2")]).await;
    let simulator = running.server.simulator().expect("a simulator");
    simulator.fail_next_rest(RestTarget::Creates, RestFault::NeverAnswer, 1);
    let mut device = running.device("alice").await;
    device
        .say(json!({"type": "initiate_call", "to": RINGS}))
        .await;
    assert_eq!(device.next().await["type"], "call_initiated");
    let mut open = TcpStream::connect(running.server.addresses().http)
        .await
        .expect("a connection");
    let half = b"POST /hangup HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
        content-length: 20\r\n\r\n{";
    open.write_all(half).await.expect("the server reads");
    // What was sent first has been taken in once this is answered.
    assert_eq!(running.get("/healthz").await.status, 200);
    let asked = std::time::Instant::now();
    within("the stop", running.server.stop()).await;
    let took = asked.elapsed();
    assert!(
        took >= Duration::from_millis(1900),
        "nothing was waited for: {took:?}"
    );
    assert!(took < Duration::from_millis(3800), "{took:?}");
    assert!(raw::read_answer(&mut open).await.is_none(), "it is closed");
}
