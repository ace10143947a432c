//! How jobs share batches, whatever it is that carries them out.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use tokio::sync::Semaphore;
use uuid::Uuid;
use voip_core::{CallId, ErrorKind, Retry};

use super::{
    fault::{Class, Fault},
    lanes::{Lanes, Work},
    queue::BATCH,
};

/// A job: which call it is about, and how it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Plain(u128),
    /// No batch with it comes to anything.
    Bad(u128),
    /// Our bug.
    Panics,
    /// The connection breaks while it commits.
    Breaks,
    /// Others are in the way twice.
    Contended,
    /// About no call.
    Free,
}

/// Carries out jobs when it is let, and keeps what it did.
#[derive(Clone)]
struct Fake(Arc<Inner>);

struct Inner {
    batches: Mutex<Vec<Vec<Job>>>,
    /// How many batches were begun.
    begun: AtomicUsize,
    /// A batch takes one of these before it goes on.
    starts: Semaphore,
    contended: AtomicUsize,
}

impl Fake {
    /// One that may start so many batches.
    fn starting(batches: usize) -> Self {
        Self(Arc::new(Inner {
            batches: Mutex::default(),
            begun: AtomicUsize::new(0),
            starts: Semaphore::new(batches),
            contended: AtomicUsize::new(0),
        }))
    }

    fn begun(&self) -> usize {
        self.0.begun.load(Ordering::SeqCst)
    }

    fn batches(&self) -> Vec<Vec<Job>> {
        self.0.batches.lock().unwrap().clone()
    }
}

impl Work for Fake {
    type Job = Job;
    type Done = Job;

    fn about(job: &Job) -> Option<CallId> {
        match job {
            Job::Plain(call) | Job::Bad(call) => Some(CallId::from_uuid(Uuid::from_u128(*call))),
            Job::Panics | Job::Breaks | Job::Contended | Job::Free => None,
        }
    }

    async fn run(&self, jobs: &[Job]) -> Result<Vec<Job>, Fault> {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        self.0.starts.acquire().await.unwrap().forget();
        self.0.batches.lock().unwrap().push(jobs.to_vec());
        for job in jobs {
            let class = match job {
                Job::Plain(_) | Job::Free => continue,
                Job::Bad(_) => Class::Asked,
                Job::Panics => panic!("as it was told"),
                Job::Breaks => Class::Lost,
                Job::Contended if self.0.contended.fetch_add(1, Ordering::SeqCst) < 2 => {
                    Class::Again
                }
                Job::Contended => continue,
            };
            return Err(Fault::new(ErrorKind::Unavailable, class, "as it was told"));
        }
        Ok(jobs.to_vec())
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

fn lanes(work: &Fake, lanes: usize) -> Lanes<Fake> {
    Lanes::start(work.clone(), lanes, 1000, PATIENCE)
}

/// Lets tasks run until nothing is left to do but wait.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_waits_shares_a_batch_up_to_its_limit() {
    let work = Fake::starting(0);
    let lanes = lanes(&work, 1);
    let count = 2 * BATCH as u128;
    let all = join_all((0..count).map(|call| lanes.submit(Job::Plain(call))));
    let (done, ()) = tokio::join!(all, async {
        settle().await;
        work.0.starts.add_permits(10);
    });
    for (call, done) in (0..count).zip(done) {
        assert_eq!(done, Ok(Job::Plain(call)), "each is told its own outcome");
    }
    let sizes: Vec<_> = work.batches().iter().map(Vec::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 2 * BATCH);
    assert!(sizes.len() <= 3, "{sizes:?}");
    assert!(sizes.iter().all(|size| *size <= BATCH), "{sizes:?}");
}

#[tokio::test]
async fn two_jobs_about_one_call_are_done_one_after_the_other() {
    let work = Fake::starting(0);
    let lanes = lanes(&work, 2);
    let jobs = [
        Job::Plain(1),
        Job::Plain(2),
        Job::Plain(1),
        Job::Free,
        Job::Plain(1),
    ];
    let all = join_all(jobs.map(|job| lanes.submit(job)));
    let watch = async {
        for _ in 0..8 {
            settle().await;
            work.0.starts.add_permits(1);
        }
    };
    let (done, ()) = tokio::join!(all, watch);
    assert!(done.iter().all(Result::is_ok));
    for batch in work.batches() {
        let about = batch.iter().filter(|job| **job == Job::Plain(1));
        assert!(about.count() <= 1, "{batch:?}");
    }
    let all: Vec<_> = work.batches().concat();
    assert_eq!(all.len(), 5);
}

#[tokio::test]
async fn a_job_whose_waiter_is_gone_is_done_all_the_same() {
    let work = Fake::starting(0);
    let lanes = lanes(&work, 1);
    let mut dropped = Box::pin(lanes.submit(Job::Plain(1)));
    assert!(dropped.as_mut().now_or_never().is_none(), "it waits");
    drop(dropped);
    work.0.starts.add_permits(10);
    assert_eq!(lanes.submit(Job::Plain(1)).await, Ok(Job::Plain(1)));
    assert_eq!(work.batches().concat(), [Job::Plain(1), Job::Plain(1)]);
}

#[tokio::test]
async fn who_finds_the_queue_full_waits_and_is_then_refused() {
    let work = Fake::starting(0);
    let patience = Duration::from_millis(100); // real time: it passes while all wait for the one batch
    let lanes = Lanes::start(work.clone(), 1, 1, patience);
    let (taken, waiting, refused) = tokio::join!(
        lanes.submit(Job::Plain(1)),
        async {
            settle().await;
            lanes.submit(Job::Plain(2)).await
        },
        async {
            settle().await;
            settle().await;
            lanes.submit(Job::Plain(3)).await
        }
    );
    // The first is with a database that does not answer: nobody knows.
    assert_eq!(taken.unwrap_err().in_write().retry(), Retry::Ambiguous);
    // The others never got there.
    for outcome in [waiting, refused] {
        let error = outcome.unwrap_err().in_write();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.retry(), Retry::Safe);
    }
    work.0.starts.add_permits(10);
    settle().await;
    assert_eq!(lanes.submit(Job::Plain(4)).await, Ok(Job::Plain(4)));
    assert_eq!(
        work.batches().concat(),
        [Job::Plain(1), Job::Plain(4)],
        "what was given up is not done behind anybody's back"
    );
}

#[tokio::test]
async fn one_bad_job_does_not_spoil_the_others() {
    let work = Fake::starting(0);
    let lanes = lanes(&work, 1);
    let jobs = [Job::Plain(1), Job::Bad(2), Job::Plain(3)];
    let all = join_all(jobs.map(|job| lanes.submit(job)));
    let (done, ()) = tokio::join!(all, async {
        settle().await;
        work.0.starts.add_permits(10);
    });
    assert_eq!(done[0], Ok(Job::Plain(1)));
    assert_eq!(done[1].as_ref().unwrap_err().class, Class::Asked);
    assert_eq!(done[2], Ok(Job::Plain(3)));
}

#[tokio::test]
async fn a_panic_is_told_and_the_lane_goes_on() {
    let work = Fake::starting(10);
    let lanes = lanes(&work, 1);
    let error = lanes.submit(Job::Panics).await.unwrap_err().in_write();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Internal, Retry::Ambiguous)
    );
    assert_eq!(lanes.submit(Job::Plain(1)).await, Ok(Job::Plain(1)));
}

#[tokio::test]
async fn a_commit_that_was_lost_is_ambiguous_to_writers_and_is_not_tried_again() {
    let work = Fake::starting(10);
    let lanes = lanes(&work, 1);
    let (breaks, beside) = tokio::join!(lanes.submit(Job::Breaks), lanes.submit(Job::Free));
    for outcome in [breaks, beside] {
        let fault = outcome.unwrap_err();
        assert_eq!(fault.in_write().retry(), Retry::Ambiguous);
        assert_eq!(fault.in_read().retry(), Retry::Safe);
    }
    assert_eq!(work.batches().len(), 1);
}

#[tokio::test]
async fn what_others_were_in_the_way_of_is_tried_again() {
    let work = Fake::starting(10);
    let lanes = lanes(&work, 1);
    assert_eq!(lanes.submit(Job::Contended).await, Ok(Job::Contended));
    assert_eq!(work.batches().len(), 3);
}

#[tokio::test]
async fn closing_waits_for_what_waits_and_takes_nothing_more() {
    let work = Fake::starting(0);
    let lanes = Arc::new(lanes(&work, 2));
    let waiting = [1, 1, 1, 2].map(|call| {
        let lanes = Arc::clone(&lanes);
        tokio::spawn(async move { lanes.submit(Job::Plain(call)).await })
    });
    settle().await;
    let closing = Arc::clone(&lanes);
    let closing = tokio::spawn(async move { closing.close().await });
    settle().await;
    let late = lanes.submit(Job::Plain(3)).await;
    assert_eq!(late.unwrap_err().kind, ErrorKind::Unavailable);
    assert!(!closing.is_finished());
    work.0.starts.add_permits(10);
    closing.await.unwrap();
    for done in waiting {
        assert!(done.await.unwrap().is_ok(), "what waited was done");
    }
    lanes.close().await;
}

#[tokio::test]
async fn a_few_jobs_do_not_wait_for_a_lane_that_is_stuck() {
    let work = Fake::starting(0);
    let lanes = lanes(&work, 2);
    let mut first = pin!(lanes.submit(Job::Free));
    assert!(first.as_mut().now_or_never().is_none());
    while work.begun() < 1 {
        tokio::task::yield_now().await;
    }
    let mut few = pin!(lanes.submit(Job::Plain(1)));
    assert!(few.as_mut().now_or_never().is_none());
    // For a moment it waits for the other.
    while work.begun() < 2 {
        tokio::task::yield_now().await;
    }
    work.0.starts.add_permits(2);
    assert!(first.await.is_ok() && few.await.is_ok());
}
