//! Redis absent at the start, killed and paused.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    cluster::Cluster,
    database::{Kind, on_each_database},
    hearing::until_told,
    process::{CALLER, USER, USERS_NUMBER, until},
};

/// How soon everything has to be in order again.
const HEALING: Duration = Duration::from_secs(3);

/// A device at each node hears of the next call.
async fn both_hear(cluster: &Cluster) {
    let mut devices = [cluster.device(0, USER).await, cluster.device(1, USER).await];
    let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
    let leg = leg.expect("good numbers");
    for device in &mut devices {
        until_told(device, "incoming_call").await;
    }
    cluster
        .provider
        .sim
        .hang_up(&leg)
        .await
        .expect("the caller is there");
    for device in &mut devices {
        until_told(device, "call_status").await;
    }
}

/// A device at the node that the provider calls hears of a call, and every
/// request is answered in time.
async fn the_node_works_alone(cluster: &Cluster) {
    let mut device = cluster.device(0, USER).await;
    let client = cluster.nodes[0].machine.client();
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
        let leg = leg.expect("good numbers").to_string();
        until_told(&mut device, "incoming_call").await;
        let began = Instant::now();
        cluster.status(0, &leg, "canceled").await;
        slowest = slowest.max(began.elapsed());
        until_told(&mut device, "call_status").await;
        let (status, text) = client
            .post("/start-call", &json!({"to": "+15550002222"}))
            .await
            .expect("the node is there");
        assert_eq!(status, 200, "{text}");
        assert!(client.log(USER).await.is_some());
    }
    assert!(
        slowest < Duration::from_secs(1),
        "a webhook took {slowest:?}"
    );
}

async fn nodes_start_and_work_without_redis_and_join_when_it_comes(on: Kind) {
    let Some(mut cluster) = Cluster::without_redis(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    assert_eq!(cluster.nodes[0].redis().await, "down");
    the_node_works_alone(&cluster).await;
    cluster.redis.start_again().await;
    let began = Instant::now();
    cluster.joined().await;
    assert!(began.elapsed() < HEALING, "{:?}", began.elapsed());
    both_hear(&cluster).await;
}

async fn an_outage_in_the_middle_is_no_error_and_heals(on: Kind) {
    let Some(mut cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    both_hear(&cluster).await;
    for paused in [true, false] {
        if paused {
            cluster.redis.pause();
        } else {
            cluster.redis.kill().await;
        }
        the_node_works_alone(&cluster).await;
        until("the node knows of it", HEALING, async || {
            (cluster.nodes[0].redis().await == "down").then_some(())
        })
        .await;
        if paused {
            cluster.redis.resume();
        } else {
            cluster.redis.start_again().await;
        }
        let began = Instant::now();
        cluster.joined().await;
        assert!(began.elapsed() < HEALING, "{:?}", began.elapsed());
        // Those that were connected are sent away to look at the present; who
        // connects now hears of everything.
        until(
            "nobody is sent away any more",
            Duration::from_secs(20),
            async || {
                let both = tokio::spawn({
                    let ports = [0, 1].map(|node: usize| cluster.nodes[node].machine.port());
                    async move {
                        for port in ports {
                            crate::process::Socket::register(port, USER).await;
                        }
                    }
                });
                both.await.ok()
            },
        )
        .await;
    }
    both_hear(&cluster).await;
}

on_each_database! {
    nodes_start_and_work_without_redis_and_join_when_it_comes
    an_outage_in_the_middle_is_no_error_and_heals
}
