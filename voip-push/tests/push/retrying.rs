//! Trying again, on a clock that moves when it is told to.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinHandle;
use voip_core::{
    Error, ErrorKind, Result, Retry,
    ports::{Clock, Delivery, Push, PushSender},
};
use voip_push::{RetryPolicy, Retrying};
use voip_testkit::{FakePush, ManualClock};

use crate::devices::{android, missed, ring};

struct Bench {
    clock: Arc<ManualClock>,
    service: Arc<FakePush>,
    sender: Arc<Retrying>,
}

impl Bench {
    fn with(policy: RetryPolicy) -> Self {
        let clock = Arc::new(ManualClock::default());
        let service = Arc::new(FakePush::new(Arc::clone(&clock) as _));
        let inner = Arc::clone(&service) as Arc<dyn PushSender>;
        let sender = Arc::new(Retrying::new(
            inner,
            policy,
            Arc::clone(&clock) as Arc<dyn Clock>,
        ));
        Self {
            clock,
            service,
            sender,
        }
    }

    fn send(&self, push: Push) -> JoinHandle<Result<Delivery>> {
        let sender = Arc::clone(&self.sender);
        tokio::spawn(async move { sender.send(&android(), &push).await })
    }

    /// Moves the clock on, once everything that can happen now has happened.
    async fn later(&self, span: Duration) {
        settle().await;
        self.clock.advance(span);
        settle().await;
    }
}

/// Lets every other task of this test run until it waits for the clock.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

fn outage() -> Error {
    Error::new(ErrorKind::Unavailable, "out of order")
}

/// How a push ended that has nothing left to wait for. One that waits all the
/// same fails its test instead of hanging it.
async fn ended(sending: JoinHandle<Result<Delivery>>) -> Result<Delivery> {
    settle().await;
    assert!(sending.is_finished(), "the push still waits for the clock");
    sending.await.unwrap()
}

const SECOND: Duration = Duration::from_secs(1);
/// What chance may add to a pause of ten seconds, and a little more.
const SLACK: Duration = Duration::from_millis(2501);

#[tokio::test]
async fn a_failure_is_tried_again_after_the_pause_and_not_before() {
    let bench = Bench::with(RetryPolicy::FCM);
    bench.service.fail_next(outage());
    let sending = bench.send(ring(&bench.clock));
    bench.later(10 * SECOND - Duration::from_micros(1)).await;
    assert_eq!(bench.service.asked(), 1);
    bench.later(SLACK).await;
    assert!(matches!(
        ended(sending).await.unwrap(),
        Delivery::Accepted { .. }
    ));
    assert_eq!(bench.service.asked(), 2);
}

#[tokio::test]
async fn each_pause_is_twice_as_long_up_to_the_longest() {
    let policy = RetryPolicy {
        tries: 5,
        first_pause: 10 * SECOND,
        longest_pause: 20 * SECOND,
        patience: 1000 * SECOND,
        repeat_ambiguous: true,
    };
    let bench = Bench::with(policy);
    (0..4).for_each(|_| bench.service.fail_next(outage()));
    let sending = bench.send(missed());
    for (tried, pause) in [(1, 10), (2, 20), (3, 20), (4, 20)] {
        bench.later(pause * SECOND - Duration::from_micros(1)).await;
        assert_eq!(bench.service.asked(), tried);
        bench.later(2 * SLACK).await;
        assert_eq!(bench.service.asked(), tried + 1);
    }
    ended(sending).await.unwrap();
}

#[tokio::test]
async fn there_are_no_more_attempts_than_agreed() {
    for tries in [0, 1, 3] {
        let bench = Bench::with(RetryPolicy {
            tries,
            patience: 1000 * SECOND,
            ..RetryPolicy::FCM
        });
        (0..9).for_each(|_| bench.service.fail_next(outage()));
        let sending = bench.send(missed());
        for _ in 0..9 {
            bench.later(100 * SECOND).await;
        }
        let error = ended(sending).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.retry()),
            (ErrorKind::Unavailable, Retry::Safe)
        );
        assert_eq!(
            bench.service.asked(),
            usize::try_from(tries.max(1)).unwrap()
        );
    }
}

#[tokio::test]
async fn the_pause_that_was_asked_for_is_kept() {
    let bench = Bench::with(RetryPolicy::APNS);
    bench
        .service
        .fail_next(outage().with_retry_after(20 * SECOND));
    let sending = bench.send(ring(&bench.clock));
    bench.later(20 * SECOND - Duration::from_micros(1)).await;
    assert_eq!(bench.service.asked(), 1);
    bench.later(2 * SLACK).await;
    ended(sending).await.unwrap();
}

#[tokio::test]
async fn a_pause_beyond_the_ring_deadline_gives_up_at_once_and_for_good() {
    let bench = Bench::with(RetryPolicy {
        patience: 1000 * SECOND,
        ..RetryPolicy::FCM
    });
    bench
        .service
        .fail_next(outage().with_retry_after(50 * SECOND));
    let error = ended(bench.send(ring(&bench.clock))).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Never)
    );
    assert_eq!(bench.service.asked(), 1);
}

#[tokio::test]
async fn a_ring_is_not_tried_again_where_the_clock_ran_past_its_deadline() {
    let bench = Bench::with(RetryPolicy::FCM);
    bench.service.fail_next(outage());
    let sending = bench.send(ring(&bench.clock));
    bench.later(60 * SECOND).await;
    assert_eq!(ended(sending).await.unwrap_err().retry(), Retry::Never);
    assert_eq!(bench.service.asked(), 1);
}

#[tokio::test]
async fn patience_ends_before_the_work_is_taken_up_by_another_node() {
    let bench = Bench::with(RetryPolicy::FCM);
    bench
        .service
        .fail_next(outage().with_retry_after(31 * SECOND));
    let error = ended(bench.send(missed())).await.unwrap_err();
    assert_eq!(error.retry(), Retry::Safe);
    assert_eq!(bench.service.asked(), 1);
}

#[tokio::test]
async fn what_is_never_useful_is_not_tried_again() {
    let bench = Bench::with(RetryPolicy::FCM);
    bench
        .service
        .fail_next(Error::new(ErrorKind::Refused, "no"));
    let error = ended(bench.send(missed())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(bench.service.asked(), 1);
}

#[tokio::test]
async fn what_may_have_been_sent_is_repeated_only_where_devices_know_repeats() {
    let timeout = || Error::new(ErrorKind::Timeout, "no answer").ambiguous();
    let android = Bench::with(RetryPolicy::FCM);
    android.service.fail_next(timeout());
    let sending = android.send(missed());
    android.later(10 * SECOND + SLACK).await;
    ended(sending).await.unwrap();
    let apple = Bench::with(RetryPolicy::APNS);
    apple.service.fail_next(timeout());
    let error = ended(apple.send(ring(&apple.clock))).await.unwrap_err();
    assert_eq!(
        (error.retry(), apple.service.asked()),
        (Retry::Ambiguous, 1)
    );
}

#[tokio::test]
async fn a_dead_token_is_an_answer_and_not_tried_again() {
    let bench = Bench::with(RetryPolicy::FCM);
    bench.service.lose(&android().token);
    assert_eq!(ended(bench.send(missed())).await.unwrap(), Delivery::Gone);
    assert_eq!(bench.service.asked(), 1);
}
