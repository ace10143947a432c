use std::time::Duration;

use futures_util::future::join_all;
use reqwest::RequestBuilder;
use serde_json::Value;
use voip_testkit::servers::PrivateServer;
use voip_twilio::signature;

use crate::{
    balancer::Balancer,
    database::{Database, Kind},
    process::{AUTH_TOKEN, Machine, Process, Provider, Socket, until},
};

/// As many servers as asked for, with what they share.
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Node>,
    pub(crate) redis: PrivateServer,
    pub(crate) provider: Provider,
    /// The address that the provider knows.
    public: String,
    http: reqwest::Client,
    pub(crate) balancer: Option<Balancer>,
    pub(crate) database: Database,
}

/// One server.
pub(crate) struct Node {
    pub(crate) machine: Machine,
    pub(crate) process: Process,
}

impl Cluster {
    /// Two servers that hear each other. `None`: leave the test out.
    pub(crate) async fn of_two(on: Kind) -> Option<Self> {
        Self::of_two_with(on, &[]).await
    }

    /// The same, with these settings besides.
    pub(crate) async fn of_two_with(on: Kind, settings: &[(&'static str, &str)]) -> Option<Self> {
        let database = Database::shared(on).await?;
        let cluster = Self::start(database, true, false, settings).await?;
        cluster.joined().await;
        Some(cluster)
    }

    /// Two servers behind a balancer that sends each connection to one of them,
    /// on this database.
    pub(crate) async fn behind_a_balancer(
        database: Database,
        settings: &[(&'static str, &str)],
    ) -> Option<Self> {
        let cluster = Self::start(database, true, true, settings).await?;
        cluster.joined().await;
        Some(cluster)
    }

    /// Two servers that find no Redis when they start.
    pub(crate) async fn without_redis(on: Kind) -> Option<Self> {
        Self::start(Database::shared(on).await?, false, false, &[]).await
    }

    async fn start(
        database: Database,
        with_redis: bool,
        balanced: bool,
        settings: &[(&'static str, &str)],
    ) -> Option<Self> {
        let mut redis = PrivateServer::redis().await?;
        if !with_redis {
            redis.stop().await;
        }
        let ways = [redis.url(), redis.url()];
        Some(Self::start_on(database, redis, balanced, settings, ways).await)
    }

    /// Two servers, each of which looks for Redis at an address of its own.
    pub(crate) async fn start_on(
        database: Database,
        redis: PrivateServer,
        balanced: bool,
        settings: &[(&'static str, &str)],
        ways: [String; 2],
    ) -> Self {
        let machines = [Machine::for_twilio(), Machine::for_twilio()];
        // The provider knows one address; what comes there may be any node's.
        let balancer = match balanced {
            true => Some(Balancer::before(machines.iter().map(Machine::port).collect()).await),
            false => None,
        };
        let public = match &balancer {
            Some(balancer) => balancer.base(),
            None => machines[0].base(),
        };
        let provider = Provider::start(&public, 1).await;
        let (api, database_url) = (provider.sim.base_url(), database.url().to_owned());
        let nodes = machines.into_iter().zip(ways).map(|(machine, way)| {
            let more =
                |machine: Machine, (name, value): &(&'static str, &str)| machine.set(name, value);
            settings
                .iter()
                .fold(machine, more)
                .set("TWILIO_API_BASE_URL", &api)
                .set("PUBLIC_URL", &public)
                .set("DATABASE_URL", &database_url)
                .set("REDIS_URL", &way)
        });
        // At once: both bring the database into its form.
        let nodes = join_all(nodes.map(async |machine| {
            let process = machine.start().await;
            Node { machine, process }
        }));
        let http = reqwest::Client::builder().no_proxy().build();
        Self {
            nodes: nodes.await,
            redis,
            provider,
            public,
            http: http.expect("a client without special wishes"),
            balancer,
            database,
        }
    }

    /// Waits until every node reaches Redis and hears the others.
    pub(crate) async fn joined(&self) {
        for node in &self.nodes {
            until(
                "the node hears the others",
                Duration::from_secs(20),
                async || (node.redis().await == "up").then_some(()),
            )
            .await;
        }
    }

    /// A device of `user` at a node.
    pub(crate) async fn device(&self, node: usize, user: &str) -> Socket {
        Socket::register(self.nodes[node].machine.port(), user).await
    }

    /// A request of the provider that comes to a node.
    pub(crate) fn webhook(
        &self,
        node: usize,
        path: &str,
        fields: &[(&str, &str)],
    ) -> RequestBuilder {
        let owned: Vec<(String, String)> = fields
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        // It is signed for the public address, wherever it comes.
        let signed = format!("{}{path}", self.public);
        let signature = signature::sign(AUTH_TOKEN, &signed, &owned);
        let base = self.nodes[node].machine.base();
        self.http
            .post(format!("{base}{path}"))
            .header(signature::HEADER, signature)
            .form(&owned)
    }

    /// Has a node told how a leg fares.
    pub(crate) async fn status(&self, node: usize, leg: &str, status: &str) {
        let fields = [
            ("CallSid", leg),
            ("CallStatus", status),
            ("AccountSid", crate::process::ACCOUNT),
        ];
        let answer = self.webhook(node, "/twilio-status", &fields).send().await;
        let answer = answer.expect("the node is there");
        assert_eq!(answer.status().as_u16(), 200);
    }
}

impl Node {
    /// What `/readyz` says of Redis.
    pub(crate) async fn redis(&self) -> String {
        let (status, text) = self
            .machine
            .client()
            .get("/readyz")
            .await
            .expect("the node is there");
        assert_eq!(status, 200, "{text}");
        let told: Value = serde_json::from_str(&text).expect("JSON");
        told["redis"].as_str().expect("Redis is set").to_owned()
    }
}
