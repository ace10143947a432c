//! The one thread that writes.
//!
//! Writes queue up; the thread takes all that wait, up to [`BATCH`], and runs
//! them in one transaction. A flush of the disk is what a durable write costs,
//! so many writes share one, and none is answered before it is done.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{
    mpsc::{
        self,
        error::{SendTimeoutError, TrySendError},
    },
    oneshot,
};
use voip_core::{Error, ErrorKind, Result};

use super::{SqliteOptions, batch, failure, listing::Listing, recent::Recent};

/// The most writes in one transaction: enough to make the flush cheap for
/// each, few enough that the first does not wait long for the last.
pub(super) const BATCH: usize = 256;

/// One write. It may be run more than once until its outcome is told, so it
/// must take nothing but the database into account.
pub(super) trait Write: Send {
    /// Does it, inside a transaction.
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()>;

    /// Whether somebody waits for it to be safe on the disk.
    fn is_awaited(&self) -> bool;

    /// Tells whoever waits what became of it.
    fn tell(self: Box<Self>, outcome: std::result::Result<(), Error>);
}

/// What the writer has done since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Writes that were carried out.
    pub writes: u64,
    /// Transactions they took.
    pub commits: u64,
    /// Writes that failed, each alone.
    pub failures: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    pub(super) writes: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) failures: AtomicU64,
}

pub(super) struct Writer {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Box<dyn Write>>>>,
    lazy: Arc<LazyWrites>,
    patience: Duration,
    counters: Arc<Counters>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread, which from now on owns `db`.
    pub(super) fn start(
        db: Connection,
        options: &SqliteOptions,
        recent: Arc<Recent>,
        listing: Arc<Listing>,
    ) -> Result<Self> {
        let (sender, receiver) = mpsc::channel(options.queue.max(1));
        let counters = Arc::new(Counters::default());
        let lazy = Arc::new(LazyWrites::default());
        let (counted, waiting) = (Arc::clone(&counters), Arc::clone(&lazy));
        let thread = std::thread::Builder::new()
            .name("voip-sqlite-writer".to_owned())
            .spawn(move || batch::run(db, receiver, &waiting, recent, listing, &counted))
            .map_err(|error| {
                Error::new(ErrorKind::Exhausted, "no thread for the database writer")
                    .with_source(error)
            })?;
        let thread = Mutex::new(Some(thread));
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            lazy,
            patience: options.queue_patience,
            counters,
            thread,
        })
    }

    /// Has `work` done and waits until it is safe on the disk.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_then(work, |_| {}).await
    }

    /// As [`write`](Self::write); once it is safe, the writing thread does
    /// `then`, and after that tells the caller.
    pub(super) async fn write_then<T, F, N>(&self, work: F, then: N) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        N: FnOnce(&T) + Send + 'static,
    {
        self.write_and_wait(work, then, true).await
    }

    /// As [`write`](Self::write), but what is done may be lost with the power.
    pub(super) async fn write_unflushed<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.write_and_wait(work, |_| {}, false).await
    }

    async fn write_and_wait<T, F, N>(&self, work: F, then: N, flush: bool) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&Connection) -> rusqlite::Result<T> + Send + 'static,
        N: FnOnce(&T) + Send + 'static,
    {
        let (reply, outcome) = oneshot::channel();
        self.enqueue(Box::new(Awaited {
            work,
            then,
            flush,
            done: None,
            reply,
        }))
        .await?;
        outcome.await.unwrap_or_else(|_| Err(failure::given_up()))
    }

    /// Has `work` done together with the next write, and before it: alone it
    /// is not worth a commit. Once too many wait, it makes a write of its own.
    pub(super) async fn write_lazily<F>(&self, work: F) -> Result<()>
    where
        F: FnMut(&Connection) -> rusqlite::Result<()> + Send + 'static,
    {
        match self.lazy.push(Box::new(Lazy { work })) {
            Ok(()) => Ok(()),
            Err(work) => self.enqueue(work).await,
        }
    }

    /// Whether something waits for the next write.
    pub(super) fn has_lazy(&self) -> bool {
        !self.lazy.lock().is_empty()
    }

    pub(super) fn stats(&self) -> WriteStats {
        WriteStats {
            writes: self.counters.writes.load(Ordering::Relaxed),
            commits: self.counters.commits.load(Ordering::Relaxed),
            failures: self.counters.failures.load(Ordering::Relaxed),
        }
    }

    /// Takes no more writes. Those that wait are still carried out; the
    /// returned thread ends after the last.
    pub(super) fn stop(&self) -> Option<JoinHandle<()>> {
        self.queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        self.thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    async fn enqueue(&self, write: Box<dyn Write>) -> Result<()> {
        let queue = self
            .queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let queue = queue.ok_or_else(failure::closed)?;
        let write = match queue.try_send(write) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(failure::closed()),
            Err(TrySendError::Full(write)) => write,
        };
        match queue.send_timeout(write, self.patience).await {
            Ok(()) => Ok(()),
            Err(SendTimeoutError::Closed(_)) => Err(failure::closed()),
            Err(SendTimeoutError::Timeout(_)) => Err(Error::new(
                ErrorKind::Exhausted,
                "too many writes wait for the database: the disk is too slow for the load",
            )),
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Whoever drops the store without closing it still gets everything
        // written, in the background: waiting here could block a runtime.
        self.stop();
    }
}

/// Writes that wait for another one to take them along.
#[derive(Default)]
pub(super) struct LazyWrites(Mutex<Vec<Box<dyn Write>>>);

impl LazyWrites {
    /// Adds a write, or gives it back where enough wait.
    fn push(&self, write: Box<dyn Write>) -> std::result::Result<(), Box<dyn Write>> {
        let mut waiting = self.lock();
        if waiting.len() >= BATCH {
            return Err(write);
        }
        waiting.push(write);
        Ok(())
    }

    /// Takes all, to be carried out before `writes`.
    pub(super) fn take_before(&self, writes: &mut Vec<Box<dyn Write>>) {
        writes.splice(0..0, self.lock().drain(..));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Box<dyn Write>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Awaited<T, F, N> {
    work: F,
    then: N,
    flush: bool,
    done: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T, F, N> Write for Awaited<T, F, N>
where
    T: Send,
    F: FnMut(&Connection) -> rusqlite::Result<T> + Send,
    N: FnOnce(&T) + Send,
{
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
        self.done = Some((self.work)(db)?);
        Ok(())
    }

    fn is_awaited(&self) -> bool {
        self.flush
    }

    fn tell(self: Box<Self>, outcome: Result<()>) {
        let Self {
            done, then, reply, ..
        } = *self;
        let outcome = outcome.and_then(|()| done.ok_or_else(failure::closed));
        if let Ok(done) = &outcome {
            then(done);
        }
        // Nobody waits any more when the future was dropped.
        let _ = reply.send(outcome);
    }
}

struct Lazy<F> {
    work: F,
}

impl<F> Write for Lazy<F>
where
    F: FnMut(&Connection) -> rusqlite::Result<()> + Send,
{
    fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
        (self.work)(db)
    }

    fn is_awaited(&self) -> bool {
        false
    }

    fn tell(self: Box<Self>, outcome: Result<()>) {
        if let Err(error) = outcome {
            tracing::warn!(%error, "a write nobody waited for failed");
        }
    }
}
