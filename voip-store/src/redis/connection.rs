use std::time::Duration;

use futures_util::{TryStreamExt as _, stream};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, Pipeline, ProtocolVersion, PushInfo,
    RedisError, RedisFuture, RedisResult, TlsMode, Value,
    aio::{ConnectionLike, MultiplexedConnection, PubSub},
    cluster::ClusterClientBuilder,
    cluster_async::ClusterConnection,
    sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType},
};
use tokio::time::timeout;

use super::url::{Sentinels, Target};

/// A connection that carries the commands of everybody at a time.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// How long connecting may take, finding out where to included.
const CONNECT_WITHIN: Duration = Duration::from_secs(1);

/// Longer than any command is waited for; that is the link's matter.
const DRIVER_PATIENCE: Duration = Duration::from_secs(5);

/// How many commands may wait to be written.
const WRITES: usize = 1024;

/// How many keys are removed from a cluster at a time.
const AT_ONCE: usize = 32;

impl Connection {
    /// Connects for commands. `turn` counts the tries, so that each begins with
    /// another host; `pushed` is told what the server says unasked.
    pub(super) async fn open(
        target: &Target,
        turn: usize,
        pushed: impl Fn(PushInfo) + Send + Sync + 'static,
    ) -> RedisResult<Self> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(DRIVER_PATIENCE))
            .set_pipeline_buffer_size(WRITES)
            .set_push_sender(move |push| {
                pushed(push);
                Ok::<(), std::convert::Infallible>(())
            });
        let open = async {
            match target {
                Target::Server(_) | Target::Sentinel(_) => {
                    let client = client(target, turn).await?;
                    let open = client.get_multiplexed_async_connection_with_config(&config);
                    Ok(Self::Server(open.await?))
                }
                Target::Cluster(servers) => {
                    let cluster = ClusterClientBuilder::new(turned(servers, turn))
                        .use_protocol(ProtocolVersion::RESP3)
                        .connection_timeout(CONNECT_WITHIN)
                        .response_timeout(DRIVER_PATIENCE)
                        .build()?;
                    Ok(Self::Cluster(cluster.get_async_connection().await?))
                }
            }
        };
        in_time(open).await
    }

    /// Whether the server answers.
    pub(super) async fn ping(&mut self) -> RedisResult<()> {
        redis::cmd("PING").exec_async(self).await
    }

    /// What tells this life of the server from its others: what it knew in one
    /// may be old in the next. A cluster has many lives at a time and gives
    /// nothing.
    pub(super) async fn life(&mut self) -> RedisResult<String> {
        let Self::Server(_) = self else {
            return Ok("cluster".to_owned());
        };
        let info: String = redis::cmd("INFO").arg("server").query_async(self).await?;
        let life = info.lines().find_map(|line| line.strip_prefix("run_id:"));
        // Servers that only speak like Redis may not say it.
        Ok(life
            .map_or("-", |life| life.get(..16).unwrap_or(life))
            .to_owned())
    }

    /// Removes many keys. In a cluster they lie in many places, so there each has
    /// a command of its own, many at a time.
    pub(super) async fn remove(&mut self, keys: &[String]) -> RedisResult<()> {
        match self {
            Self::Server(server) => redis::cmd("DEL").arg(keys).exec_async(server).await,
            Self::Cluster(cluster) => {
                let keys = stream::iter(keys.iter().map(Ok));
                keys.try_for_each_concurrent(AT_ONCE, |key| {
                    let mut cluster = cluster.clone();
                    async move { redis::cmd("DEL").arg(key).exec_async(&mut cluster).await }
                })
                .await
            }
        }
    }
}

/// Connects for listening.
pub(super) async fn listener(target: &Target, turn: usize) -> RedisResult<PubSub> {
    in_time(async { client(target, turn).await?.get_async_pubsub().await }).await
}

async fn in_time<T>(work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match timeout(CONNECT_WITHIN, work).await {
        Ok(done) => done,
        Err(_) => Err(RedisError::from(std::io::Error::from(
            std::io::ErrorKind::TimedOut,
        ))),
    }
}

/// The one server to speak to; any server of a cluster.
async fn client(target: &Target, turn: usize) -> RedisResult<Client> {
    match target {
        Target::Server(server) => Client::open(server.clone()),
        Target::Sentinel(sentinels) => sentinel(sentinels, turn)?.async_get_client().await,
        Target::Cluster(servers) => Client::open(servers[turn % servers.len()].clone()),
    }
}

fn sentinel(sentinels: &Sentinels, turn: usize) -> RedisResult<SentinelClient> {
    let server = sentinels.server.redis_settings();
    let asked = sentinels.at[0].redis_settings();
    let at = turned(&sentinels.at, turn);
    let at = at.iter().map(|sentinel| sentinel.addr().clone());
    let mut builder = SentinelClientBuilder::new(
        at.collect::<Vec<ConnectionAddr>>(),
        &sentinels.name,
        SentinelServerType::Master,
    )?
    .set_client_to_redis_protocol(ProtocolVersion::RESP3)
    .set_client_to_redis_db(server.db());
    if sentinels.encrypted {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(user) = server.username() {
        builder = builder.set_client_to_redis_username(user);
    }
    if let Some(password) = server.password() {
        builder = builder.set_client_to_redis_password(password);
    }
    if let Some(user) = asked.username() {
        builder = builder.set_client_to_sentinel_username(user);
    }
    if let Some(password) = asked.password() {
        builder = builder.set_client_to_sentinel_password(password);
    }
    builder.build()
}

/// `all`, beginning with another one each turn.
fn turned<T: Clone>(all: &[T], turn: usize) -> Vec<T> {
    let mut all = all.to_vec();
    let first = turn % all.len();
    all.rotate_left(first);
    all
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(server) => server.req_packed_command(command),
            Self::Cluster(cluster) => cluster.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(server) => server.req_packed_commands(pipeline, offset, count),
            Self::Cluster(cluster) => cluster.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(server) => server.get_db(),
            Self::Cluster(cluster) => cluster.get_db(),
        }
    }
}
