use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::Connection as _;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout, timeout_at},
};
use voip_core::ErrorKind;

use super::fault::{Class, Fault};

/// A connection that nobody used for so long is asked whether it still lives
/// before it is trusted: servers restart, and firewalls forget.
const TRUSTED: Duration = Duration::from_secs(1);

/// How long the answer may take.
const PING: Duration = Duration::from_secs(1);

/// What one kind of database does its own way.
pub trait Driver: Send + Sync + 'static {
    /// A connection to it.
    type Connection: sqlx::Connection + 'static;

    /// Opens a connection and makes it ready for our statements.
    fn open(&self) -> impl Future<Output = Result<Self::Connection, sqlx::Error>> + Send;

    /// What an error while connecting means.
    fn opening(&self, error: &sqlx::Error) -> Fault;

    /// What an error while reading or writing means.
    fn running(&self, error: &sqlx::Error) -> Fault;
}

/// A few connections, each opened when first needed, and a deadline on all that
/// is done with them.
///
/// The driver's own pool asks every connection after every use whether it still
/// lives; here that is asked only after a rest. A connection whose use was not
/// brought to its end is thrown away, so nobody waits for a server that does not
/// answer.
pub struct Connections<D: Driver> {
    driver: Arc<D>,
    shares: Arc<Semaphore>,
    idle: Arc<Mutex<Idle<D::Connection>>>,
    patience: Duration,
}

struct Idle<C> {
    /// The one used last is the last.
    resting: Vec<(C, Instant)>,
    /// Counts how often connections were lost: those opened before are not
    /// trusted any more.
    losses: u64,
    closed: bool,
}

impl<D: Driver> Connections<D> {
    /// At most `most` connections; whatever is done with one takes no longer
    /// than `patience`, waiting for it included.
    pub(crate) fn new(driver: Arc<D>, most: usize, patience: Duration) -> Self {
        Self {
            driver,
            shares: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))),
            idle: Arc::new(Mutex::new(Idle {
                resting: Vec::new(),
                losses: 0,
                closed: false,
            })),
            patience,
        }
    }

    /// A connection for one piece of work.
    pub(crate) async fn lease(&self) -> Result<Lease<D>, Fault> {
        self.lease_for(self.patience).await
    }

    /// A connection for one piece of work that may take so long.
    pub(crate) async fn lease_for(&self, patience: Duration) -> Result<Lease<D>, Fault> {
        let deadline = Instant::now() + patience;
        let share = timeout_at(deadline, Arc::clone(&self.shares).acquire_owned()).await;
        let share = share
            .map_err(|_| all_busy())?
            .map_err(|_closed| Fault::closed())?;
        let losses = self.idle().losses;
        let connection = match self.resting(deadline).await {
            Some(connection) => connection,
            None => self.opened(deadline).await?,
        };
        Ok(Lease {
            connection,
            driver: Arc::clone(&self.driver),
            idle: Arc::clone(&self.idle),
            losses,
            deadline,
            _share: share,
        })
    }

    /// A connection that is open already and lives.
    async fn resting(&self, deadline: Instant) -> Option<D::Connection> {
        loop {
            let (mut connection, since) = self.idle().resting.pop()?;
            if since.elapsed() < TRUSTED {
                return Some(connection);
            }
            let until = deadline.min(Instant::now() + PING);
            match timeout_at(until, connection.ping()).await {
                Ok(Ok(())) => return Some(connection),
                Ok(Err(_)) | Err(_) => self.idle().lose(),
            }
        }
    }

    async fn opened(&self, deadline: Instant) -> Result<D::Connection, Fault> {
        // Work may be long; opening a connection never is.
        let deadline = deadline.min(Instant::now() + self.patience);
        match timeout_at(deadline, self.driver.open()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(self.driver.opening(&error)),
            Err(_) => Err(Fault::new(
                ErrorKind::Unavailable,
                Class::NotDone,
                "the database does not answer: no connection in time",
            )),
        }
    }

    /// Closes all that rest; those in use close after it. Nothing is leased any
    /// more.
    pub(crate) async fn close(&self) {
        self.shares.close();
        let resting = {
            let mut idle = self.idle();
            idle.closed = true;
            std::mem::take(&mut idle.resting)
        };
        for (connection, _) in resting {
            // The server notices by itself where the farewell does not arrive.
            let _ = timeout(PING, connection.close()).await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Idle<D::Connection>> {
        lock(&self.idle)
    }
}

impl<C> Idle<C> {
    /// One connection was lost, so those that rest are not trusted either.
    fn lose(&mut self) {
        self.losses += 1;
        self.resting.clear();
    }
}

fn lock<C>(idle: &Mutex<Idle<C>>) -> MutexGuard<'_, Idle<C>> {
    // Nothing in here panics half-way through a change.
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection for one piece of work. Dropped before its [`end`](Self::end),
/// it takes the connection along.
pub(crate) struct Lease<D: Driver> {
    connection: D::Connection,
    driver: Arc<D>,
    idle: Arc<Mutex<Idle<D::Connection>>>,
    losses: u64,
    deadline: Instant,
    _share: OwnedSemaphorePermit,
}

/// When a piece of work has to be done.
#[derive(Clone, Copy)]
pub(crate) struct Clock(Instant);

/// Why a piece of work has come to nothing.
pub(crate) enum Stopped {
    /// The time is up.
    Late,
    /// The database or the way to it said no.
    Failed(sqlx::Error),
}

impl Clock {
    /// This time, or so long from now where that is sooner.
    pub(crate) fn at_most(self, time: Duration) -> Self {
        Self(self.0.min(Instant::now() + time))
    }

    /// Runs `work` until it is done or the time is up.
    pub(crate) async fn run<T>(
        self,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, Stopped> {
        match timeout_at(self.0, work).await {
            Ok(outcome) => outcome.map_err(Stopped::Failed),
            Err(_) => Err(Stopped::Late),
        }
    }
}

impl<D: Driver> Lease<D> {
    /// How long the work may take.
    pub(crate) fn clock(&self) -> Clock {
        Clock(self.deadline)
    }

    /// The connection.
    pub(crate) fn db(&mut self) -> &mut D::Connection {
        &mut self.connection
    }

    /// Gives the connection back where the work was done, and tells what the
    /// outcome means. No transaction may be open then: one that is only dropped
    /// is rolled back by the driver no sooner than the connection is used again.
    pub(crate) fn end<T>(self, outcome: Result<T, Stopped>) -> Result<T, Fault> {
        let outcome = match outcome {
            Ok(done) => Ok(done),
            Err(Stopped::Failed(error)) => Err(self.driver.running(&error)),
            // An answer that comes now would be taken for the next one's.
            Err(Stopped::Late) => return Err(Fault::late()),
        };
        let mut idle = lock(&self.idle);
        match &outcome {
            Ok(_) if !idle.closed && idle.losses == self.losses => {
                idle.resting.push((self.connection, Instant::now()));
            }
            Ok(_) => {}
            Err(fault) if fault.hangs_up => idle.lose(),
            // It may have a transaction open, which ends with it. Errors are
            // seldom enough for that.
            Err(_) => {}
        }
        drop(idle);
        outcome
    }

    /// The [`end`](Self::end) of a read.
    pub(crate) fn read<T>(self, outcome: Result<T, Stopped>) -> voip_core::Result<T> {
        self.end(outcome).map_err(|fault| fault.in_read())
    }

    /// The [`end`](Self::end) of a write.
    pub(crate) fn wrote<T>(self, outcome: Result<T, Stopped>) -> voip_core::Result<T> {
        self.end(outcome).map_err(|fault| fault.in_write())
    }
}

fn all_busy() -> Fault {
    Fault::new(
        ErrorKind::Unavailable,
        Class::NotDone,
        "all connections to the database are busy: it is too slow for the load",
    )
}
