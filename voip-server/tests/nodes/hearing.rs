//! What comes to one node is heard at another.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    cluster::Cluster,
    database::{Kind, on_each_database},
    process::{CALLER, Socket, USER, USERS_NUMBER},
};

/// The next frame of this kind about this call.
pub(crate) async fn until_told(socket: &mut Socket, kind: &str) -> Value {
    loop {
        let frame = socket.hear().await;
        if frame["type"] == kind {
            return frame;
        }
    }
}

async fn a_webhook_at_one_node_reaches_the_sockets_of_the_other(on: Kind) {
    let Some(cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    let mut here = cluster.device(0, USER).await;
    let mut there = cluster.device(1, USER).await;
    let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
    let leg = leg.expect("good numbers").to_string();
    let ring = until_told(&mut there, "incoming_call").await;
    assert_eq!(until_told(&mut here, "incoming_call").await, ring);

    let port = cluster.nodes[1].machine.port();
    let url = format!("ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket");
    let (mut page, _) = tokio_tungstenite::connect_async(url)
        .await
        .expect("it upgrades");
    page.send(Message::text("40")).await.expect("it is open");
    // Whoever speaks before being let in is shown out.
    while !next(&mut page).await.starts_with("40") {}
    let join = json!(["join-call", { "callSid": leg }]);
    page.send(Message::text(format!("42{join}")))
        .await
        .expect("it is open");
    // The status it has is told on joining.
    while !next(&mut page).await.contains("ringing") {}

    cluster.status(0, &leg, "canceled").await;
    for socket in [&mut here, &mut there] {
        let told = until_told(socket, "call_status").await;
        assert!(
            ["canceled", "no-answer"].contains(&told["status"].as_str().expect("text")),
            "{told}"
        );
        assert_eq!(told["callId"], ring["callId"]);
    }
    let told = next(&mut page).await;
    assert!(told.starts_with("42") && told.contains(&leg), "{told}");
}

async fn next(
    page: &mut (
             impl futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>>
             + Unpin
         ),
) -> String {
    // real time: bounds the wait for another process.
    let message = tokio::time::timeout(std::time::Duration::from_secs(30), page.next()).await;
    let message = message
        .expect("in time")
        .expect("it is open")
        .expect("it is open");
    message.into_text().expect("text").to_string()
}

on_each_database! {
    a_webhook_at_one_node_reaches_the_sockets_of_the_other
}
