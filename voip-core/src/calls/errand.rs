use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{Error, ErrorKind, Result};

/// Work that is finished whether or not somebody keeps waiting for it.
///
/// It runs on the task of whoever waits, which spares every request a task of
/// its own and two switches. When they stop waiting, the rest of it goes on as
/// a task. Work that panics is an error, and nobody else's panic.
pub(super) struct Errand<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// `None` once it is done.
    work: Option<Pin<Box<F>>>,
    tasks: TaskTracker,
    /// Counts among the tasks while it has none.
    _token: TaskTrackerToken,
}

impl<F> Errand<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    /// `work`, to be waited for among `tasks`.
    pub(super) fn new(work: F, tasks: &TaskTracker) -> Self {
        Self {
            work: Some(Box::pin(work)),
            tasks: tasks.clone(),
            _token: tasks.token(),
        }
    }
}

impl<F> Future for Errand<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    type Output = Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let died = || Error::new(ErrorKind::Internal, "a task of the call service died");
        // Taken out meanwhile, so that nobody goes on with work that panicked.
        let Some(mut work) = self.work.take() else {
            return Poll::Ready(Err(died()));
        };
        match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => {
                self.work = Some(work);
                Poll::Pending
            }
            Err(_panic) => Poll::Ready(Err(died())),
        }
    }
}

impl<F> Drop for Errand<F>
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn drop(&mut self) {
        // Without a runtime nothing can go on: the process ends.
        if let (Some(work), Ok(runtime)) = (self.work.take(), Handle::try_current()) {
            // The tracker waits for it; its outcome is for nobody.
            drop(runtime.spawn(self.tasks.track_future(work)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn work_goes_on_when_nobody_waits_for_it() {
        let tasks = TaskTracker::new();
        let (go, wait) = oneshot::channel::<()>();
        let (done, outcome) = oneshot::channel();
        let work = async move {
            let _ = wait.await;
            let _ = done.send("done");
        };
        // Begun, then given up.
        assert!(
            tokio::time::timeout(Duration::ZERO, Errand::new(work, &tasks))
                .await
                .is_err()
        );
        go.send(()).unwrap();
        assert_eq!(outcome.await, Ok("done"));
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn work_is_among_the_tasks_while_it_is_waited_for() {
        let tasks = TaskTracker::new();
        let errand = Errand::new(async { 7 }, &tasks);
        assert_eq!(tasks.len(), 1);
        assert_eq!(errand.await.unwrap(), 7);
        assert!(tasks.is_empty());
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error() {
        let tasks = TaskTracker::new();
        let work = async {
            assert!(
                Handle::try_current().is_err(),
                "this test panics on purpose"
            );
        };
        let error = Errand::new(work, &tasks).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(tasks.is_empty());
    }
}
