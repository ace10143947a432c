use std::{fmt, future::Future, sync::Arc, time::Duration};

use redis::{PushInfo, PushKind, RedisResult};
use tokio::{
    sync::{Notify, watch},
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};
use voip_core::Result;

use super::{RedisUrl, connection::Connection, failure};

/// How a [`RedisLink`] behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisOptions {
    /// What every key and channel begins with, so that several programs can
    /// share a server. Default `voip:`.
    pub prefix: String,
    /// How long the answer to one command is waited for. Default 200 ms: far
    /// more than a server in order takes, and short enough to go on without.
    pub command_time: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "voip:".to_owned(),
            command_time: Duration::from_millis(200),
        }
    }
}

/// The connection to Redis that everything shares. Cheap to clone.
///
/// Connecting, and connecting again, goes on in the background for as long as
/// a clone lives. A command is tried once and waits
/// [`command_time`](RedisOptions::command_time) at most; from the first that
/// gets no answer until the server is there again all others fail at once, so
/// that an outage costs time once and not each time.
#[derive(Clone)]
pub struct RedisLink(Arc<Inner>);

struct Inner {
    url: RedisUrl,
    options: RedisOptions,
    shared: Arc<Shared>,
    keeper: AbortHandle,
}

/// What the link and its keeper share.
struct Shared {
    state: watch::Sender<State>,
    /// Told when the connection is to be looked at.
    doubt: Notify,
}

#[derive(Clone)]
enum State {
    Down,
    Up(Up),
}

/// A connection in order.
#[derive(Clone)]
pub(super) struct Up {
    connection: Connection,
    /// Counts the times it was found in order.
    turn: u64,
    /// Which life of the server it leads to.
    pub(super) life: Arc<str>,
    /// Since when; where it is the first connection, for ever.
    pub(super) since: Option<Instant>,
}

/// How long between two tries to connect.
const PAUSE: Duration = Duration::from_millis(250);

/// How often a connection in order is looked at: a server that is just silent
/// is known even if nobody asks it anything.
const LOOK: Duration = Duration::from_secs(1);

/// How long a connection may take to show that it is in order.
const SIGN_OF_LIFE: Duration = Duration::from_millis(500);

impl RedisLink {
    /// A link to the Redis at `url`. Returns at once, whether or not anything is
    /// there; must be called within a Tokio runtime.
    pub fn open(url: RedisUrl, options: RedisOptions) -> Self {
        let shared = Arc::new(Shared {
            state: watch::Sender::new(State::Down),
            doubt: Notify::new(),
        });
        let keeper = tokio::spawn(keep(url.clone(), Arc::clone(&shared)));
        Self(Arc::new(Inner {
            url,
            options,
            shared,
            keeper: keeper.abort_handle(),
        }))
    }

    /// Whether commands are being answered.
    pub fn is_up(&self) -> bool {
        matches!(*self.0.shared.state.borrow(), State::Up(_))
    }

    /// Returns once commands are being answered.
    pub async fn connected(&self) {
        self.up_again().await;
    }

    pub(super) fn url(&self) -> &RedisUrl {
        &self.0.url
    }

    /// `name` with the prefix.
    pub(super) fn key(&self, name: fmt::Arguments<'_>) -> String {
        format!("{}{name}", self.0.options.prefix)
    }

    /// The connection in order, if there is one.
    pub(super) fn up(&self) -> Option<Up> {
        match &*self.0.shared.state.borrow() {
            State::Up(up) => Some(up.clone()),
            State::Down => None,
        }
    }

    /// The connection, once it is in order.
    pub(super) async fn up_again(&self) -> Up {
        let mut state = self.0.shared.state.subscribe();
        loop {
            if let State::Up(up) = &*state.borrow_and_update() {
                return up.clone();
            }
            if state.changed().await.is_err() {
                // The sender is ours.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Does `work` on the connection.
    ///
    /// # Errors
    /// `Unavailable` at once while Redis is out of reach; `Timeout` when no
    /// answer came, and it may have happened or not.
    pub(super) async fn run<T, W>(&self, up: Up, work: impl FnOnce(Connection) -> W) -> Result<T>
    where
        W: Future<Output = RedisResult<T>>,
    {
        let turn = up.turn;
        let mut state = self.0.shared.state.subscribe();
        let lost = state.wait_for(|state| !matches!(state, State::Up(up) if up.turn == turn));
        let work = timeout(self.0.options.command_time, work(up.connection));
        let outcome = tokio::select! {
            biased;
            outcome = work => outcome,
            // Whoever waits on a connection that others have found dead.
            _ = lost => return Err(failure::unanswered()),
        };
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => {
                if failure::breaks(&error) {
                    self.0.shared.doubt(turn);
                }
                Err(failure::failed(&error))
            }
            Err(_) => {
                self.0.shared.doubt(turn);
                Err(failure::unanswered())
            }
        }
    }

    /// [`run`](Self::run) on the connection there is.
    pub(super) async fn run_now<T, W>(&self, work: impl FnOnce(Connection) -> W) -> Result<T>
    where
        W: Future<Output = RedisResult<T>>,
    {
        let up = self.up().ok_or_else(failure::out_of_reach)?;
        self.run(up, work).await
    }
}

impl Shared {
    fn is_up(&self, turn: u64) -> bool {
        matches!(&*self.state.borrow(), State::Up(up) if up.turn == turn)
    }

    /// Takes the connection of `turn` out of use until it was looked at.
    fn doubt(&self, turn: u64) {
        self.state.send_if_modified(|state| match state {
            State::Up(up) if up.turn == turn => {
                *state = State::Down;
                true
            }
            State::Up(_) | State::Down => false,
        });
        self.doubt.notify_one();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Keeps the link connected, for ever.
async fn keep(url: RedisUrl, shared: Arc<Shared>) {
    let (mut turn, mut tries, mut first, mut told) = (0, 0, true, false);
    loop {
        match open(&url, tries, &shared).await {
            Ok((connection, life)) => {
                tracing::info!("Redis is there");
                let since = (!first).then(Instant::now);
                (first, told) = (false, true);
                let up = Up {
                    connection,
                    turn,
                    life,
                    since,
                };
                turn = watch_over(&shared, up).await;
            }
            Err(error) if !told => {
                told = true;
                tracing::error!(%error, "Redis is out of reach; this node goes on without it");
            }
            Err(_) => {}
        }
        tries = tries.wrapping_add(1);
        sleep(PAUSE).await;
    }
}

async fn open(url: &RedisUrl, turn: usize, shared: &Arc<Shared>) -> Result<(Connection, Arc<str>)> {
    let doubter = Arc::downgrade(shared);
    let pushed = move |push: PushInfo| {
        if push.kind == PushKind::Disconnection
            && let Some(shared) = doubter.upgrade()
        {
            shared.doubt.notify_one();
        }
    };
    let opened = Connection::open(&url.0, turn, pushed).await;
    let mut connection = opened.map_err(|error| failure::failed(&error))?;
    let life = alive(connection.life()).await?;
    Ok((connection, Arc::from(life)))
}

/// Returns once the connection has failed, with the next turn.
async fn watch_over(shared: &Shared, mut up: Up) -> u64 {
    loop {
        up.turn += 1;
        shared.state.send_replace(State::Up(up.clone()));
        while shared.is_up(up.turn) {
            // Over in time or not: both ask for a look.
            let _ = timeout(LOOK, shared.doubt.notified()).await;
            if let Err(error) = alive(up.connection.ping()).await {
                tracing::error!(%error, "Redis is out of reach; this node goes on without it");
                shared.state.send_replace(State::Down);
                return up.turn;
            }
        }
        // It was doubted, for nothing.
    }
}

async fn alive<T>(sign: impl Future<Output = RedisResult<T>>) -> Result<T> {
    match timeout(SIGN_OF_LIFE, sign).await {
        Ok(Ok(sign)) => Ok(sign),
        Ok(Err(error)) => Err(failure::failed(&error)),
        Err(_) => Err(failure::unanswered()),
    }
}

impl fmt::Debug for RedisLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisLink")
            .field("url", &self.0.url)
            .field("up", &self.is_up())
            .finish_non_exhaustive()
    }
}
