//! Calls under way, and nodes that are killed again and again.

use std::{pin::pin, sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_core::{CallStatus, Timestamp};
use voip_sim::{
    faults::{Faults, RestFault},
    inspect::CallView,
};

use crate::{
    cluster::{Cluster, Node},
    database::{Database, Kind, on_each_database},
    process::{Acknowledged, CALLER, Client, Dice, Row, Seen, Storm, USER, USERS_NUMBER, until},
};

/// How many kills, and how many calls a second meanwhile.
struct Size {
    kills: u64,
    calls_a_second: u32,
}

const RING_TIME: Duration = Duration::from_secs(5);

/// How late a ring deadline may be applied.
const LATE: Duration = Duration::from_secs(2);

/// A few kills; or `NODES_KILLS` of them, with 50 calls a second.
#[allow(clippy::disallowed_methods)] // It is about the test, not about the server.
fn size() -> Size {
    match std::env::var("NODES_KILLS") {
        Ok(kills) => Size {
            kills: kills.parse().expect("NODES_KILLS is a number"),
            calls_a_second: 50,
        },
        Err(_) => Size {
            kills: 5,
            calls_a_second: 15,
        },
    }
}

/// Makes so many calls each second, numbered from `first`, until it is told to
/// stop, and returns what became of all.
pub(crate) async fn calls(
    storm: &Storm,
    a_second: u32,
    first: u64,
    dice: &Dice,
    stop: CancellationToken,
) -> Vec<Acknowledged> {
    let (mut calls, mut acknowledged) = (FuturesUnordered::new(), Vec::new());
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / a_second);
    for n in first.. {
        let next = async {
            tokio::select! {
                _ = ticks.tick() => true,
                () = stop.cancelled() => false,
            }
        };
        let mut next = pin!(next);
        let more = loop {
            tokio::select! {
                more = &mut next => break more,
                Some(call) = calls.next() => acknowledged.push(call),
            }
        };
        if !more {
            break;
        }
        calls.push(storm.call(n, dice.fork(n)));
    }
    acknowledged.extend(calls.collect::<Vec<_>>().await);
    acknowledged
}

/// Kills one of the nodes at a random moment, sometimes once more during its
/// start, and goes on so.
async fn kill(nodes: Vec<Node>, kills: u64, mut dice: Dice) -> Vec<Node> {
    let mut nodes = nodes;
    for _ in 0..kills {
        // real time: this is the random moment.
        tokio::time::sleep(dice.millis(100..1_500)).await;
        let place = usize::from(dice.within(0..2) == 1);
        let Node { machine, process } = nodes.swap_remove(place);
        process.kill();
        if dice.within(0..4) == 0 {
            let starting = machine.spawn();
            // real time: likewise.
            tokio::time::sleep(dice.millis(0..300)).await;
            starting.kill();
        }
        let process = machine.start().await;
        nodes.push(Node { machine, process });
    }
    nodes
}

/// How long after its time an incoming call counted as missed.
fn late(row: &Row) -> Duration {
    let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
    let ended = row.ended_at.as_deref().expect("it is over");
    let rang = at(ended).since(at(&row.started_at));
    assert!(rang >= RING_TIME, "it rang for {rang:?}: {row:?}");
    rang.checked_sub(RING_TIME).expect("not early")
}

async fn nothing_acknowledged_is_lost_when_nodes_are_killed(on: Kind) {
    let Some(database) = Database::shared(on).await else {
        return;
    };
    let settings = [("RING_TIME_SECONDS", "5"), ("OUTBOUND_TEXT", "Hello.")];
    let cluster = Cluster::behind_a_balancer(database, &settings).await;
    let Some(cluster) = cluster else { return };
    let seed = Uuid::new_v4().as_u64_pair().0;
    println!("seed {seed}");
    let (dice, size) = (Dice::new(seed), size());
    let balancer = cluster.balancer.expect("it was asked for");
    cluster.provider.sim.set_faults(Faults {
        repeat: 0.1,
        reorder: 0.1,
        reorder_within: Duration::from_millis(800),
        rest: 0.3,
        rest_fault: Some(RestFault::AnswerLate(Duration::from_millis(300))),
        ..Faults::default()
    });
    let client = Client::new(&balancer.base());
    client.register(USER, USERS_NUMBER).await;
    let storm = Storm::new(client, cluster.provider);

    let (stop, enough) = (CancellationToken::new(), CancellationToken::new());
    let watch = tokio::spawn(Arc::clone(&storm.witness).watch(stop.clone()));
    let killing = async {
        let nodes = kill(cluster.nodes, size.kills, dice.fork(u64::MAX)).await;
        enough.cancel();
        nodes
    };
    let calling = calls(&storm, size.calls_a_second, 0, &dice, enough.clone());
    let (nodes, acknowledged) = tokio::join!(killing, calling);

    let patience = Duration::from_secs(30);
    until(
        "every call is over, there and in the log",
        patience,
        async || {
            assert!(!watch.is_finished(), "the watch has seen something wrong");
            let over = |leg: CallView| leg.status.is_final();
            let settled = storm.provider.sim.calls().into_iter().all(over)
                && storm.witness.look().await
                && storm.witness.rows().iter().all(|row| row.status.is_final());
            settled.then_some(())
        },
    )
    .await;
    stop.cancel();
    watch.await.expect("the watch has seen nothing wrong");

    let seen = Seen::of(&storm.provider);
    for acknowledged in &acknowledged {
        storm.holds(acknowledged, &seen);
    }
    let rows = storm.witness.rows();
    let missed = rows
        .iter()
        .filter(|row| row.direction == "inbound" && row.status == CallStatus::NoAnswer);
    let latest = missed.clone().map(late).max().unwrap_or_default();
    println!(
        "{} calls, {} missed, the deadline at most {latest:?} late",
        rows.len(),
        missed.count(),
    );
    assert!(latest < LATE, "a deadline was applied {latest:?} late");
    let placed = |it: &&Acknowledged| matches!(it, Acknowledged::Placed { .. });
    assert!(
        acknowledged.iter().filter(placed).count() > 10,
        "calls go through"
    );
    for node in &nodes {
        let log = node.machine.log();
        assert!(!log.contains("panicked"), "the server never panics");
        for number in [USERS_NUMBER, CALLER] {
            assert!(!log.contains(&number[1..]), "no numbers in logs");
        }
    }
}

on_each_database! {
    nothing_acknowledged_is_lost_when_nodes_are_killed
}
