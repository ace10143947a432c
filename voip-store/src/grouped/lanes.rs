use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore, oneshot},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use voip_core::{CallId, ErrorKind};

use super::{
    fault::{Class, Fault},
    lane,
    queue::{Claim, Queue, Ticket},
};

/// What carries out batches.
pub(crate) trait Work: Send + Sync + 'static {
    /// One thing to be done.
    type Job: Send + Sync + 'static;
    /// What became of it.
    type Done: Send + 'static;

    /// The call that a job is about, if no other job about the same one may be
    /// worked on at the same time.
    fn about(job: &Self::Job) -> Option<CallId>;

    /// Carries out all jobs in one transaction: all or none. The outcomes are
    /// in the order of the jobs.
    fn run(
        &self,
        jobs: &[Self::Job],
    ) -> impl Future<Output = Result<Vec<Self::Done>, Fault>> + Send;
}

/// A queue of jobs and the few lanes that work it off, each a batch at a time.
///
/// What waits when a lane is free goes into its next batch, so the more there
/// is to do, the less each costs. A second lane begins beside the first only for
/// many jobs, or for some that have waited a moment. The queue is bounded: where it
/// is full, who comes waits for a place, and for no longer than for all the rest.
pub(crate) struct Lanes<W: Work> {
    shared: Arc<Shared<W>>,
    lanes: Mutex<Vec<JoinHandle<()>>>,
    places: Arc<Semaphore>,
    patience: Duration,
}

pub(super) struct Shared<W: Work> {
    pub(super) work: W,
    pub(super) queue: Mutex<Queue<W::Job, W::Done>>,
    pub(super) wake: Notify,
}

impl<W: Work> Shared<W> {
    pub(super) fn queue(&self) -> MutexGuard<'_, Queue<W::Job, W::Done>> {
        // Nothing in the queue's own code panics half-way through a change.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<W: Work> Lanes<W> {
    /// Starts the lanes on the runtime of the caller.
    pub(crate) fn start(work: W, lanes: usize, queue: usize, patience: Duration) -> Self {
        let shared = Arc::new(Shared {
            work,
            queue: Mutex::default(),
            wake: Notify::new(),
        });
        let lanes = (0..lanes.max(1))
            .map(|_| tokio::spawn(lane::run(Arc::clone(&shared))))
            .collect();
        Self {
            shared,
            lanes: Mutex::new(lanes),
            places: Arc::new(Semaphore::new(queue.clamp(1, Semaphore::MAX_PERMITS))),
            patience,
        }
    }

    /// Has `job` done and waits for its outcome. Who drops the future leaves
    /// the job in the queue.
    pub(crate) async fn submit(&self, job: W::Job) -> Result<W::Done, Fault> {
        let now = Instant::now();
        let deadline = now + self.patience;
        let places = Arc::clone(&self.places);
        let place = timeout_at(deadline, places.acquire_owned()).await;
        let place = place
            .map_err(|_| full())?
            .map_err(|_closed| Fault::closed())?;
        let (reply, outcome) = oneshot::channel();
        let state = Arc::new(Claim::default());
        let ticket = Ticket {
            about: W::about(&job),
            job,
            reply,
            state: Arc::clone(&state),
            since: now,
            _place: place,
        };
        let wakes = {
            let mut queue = self.shared.queue();
            if queue.closed {
                return Err(Fault::closed());
            }
            queue.push(ticket)
        };
        if wakes {
            self.shared.wake.notify_one();
        }
        match timeout_at(deadline, outcome).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(given_up()),
            Err(_) if state.give_up() => Err(overdue()),
            Err(_) => Err(Fault::late()),
        }
    }

    /// Takes no more jobs, and returns once those that wait are done. Again is
    /// fine.
    pub(crate) async fn close(&self) {
        self.stop();
        let lanes: Vec<_> = {
            let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.drain(..).collect()
        };
        for lane in lanes {
            // A lane cannot panic: it catches what its batches do.
            let _ = lane.await;
        }
    }

    fn stop(&self) {
        self.shared.queue().closed = true;
        self.places.close();
        self.shared.wake.notify_waiters();
    }

    /// What carries out the batches.
    pub(crate) fn work(&self) -> &W {
        &self.shared.work
    }
}

impl<W: Work> Drop for Lanes<W> {
    fn drop(&mut self) {
        // What waits is still carried out, as long as the runtime lives.
        self.stop();
    }
}

fn full() -> Fault {
    Fault::new(
        ErrorKind::Unavailable,
        Class::NotDone,
        "too many operations wait for the database: it is too slow for the load",
    )
}

fn overdue() -> Fault {
    Fault::new(
        ErrorKind::Unavailable,
        Class::NotDone,
        "the database is too slow or out of reach: the operation was given up before it began",
    )
}

/// The batch panicked: our bug.
fn given_up() -> Fault {
    Fault::new(
        ErrorKind::Internal,
        Class::Lost,
        "a database operation was given up",
    )
}
