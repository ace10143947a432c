//! The database restarted and paused, with calls under way.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_sim::inspect::{DeliveryOutcome, WebhookView};
use voip_testkit::servers::PrivateServer;

use crate::{
    cluster::{Cluster, Node},
    database::{Database, Kind, on_each_database},
    killing::calls,
    process::{Acknowledged, Client, Dice, Seen, Storm, USER, USERS_NUMBER, until},
};

/// How soon storage has to be used again.
const BACK: Duration = Duration::from_secs(2);

/// How soon the logs have to say what the provider knows.
const TRUE_AGAIN: Duration = Duration::from_secs(10);

/// Twice as long again, for a machine that has a compiler to run besides.
const SLACK: u32 = 3;

/// How long a webhook may take.
const ANSWERED: Duration = Duration::from_secs(10);

/// What is done to the database.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Restarted,
    Paused,
}

impl Fault {
    /// Does it, and returns once it is over.
    async fn befall(self, server: &mut PrivateServer) {
        match self {
            Self::Restarted => {
                server.stop().await;
                // real time: calls go on meanwhile.
                tokio::time::sleep(Duration::from_millis(1_500)).await;
                server.start_again().await;
            }
            Self::Paused => {
                server.pause();
                // real time: longer than an operation waits for storage.
                tokio::time::sleep(Duration::from_secs(7)).await;
                server.resume();
            }
        }
    }
}

/// Waits until every node is ready again.
async fn ready(nodes: &[Node]) {
    for node in nodes {
        let client = node.machine.client();
        until("the node is ready", BACK * SLACK, async || {
            let answer = client.get("/readyz").await.ok()?;
            (answer.0 == 200).then_some(())
        })
        .await;
    }
}

/// Asks a node how it is, again and again; returns the longest time that an
/// answer took.
async fn slowest_webhook(cluster: &Cluster, stop: CancellationToken) -> Duration {
    let mut slowest = Duration::ZERO;
    while !stop.is_cancelled() {
        // Nobody knows this leg, which has to be put on record.
        let leg = format!("CA{}", Uuid::new_v4().simple());
        let fields = [
            ("CallSid", leg.as_str()),
            ("CallStatus", "canceled"),
            ("AccountSid", crate::process::ACCOUNT),
        ];
        let began = Instant::now();
        let answer = cluster.webhook(0, "/twilio-status", &fields).send().await;
        let status = answer.expect("the node is there").status().as_u16();
        assert!([200, 503].contains(&status), "{status}");
        slowest = slowest.max(began.elapsed());
        // real time: one after the other, not as fast as can be.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    slowest
}

/// Whether the log has every call that is over as the provider knows it.
async fn is_true(storm: &Storm, acknowledged: &[Acknowledged]) -> bool {
    let sids = acknowledged.iter().filter_map(|call| match call {
        // Who hangs up while it rings sees it canceled before it is.
        Acknowledged::Placed { sid, hung_up, .. } if !hung_up => Some(sid),
        _ => None,
    });
    storm.witness.look().await
        && storm.witness.rows().iter().all(|row| row.status.is_final())
        && sids.into_iter().all(|sid| {
            let leg = storm.provider.sim.calls().into_iter();
            let leg = leg.into_iter().find(|leg| leg.sid.as_str() == sid);
            let (row, leg) = (storm.witness.row_of(sid), leg.expect("the provider has it"));
            row.is_some_and(|row| row.status.as_str() == leg.status.as_str())
        })
}

async fn logs_are_true_soon_after_the_database_is_back(on: Kind) {
    let Some(database) = Database::private(on).await else {
        return;
    };
    let settings = [("RING_TIME_SECONDS", "5"), ("OUTBOUND_TEXT", "Hello.")];
    let cluster = Cluster::behind_a_balancer(database, &settings).await;
    let Some(mut cluster) = cluster else { return };
    let seed = Uuid::new_v4().as_u64_pair().0;
    println!("seed {seed}");
    let dice = Dice::new(seed);
    let mut server = cluster.database.server.take().expect("it is private");
    let base = cluster.balancer.as_ref().expect("it was asked for").base();
    let client = Client::new(&base);
    client.register(USER, USERS_NUMBER).await;
    let storm = Storm::new(client, cluster.provider.clone());
    let mut all = Vec::new();
    for (round, fault) in [Fault::Restarted, Fault::Paused].into_iter().enumerate() {
        let (stop, enough) = (CancellationToken::new(), CancellationToken::new());
        let watch = tokio::spawn(Arc::clone(&storm.witness).watch(stop.clone()));
        let befalling = async {
            // real time: some calls are under way.
            tokio::time::sleep(Duration::from_secs(1)).await;
            fault.befall(&mut server).await;
            enough.cancel();
            let began = Instant::now();
            ready(&cluster.nodes).await;
            let back = began.elapsed();
            assert!(back < BACK * SLACK, "{fault:?}: back after {back:?}");
            (began, back)
        };
        let numbers = dice.fork(round as u64);
        let calling = calls(&storm, 10, 1_000 * round as u64, &numbers, enough.clone());
        let asking = slowest_webhook(&cluster, enough.clone());
        let ((began, back), acknowledged, slowest) = tokio::join!(befalling, calling, asking);
        assert!(slowest < ANSWERED, "{fault:?}: a webhook took {slowest:?}");
        all.extend(acknowledged);
        let left = (TRUE_AGAIN * SLACK).saturating_sub(began.elapsed());
        until("the logs are true", left, async || {
            assert!(!watch.is_finished(), "the watch has seen something wrong");
            is_true(&storm, &all).await.then_some(())
        })
        .await;
        println!(
            "{fault:?}: ready {back:?} after it, true {:?} after it, the slowest webhook {slowest:?}",
            began.elapsed(),
        );
        stop.cancel();
        watch.await.expect("the watch has seen nothing wrong");
    }
    let lost = |webhook: &WebhookView| {
        matches!(
            webhook.outcome,
            DeliveryOutcome::Replied { status: 503, .. }
        )
    };
    let lost = storm
        .provider
        .sim
        .webhooks()
        .iter()
        .filter(|it| lost(it))
        .count();
    println!("{lost} webhooks were refused");
    let seen = Seen::of(&storm.provider);
    for acknowledged in &all {
        storm.holds(acknowledged, &seen);
    }
    join_all(cluster.nodes.iter().map(async |node| {
        assert!(!node.machine.log().contains("panicked"), "no node panics");
    }))
    .await;
}

on_each_database! {
    logs_are_true_soon_after_the_database_is_back
}
