//! A node that stops sends its clients elsewhere, and one that dies leaves
//! nobody in the dark.

use crate::{
    cluster::Cluster,
    database::{Kind, on_each_database},
    hearing::until_told,
    process::{CALLER, USER, USERS_NUMBER},
};

/// The server is going away, or restarts: come back, to another node.
const COME_BACK: [u16; 2] = [1001, 1012];

async fn a_node_that_stops_tells_its_clients_and_the_other_goes_on(on: Kind) {
    let Some(mut cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    let mut stays = cluster.device(0, USER).await;
    let mut goes = cluster.device(1, USER).await;
    cluster.nodes[1].process.terminate();
    let code = goes.closed().await;
    assert!(COME_BACK.contains(&code), "{code}");
    let status = cluster.nodes[1].process.ended().await;
    assert!(status.success(), "{status}");
    // Who said goodbye leaves no gap: the other's clients stay.
    let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
    until_told(&mut stays, "incoming_call").await;
    let leg = leg.expect("good numbers");
    cluster
        .provider
        .sim
        .hang_up(&leg)
        .await
        .expect("the caller is there");
    until_told(&mut stays, "call_status").await;
}

async fn clients_of_the_other_nodes_look_anew_when_a_node_dies(on: Kind) {
    let Some(mut cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    let mut device = cluster.device(0, USER).await;
    // The device's node has heard of the other when its news arrives.
    let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
    let leg = leg.expect("good numbers").to_string();
    until_told(&mut device, "incoming_call").await;
    cluster.status(1, &leg, "canceled").await;
    until_told(&mut device, "call_status").await;
    let dies = cluster.nodes.pop().expect("two nodes");
    dies.process.kill();
    // It may have saved what it told nobody.
    let code = device.closed().await;
    assert!([1012, 1013].contains(&code), "{code}");
    cluster.device(0, USER).await;
}

on_each_database! {
    a_node_that_stops_tells_its_clients_and_the_other_goes_on
    clients_of_the_other_nodes_look_anew_when_a_node_dies
}
