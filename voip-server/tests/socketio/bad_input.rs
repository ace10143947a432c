use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    RINGS,
    client::IoClient,
    hang_up, nothing, start,
    surface::{Running, eventually},
};

#[tokio::test]
async fn what_names_no_live_call_is_answered_all_the_same() {
    let running = Running::start().await;
    let mut client = IoClient::connect(&running).await;
    let long = "A".repeat(10_000);
    for data in [
        json!({ "callSid": "CA0000000000000000000000000000dead" }),
        json!({ "callSid": "CA1" }),
        json!({ "callSid": "XX0000000000000000000000000000dead" }),
        json!({ "callSid": "CA0000000000000000000000000000dea'" }),
        json!({ "callSid": "CA0000000000000000000000000000de\u{00e4}" }),
        json!({ "callSid": "" }),
        json!({ "callSid": long }),
        json!({ "callSid": null }),
        json!({ "callSid": 7 }),
        json!({ "callSid": { "callSid": "CA1" } }),
        json!({ "sid": "CA0000000000000000000000000000dead" }),
        json!({}),
        json!([]),
        json!("CA0000000000000000000000000000dead"),
        json!(7),
        Value::Null,
    ] {
        for event in ["join-call", "leave-call"] {
            let (told, answer) = client.ask(event, &data).await;
            assert_eq!((told.len(), answer), (0, nothing()), "{event} {data}");
        }
    }
}

#[tokio::test]
async fn nothing_a_client_sends_disturbs_the_others() {
    let running = Running::start().await;
    let (call, sid) = start(&running, RINGS).await;
    let mut decent = IoClient::connect(&running).await;
    decent.join(&sid).await;
    let huge = format!("42[\"join-call\",\"{}\"]", "x".repeat(20_000));
    let deep = format!(
        "42[\"join-call\",{}1{}]",
        "[".repeat(3000),
        "]".repeat(3000)
    );
    for packet in [
        "",
        "9",
        "x",
        "0",
        "1",
        "2",
        "3",
        "5",
        "6",
        "2probe",
        "4",
        "40",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "47",
        "49",
        "40/admin,",
        "42/admin,[\"join-call\"]",
        "42[]",
        "42[",
        "42{}",
        "42null",
        "42[1]",
        "42[null]",
        "42[\"\"]",
        "42[\"join-call\"]",
        "421[\"join-call\"]",
        "42[\"join-call\",{\"callSid\":",
        "42[\"call-status\",{}]",
        "42[\"disconnect\"]",
        "42[\"connect\"]",
        "42[\"__proto__\",{\"callSid\":1}]",
        "4299999999999999999999[\"join-call\"]",
        "42-1[\"join-call\"]",
        "431[]",
        "43[]",
        "4399999999999999999999[]",
        "44{}",
        "451-[\"join-call\",{\"_placeholder\":true,\"num\":0}]",
        "45999999999-[\"join-call\",{\"_placeholder\":true,\"num\":0}]",
        "4518446744073709551616-[\"x\"]",
        "45-[\"x\"]",
        "461-1[{}]",
        "40{\"token\":",
        "40[",
        "bAAAA",
        "b!",
        "\u{1e}",
        "\u{0}",
        "4\u{1e}4",
        &huge,
        &deep,
    ] {
        // Before the handshake, and after it.
        let mut stranger = IoClient::open(&running, None).await;
        stranger.send(packet).await;
        stranger.close().await;
        let mut guest = IoClient::connect(&running).await;
        guest.send(packet).await;
        guest
            .send_message(Message::binary(packet.as_bytes().to_vec()))
            .await;
        guest.send_message(Message::binary(vec![0xff; 64])).await;
        guest.close().await;
        assert!(decent.flush().await.len() <= 1, "after {packet:.60}");
    }
    let answer = running.get("/healthz").await;
    assert_eq!(answer.status, 200);
    hang_up(&running, &call).await;
    while decent.status().await["callStatus"] != "canceled" {}
    // Nothing of those who are gone is kept.
    eventually("the sessions to end", || async {
        (running.server.app().hub.legs().sessions() == 1).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_message_over_the_limit_ends_its_connection() {
    let running = Running::start().await;
    let mut client = IoClient::connect(&running).await;
    client
        .send(&format!("42[\"x\",\"{}\"]", "x".repeat(17_000)))
        .await;
    assert_eq!(client.packet().await, None);
    // So do more attachments than there is use for.
    let mut client = IoClient::connect(&running).await;
    client
        .send("452-[\"x\",{\"_placeholder\":true,\"num\":0}]")
        .await;
    client.send_message(Message::binary(vec![0; 16])).await;
    client.send_message(Message::binary(vec![0; 16])).await;
    while client.packet().await.is_some() {}
}

#[tokio::test]
async fn as_many_sessions_as_may_be_and_no_more() {
    let running = Running::with([("MAX_CONNECTIONS", "4")]).await;
    let first = IoClient::connect(&running).await;
    // Polling sessions are open between requests, too. One place is the desk's.
    let path = "/socket.io/?EIO=4&transport=polling";
    assert_eq!(running.get(path).await.status, 200);
    let full = running.get(path).await;
    assert_eq!(full.status, 503, "{full:?}");
    assert_eq!(full.json()["code"], "too_many_sockets");
    assert!(full.header("retry-after").is_some());
    let answer = running.get("/healthz").await;
    assert_eq!(answer.status, 200, "requests still find a place");
    first.close().await;
    eventually("room", || async {
        (running.get(path).await.status == 200).then_some(())
    })
    .await;
}
