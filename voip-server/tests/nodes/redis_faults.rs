//! Redis flushed, gone and paused, and nodes cut from it, with webhooks coming.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use voip_testkit::FlakyProxy;

use crate::{
    cluster::Cluster,
    database::{Database, Kind, on_each_database},
    hearing::until_told,
    process::{CALLER, Socket, USER, USERS_NUMBER, until},
};

/// What 99 of 100 webhooks may take while Redis is away.
const QUICK: Duration = Duration::from_millis(250);

/// How soon events have to flow across nodes again.
const HEALING: Duration = Duration::from_secs(3);

/// Twice as long again, for a machine that has a compiler to run besides.
const SLACK: u32 = 3;

/// Sends webhooks about calls that nobody knows to both nodes by turns, until it
/// is told to stop; returns how long each took. None may fail.
async fn webhooks(cluster: &Cluster, stop: CancellationToken) -> Vec<Duration> {
    let mut times = Vec::new();
    while !stop.is_cancelled() {
        let leg = format!("CA{}", Uuid::new_v4().simple());
        let fields = [
            ("CallSid", leg.as_str()),
            ("CallStatus", "ringing"),
            ("From", CALLER),
            ("To", USERS_NUMBER),
            ("Direction", "inbound"),
            ("AccountSid", crate::process::ACCOUNT),
        ];
        let began = Instant::now();
        let node = times.len() % 2;
        let answer = cluster
            .webhook(node, "/twilio-inbound", &fields)
            .send()
            .await;
        let answer = answer.expect("the node is there");
        assert_eq!(answer.status().as_u16(), 200);
        times.push(began.elapsed());
        // real time: one after the other, not as fast as can be.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times
}

/// Has Redis forget everything.
async fn flush(redis: SocketAddr) {
    let mut stream = TcpStream::connect(redis).await.expect("it is up");
    stream.write_all(b"FLUSHALL\r\n").await.expect("it is up");
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.expect("it answers");
    assert_eq!(&answer, b"+OK\r\n");
}

/// The time that 99 of 100 stay below.
fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100]
}

/// A device at each node, once nobody is sent away any more.
async fn devices(cluster: &Cluster) -> [Socket; 2] {
    [cluster.device(0, USER).await, cluster.device(1, USER).await]
}

/// How long it takes until what happens at one node is heard at the other. Who
/// is sent away to look at the present comes back.
async fn until_heard_across(cluster: &Cluster) -> Duration {
    let began = Instant::now();
    cluster.joined().await;
    let mut tries = 0;
    until(
        "a node hears what happens at the other",
        HEALING * SLACK,
        async || {
            let ports = [0, 1].map(|node: usize| cluster.nodes[node].machine.port());
            let sim = cluster.provider.clone().sim;
            // Another caller each time: a try that failed may have left a call.
            tries += 1;
            let caller = format!("+1415556{tries:04}");
            // In a task of its own: a socket that is closed on the way fails it.
            let hearing = async move {
                let mut there = Socket::register(ports[1], USER).await;
                let leg = sim.place_call(&caller, USERS_NUMBER).await;
                let ring = loop {
                    // Those of before are told too.
                    let ring = until_told(&mut there, "incoming_call").await;
                    if ring["from"] == caller.as_str() {
                        break ring;
                    }
                };
                sim.hang_up(&leg.expect("good numbers"))
                    .await
                    .expect("it is there");
                while until_told(&mut there, "call_status").await["callId"] != ring["callId"] {}
            };
            // real time: bounds a try, for an event before the healing is lost.
            let bounded = tokio::time::timeout(Duration::from_secs(1), hearing);
            let heard = tokio::spawn(bounded).await;
            matches!(heard, Ok(Ok(()))).then_some(())
        },
    )
    .await;
    began.elapsed()
}

async fn redis_may_be_flushed_killed_and_paused(on: Kind) {
    let Some(mut cluster) = Cluster::of_two(on).await else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;

    // Flushed: nothing was there that cannot be made anew.
    let mut devices = devices(&cluster).await;
    flush(cluster.redis.address()).await;
    let leg = cluster.provider.sim.place_call(CALLER, USERS_NUMBER).await;
    for device in &mut devices {
        until_told(device, "incoming_call").await;
    }
    cluster
        .status(1, leg.expect("good numbers").as_str(), "canceled")
        .await;
    for device in &mut devices {
        until_told(device, "call_status").await;
    }
    let node = cluster.nodes[0].machine.client();
    let log = node.log(USER).await.expect("the node is there");
    assert_eq!(log[0].status.as_str(), "canceled");
    drop(devices);

    for paused in [false, true] {
        let enough = CancellationToken::new();
        let redis = &mut cluster.redis;
        match paused {
            true => redis.pause(),
            false => redis.kill().await,
        }
        let waiting = async {
            // real time: this is the outage.
            tokio::time::sleep(Duration::from_secs(3)).await;
            enough.cancel();
        };
        let ((), times) = tokio::join!(waiting, webhooks(&cluster, enough.clone()));
        let (count, p99) = (times.len(), p99(times));
        assert!(p99 < QUICK * SLACK, "99 of 100 webhooks took {p99:?}");
        match paused {
            true => cluster.redis.resume(),
            false => cluster.redis.start_again().await,
        }
        let healed = until_heard_across(&cluster).await;
        println!("paused {paused}: {count} webhooks, p99 {p99:?}, healed in {healed:?}");
        assert!(healed < HEALING * SLACK, "{healed:?}");
    }
    for node in &cluster.nodes {
        assert!(!node.machine.log().contains("panicked"));
    }
}

async fn a_node_cut_from_redis_goes_on_alone_and_comes_back(on: Kind) {
    let Some(database) = Database::shared(on).await else {
        return;
    };
    let cluster = Cluster::with_a_way_of_its_own(database).await;
    let Some((cluster, way)) = cluster else {
        return;
    };
    cluster.nodes[0]
        .machine
        .client()
        .register(USER, USERS_NUMBER)
        .await;
    until_heard_across(&cluster).await;
    for swallowed in [true, false] {
        if swallowed {
            way.blackhole();
        } else {
            way.refuse().await;
            way.cut();
        }
        until(
            "the node knows of it",
            Duration::from_secs(20),
            async || (cluster.nodes[1].redis().await == "down").then_some(()),
        )
        .await;
        // What happens here is heard here, and is on record for all.
        let mut here = Socket::register(cluster.nodes[1].machine.port(), USER).await;
        let leg = format!("CA{}", Uuid::new_v4().simple());
        let fields = [
            ("CallSid", leg.as_str()),
            ("CallStatus", "ringing"),
            ("From", CALLER),
            ("To", USERS_NUMBER),
            ("Direction", "inbound"),
            ("AccountSid", crate::process::ACCOUNT),
        ];
        let answer = cluster.webhook(1, "/twilio-inbound", &fields).send().await;
        assert_eq!(answer.expect("the node is there").status().as_u16(), 200);
        let ring = until_told(&mut here, "incoming_call").await;
        let rows = cluster.nodes[0].machine.client().whole_log(USER).await;
        let rows = rows.expect("the node is there");
        assert!(
            rows.iter()
                .any(|row| ring["callId"] == row.call_id.as_str())
        );
        cluster.status(0, &leg, "canceled").await;

        way.heal().await;
        let healed = until_heard_across(&cluster).await;
        println!("swallowed {swallowed}: healed in {healed:?}");
        assert!(healed < HEALING * SLACK, "{healed:?}");
        // Whoever was cut off is sent away and learns how it stands.
        let code = here.closed().await;
        assert!([1012, 1013].contains(&code), "{code}");
    }
}

on_each_database! {
    redis_may_be_flushed_killed_and_paused
    a_node_cut_from_redis_goes_on_alone_and_comes_back
}

impl Cluster {
    /// Two servers, the second of which reaches Redis on a way that can be
    /// spoiled.
    async fn with_a_way_of_its_own(database: Database) -> Option<(Self, FlakyProxy)> {
        let redis = voip_testkit::servers::PrivateServer::redis().await?;
        let upstream: SocketAddr = redis.address();
        let way = FlakyProxy::before(upstream).await;
        let redis_url = redis.url();
        let url = way.instead_in(&redis_url);
        let cluster = Self::start_on(database, redis, false, &[], [redis_url, url]).await;
        cluster.joined().await;
        Some((cluster, way))
    }
}
