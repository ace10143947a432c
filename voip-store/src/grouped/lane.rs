use std::{panic::AssertUnwindSafe, pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt as _;
use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};
use voip_core::CallId;

use super::{
    fault::{Class, Fault},
    lanes::{Shared, Work},
    queue::{Look, Ticket},
};

/// How often a batch is tried that others keep from being done.
const TRIES: u32 = 6;

/// How long the first of them waits before it is tried again; each waits twice
/// as long as the one before.
const PAUSE: Duration = Duration::from_millis(2);

/// Who waits for a job.
type Reply<W> = oneshot::Sender<Result<<W as Work>::Done, Fault>>;

/// Works until the queue is closed and empty.
pub(super) async fn run<W: Work>(shared: Arc<Shared<W>>) {
    while let Some(batch) = next(&shared).await {
        let calls: Vec<CallId> = batch.iter().filter_map(|ticket| ticket.about).collect();
        let (jobs, replies) = batch
            .into_iter()
            .map(|ticket| (ticket.job, ticket.reply))
            .unzip::<_, _, Vec<_>, Vec<_>>();
        let work = AssertUnwindSafe(carry_out(&shared.work, &jobs, replies));
        if work.catch_unwind().await.is_err() {
            // Our bug, but no reason to write nothing any more.
            tracing::error!("a batch of database operations panicked and is given up");
        }
        let closed = {
            let mut queue = shared.queue();
            queue.put_down(&calls);
            queue.closed
        };
        if closed {
            // Every lane looks whether it is still needed.
            shared.wake.notify_waiters();
        }
    }
}

/// Waits for a batch.
async fn next<W: Work>(shared: &Shared<W>) -> Option<Vec<Ticket<W::Job, W::Done>>> {
    loop {
        let mut woken = pin!(shared.wake.notified());
        // From here on nothing is missed.
        woken.as_mut().enable();
        let look = shared.queue().look(Instant::now());
        match look {
            Look::Batch { batch, more } => {
                if more {
                    shared.wake.notify_one();
                }
                return Some(batch);
            }
            Look::Few(until) => {
                tokio::select! {
                    () = woken => {}
                    () = sleep_until(until) => {}
                }
            }
            Look::Nothing => woken.await,
            Look::Over => return None,
        }
    }
}

async fn carry_out<W: Work>(work: &W, jobs: &[W::Job], replies: Vec<Reply<W>>) {
    match attempt(work, jobs).await {
        Ok(done) => {
            for (reply, done) in replies.into_iter().zip(done) {
                // Nobody waits any more where the future was dropped.
                let _ = reply.send(Ok(done));
            }
        }
        // Seldom; now each alone, so that the others do not suffer.
        Err(fault) if fault.class == Class::Asked && jobs.len() > 1 => {
            for (job, reply) in jobs.iter().zip(replies) {
                let outcome = attempt(work, std::slice::from_ref(job)).await;
                let _ = reply.send(outcome.and_then(only));
            }
        }
        Err(fault) => {
            for reply in replies {
                let _ = reply.send(Err(fault.clone()));
            }
        }
    }
}

fn only<D>(mut done: Vec<D>) -> Result<D, Fault> {
    done.pop().ok_or_else(Fault::closed)
}

async fn attempt<W: Work>(work: &W, jobs: &[W::Job]) -> Result<Vec<W::Done>, Fault> {
    let mut pause = PAUSE;
    for _ in 1..TRIES {
        match work.run(jobs).await {
            Err(fault) if fault.class == Class::Again => {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            outcome => return outcome,
        }
    }
    work.run(jobs).await
}
