use serde_json::{Value, json};

use crate::{
    RINGS, hang_up, start,
    surface::{Answer, Running},
};

const PATH: &str = "/socket.io/?EIO=4&transport=polling";

/// Opens a session; its address.
async fn open(running: &Running) -> String {
    let answer = running.get(PATH).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let open: Value = serde_json::from_str(&answer.body[1..]).unwrap();
    assert_eq!(&answer.body[..1], "0", "{answer:?}");
    assert_eq!(open["upgrades"], json!(["websocket"]));
    format!("{PATH}&sid={}", open["sid"].as_str().unwrap())
}

async fn say(running: &Running, session: &str, packets: &str) -> Answer {
    let request = running.http.post(running.url(session));
    running.send(request.body(packets.to_owned())).await
}

/// Whether an answer says that the client is connected; a ping may come with it.
fn is_welcome(answer: &Answer) -> bool {
    answer
        .body
        .split('\u{1e}')
        .any(|packet| packet.starts_with("40{"))
}

#[tokio::test]
async fn statuses_come_by_polling() {
    let running = Running::start().await;
    let (call, sid) = start(&running, RINGS).await;
    let session = open(&running).await;
    assert_eq!(say(&running, &session, "40").await.body, "ok");
    let welcome = running.get(&session).await;
    assert!(is_welcome(&welcome), "{welcome:?}");
    let join = format!("42[\"join-call\",{{\"callSid\":\"{sid}\"}}]");
    // Several packets in one request.
    let join = format!("{join}\u{1e}42[\"what\"]");
    assert_eq!(say(&running, &session, &join).await.body, "ok");
    hang_up(&running, &call).await;
    let mut heard = String::new();
    while !heard.contains("canceled") {
        let answer = running.get(&session).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
        heard.push_str(&answer.body);
        heard.push('\u{1e}');
    }
    // A ping may come in between.
    let first = heard.split('\u{1e}').find(|packet| *packet != "2").unwrap();
    assert!(first.starts_with("42[\"call-status\",{"), "{heard}");
    // The client says goodbye, and is gone.
    assert_eq!(say(&running, &session, "1").await.body, "ok");
    assert_eq!(running.get(&session).await.status, 400);
}

#[tokio::test]
async fn what_is_no_session_is_told_so() {
    let running = Running::start().await;
    for query in [
        "",
        "?",
        "?EIO=4",
        "?transport=polling",
        "?EIO=3&transport=polling",
        "?EIO=5&transport=polling",
        "?EIO=4&transport=carrier-pigeon",
        "?EIO=4&transport=polling&sid=",
        "?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAA",
        "?EIO=4&transport=polling&sid=../../etc/passwd",
        "?EIO=%34&transport=polling",
    ] {
        let answer = running.get(&format!("/socket.io/{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
        let answer = say(&running, &format!("/socket.io/{query}"), "40").await;
        assert_eq!(answer.status, 400, "{query}: {answer:?}");
    }
    let answer = running.get("/socket.io/?EIO=4&transport=websocket").await;
    assert_eq!(answer.status, 426, "{answer:?}");
    let answer = say(&running, PATH, "40").await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(running.server.app().hub.legs().sessions(), 0);
}

#[tokio::test]
async fn bad_packets_end_the_session_and_nothing_else() {
    let running = Running::start().await;
    let other = open(&running).await;
    assert_eq!(say(&running, &other, "40").await.status, 200);
    let huge = "4".repeat(100_000);
    for packets in ["x", "4\u{1e}x", "\u{1e}", "5", &huge] {
        let session = open(&running).await;
        assert_eq!(say(&running, &session, "40").await.status, 200);
        let answer = say(&running, &session, packets).await;
        assert!(
            (400..500).contains(&answer.status),
            "{packets:.20}: {answer:?}"
        );
    }
    let welcome = running.get(&other).await;
    assert!(is_welcome(&welcome), "{welcome:?}");
}
