//! Two devices of one user, at two nodes, answer at the same moment.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    cluster::Cluster,
    database::{Kind, on_each_database},
    hearing::until_told,
    process::{CALLER, Socket, USER, USERS_NUMBER},
};

/// How many calls come in: 100, or `NODES_CALLS`.
#[allow(clippy::disallowed_methods)] // It is about the test, not about the server.
fn calls() -> usize {
    let many = std::env::var("NODES_CALLS").ok();
    many.map_or(100, |many| many.parse().expect("a number"))
}

/// Answers as soon as the other does. Returns itself and whether it won, once
/// it has heard that the call was taken.
async fn answer(mut socket: Socket, call: String, both: Arc<Barrier>) -> (Socket, bool) {
    both.wait().await;
    socket
        .say(&json!({"type": "answer_call", "callId": call, "userId": USER}))
        .await;
    // The answer to this comes after the one to that.
    let nothing = Uuid::new_v4().to_string();
    socket
        .say(&json!({"type": "hangup", "callId": nothing}))
        .await;
    let (mut won, mut answered, mut taken) = (true, false, false);
    while !(answered && taken) {
        let frame: Value = socket.hear().await;
        match frame["type"].as_str().expect("frames have a type") {
            "error" if frame["callId"] == nothing.as_str() => answered = true,
            "error" => {
                assert_eq!(frame["code"], "answered_elsewhere", "{frame}");
                assert!(won, "it is told once: {frame}");
                won = false;
            }
            "call_status" if frame["callId"] == call.as_str() => {
                assert_eq!(frame["status"], "in-progress", "{frame}");
                assert!(!taken, "it is told once: {frame}");
                taken = true;
            }
            _ => panic!("nobody asked for {frame}"),
        }
    }
    (socket, won)
}

async fn exactly_one_of_two_devices_at_two_nodes_wins_every_call(on: Kind) {
    let Some(cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[1]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    let mut sockets = [cluster.device(0, USER).await, cluster.device(1, USER).await];
    let mut wins = [0; 2];
    for round in 0..calls() {
        let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
        let leg = leg.expect("good numbers");
        let [mut here, mut there] = sockets;
        let ring = until_told(&mut here, "incoming_call").await;
        assert_eq!(until_told(&mut there, "incoming_call").await, ring);
        let call = ring["callId"]
            .as_str()
            .expect("a call has a name")
            .to_owned();
        let both = Arc::new(Barrier::new(2));
        let here = tokio::spawn(answer(here, call.clone(), Arc::clone(&both)));
        let there = tokio::spawn(answer(there, call, both));
        let ((mut here, first), (mut there, second)) = (
            here.await.expect("no panic"),
            there.await.expect("no panic"),
        );
        assert!(first != second, "round {round}: {first} and {second}");
        wins[usize::from(second)] += 1;
        // The caller has had enough; whoever is told last is told.
        cluster
            .provider
            .sim
            .hang_up(&leg)
            .await
            .expect("the caller is there");
        for socket in [&mut here, &mut there] {
            while until_told(socket, "call_status").await["status"] == "in-progress" {}
        }
        sockets = [here, there];
    }
    println!(
        "won at the first node: {}, at the second: {}",
        wins[0], wins[1]
    );
    for node in &cluster.nodes {
        assert!(!node.machine.log().contains("panicked"));
    }
}

on_each_database! {
    exactly_one_of_two_devices_at_two_nodes_wins_every_call
}
