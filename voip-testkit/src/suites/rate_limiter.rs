//! The suite of [`RateLimiter`]:
//! [`rate_limiter_suite!`](crate::rate_limiter_suite) gives an adapter a test
//! for every promise of the port.

use std::time::Duration;

use async_trait::async_trait;
use voip_core::ports::{Allowance, LimitKey, Quota, RateLimiter};

/// What the suite needs around a rate limiter.
#[async_trait]
pub trait RateLimiterFixture: Send + Sync {
    /// The limiter that is tried, with nothing counted yet.
    fn limiter(&self) -> &dyn RateLimiter;

    /// Lets so much time pass for the limiter: moves its clock, or waits.
    async fn pass(&self, time: Duration);
}

/// Gives a test for every promise of [`RateLimiter`](voip_core::ports::RateLimiter).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`RateLimiterFixture`](crate::suites::rate_limiter::RateLimiterFixture). The
/// crate that uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! rate_limiter_suite {
    ($fresh:path) => {
        $crate::rate_limiter_suite! {
            $fresh;
            as_many_as_the_quota_says_are_allowed
            a_denied_try_says_when_the_next_is_allowed
            no_stretch_of_time_has_more_than_the_quota
            denied_tries_do_not_count
            keys_do_not_disturb_each_other
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fresh().await;
                $crate::suites::rate_limiter::$case(&fixture).await;
            }
        )+
    };
}

/// Short enough to wait for, where time cannot be moved.
const WITHIN: Duration = Duration::from_secs(2);

const FIVE: Quota = Quota {
    most: 5,
    within: WITHIN,
};

/// The quota is allowed and no try more; after its time all of it is again.
pub async fn as_many_as_the_quota_says_are_allowed(fixture: &dyn RateLimiterFixture) {
    for _ in 0..2 {
        assert_eq!(tries(fixture, "ann", FIVE, 8).await, 5);
        fixture.pass(WITHIN).await;
    }
    let one = Quota { most: 1, ..FIVE };
    assert_eq!(tries(fixture, "bob", one, 3).await, 1);
    let none = Quota { most: 0, ..FIVE };
    assert_eq!(tries(fixture, "cat", none, 3).await, 0);
}

/// Who waits as long as a denial says is allowed, and not sooner.
pub async fn a_denied_try_says_when_the_next_is_allowed(fixture: &dyn RateLimiterFixture) {
    assert_eq!(tries(fixture, "ann", FIVE, 5).await, 5);
    fixture.pass(WITHIN / 4).await;
    let pause = denied(fixture, "ann").await;
    assert!(pause <= WITHIN - WITHIN / 4, "{pause:?}");
    assert!(pause >= WITHIN / 4, "{pause:?}");
    fixture.pass(pause / 2).await;
    let rest = denied(fixture, "ann").await;
    assert!(rest <= pause - pause / 2, "{rest:?} of {pause:?}");
    fixture.pass(rest).await;
    assert!(try_once(fixture, "ann", FIVE).await.is_none());
}

/// Tries at the end of one stretch and the start of the next are counted
/// together.
pub async fn no_stretch_of_time_has_more_than_the_quota(fixture: &dyn RateLimiterFixture) {
    assert_eq!(tries(fixture, "ann", FIVE, 1).await, 1);
    fixture.pass(WITHIN / 2).await;
    assert_eq!(tries(fixture, "ann", FIVE, 4).await, 4);
    assert_eq!(tries(fixture, "ann", FIVE, 1).await, 0);
    // The first no longer counts, the other four do.
    fixture.pass(WITHIN / 2).await;
    assert_eq!(tries(fixture, "ann", FIVE, 5).await, 1);
}

/// Who goes on trying is allowed again as soon as who waits.
pub async fn denied_tries_do_not_count(fixture: &dyn RateLimiterFixture) {
    assert_eq!(tries(fixture, "ann", FIVE, 5).await, 5);
    fixture.pass(WITHIN / 2).await;
    assert_eq!(tries(fixture, "ann", FIVE, 10).await, 0);
    fixture.pass(WITHIN / 2).await;
    assert_eq!(tries(fixture, "ann", FIVE, 10).await, 5);
}

/// Every key has a quota to itself, whoever else tries what else.
pub async fn keys_do_not_disturb_each_other(fixture: &dyn RateLimiterFixture) {
    assert_eq!(tries(fixture, "ann", FIVE, 6).await, 5);
    for who in ["bob", "Ann", "ann ", ""] {
        assert_eq!(tries(fixture, who, FIVE, 6).await, 5, "{who:?}");
    }
    let other = LimitKey::new("suite-of-another", "ann");
    let answer = fixture.limiter().take(&other, FIVE).await;
    assert_eq!(answer.expect("it is in order"), Allowance::Allowed);
    assert_eq!(tries(fixture, "ann", FIVE, 1).await, 0);
}

/// How many of so many tries are allowed.
async fn tries(fixture: &dyn RateLimiterFixture, who: &str, quota: Quota, count: u32) -> u32 {
    let mut allowed = 0;
    for _ in 0..count {
        allowed += u32::from(try_once(fixture, who, quota).await.is_none());
    }
    allowed
}

/// The pause that a try is told, if it is denied.
async fn try_once(fixture: &dyn RateLimiterFixture, who: &str, quota: Quota) -> Option<Duration> {
    let key = LimitKey::new("suite", who);
    let answer = fixture.limiter().take(&key, quota).await;
    match answer.expect("it is in order") {
        Allowance::Allowed => None,
        Allowance::Denied { retry_after } => Some(retry_after),
    }
}

async fn denied(fixture: &dyn RateLimiterFixture, who: &str) -> Duration {
    let pause = try_once(fixture, who, FIVE).await;
    pause.expect("the quota is used up")
}
