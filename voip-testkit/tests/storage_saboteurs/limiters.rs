use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use voip_core::{
    Result,
    ports::{Allowance, LimitKey, Quota, RateLimiter},
};
use voip_store::MemoryRateLimiter;
use voip_testkit::{
    ManualClock,
    suites::rate_limiter::{self, RateLimiterFixture},
};

use crate::expect_caught;

/// What a saboteur does wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Nothing,
    AllowsOneMore,
    NeverForgets,
    SaysNoPause,
    SaysTooLongAPause,
    BeginsAnewEachStretch,
    CountsDeniedTries,
    CountsAllTogether,
}

#[derive(Debug)]
struct Saboteur {
    limiter: MemoryRateLimiter,
    clock: Arc<ManualClock>,
    fault: Fault,
}

#[async_trait]
impl RateLimiter for Saboteur {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Allowance> {
        let (mut key, mut quota) = (*key, quota);
        match self.fault {
            Fault::AllowsOneMore => quota.most += 1,
            Fault::NeverForgets => quota.within *= 1_000,
            // A stretch that is half over is as good as one that is.
            Fault::BeginsAnewEachStretch => quota.within /= 2,
            Fault::CountsAllTogether => key = LimitKey::new("all", ""),
            _ => {}
        }
        let answer = self.limiter.take(&key, quota).await?;
        let Allowance::Denied { mut retry_after } = answer else {
            return Ok(answer);
        };
        match self.fault {
            Fault::SaysNoPause => retry_after = Duration::ZERO,
            Fault::SaysTooLongAPause => retry_after = quota.within,
            Fault::CountsDeniedTries => {
                let more = Quota {
                    most: u32::MAX,
                    ..quota
                };
                self.limiter.take(&key, more).await?;
            }
            _ => {}
        }
        Ok(Allowance::Denied { retry_after })
    }
}

#[async_trait]
impl RateLimiterFixture for Saboteur {
    fn limiter(&self) -> &dyn RateLimiter {
        self
    }

    async fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

async fn fresh() -> Saboteur {
    let clock = Arc::new(ManualClock::default());
    Saboteur {
        limiter: MemoryRateLimiter::new(Arc::clone(&clock) as Arc<_>),
        clock,
        fault: Fault::Nothing,
    }
}

mod without_a_fault {
    voip_testkit::rate_limiter_suite!(super::fresh);
}

/// For each fault a test that its case catches it.
macro_rules! caught {
    ($($fault:ident by $case:ident as $test:ident;)+) => {
        $(
            #[tokio::test]
            async fn $test() {
                let saboteur = Saboteur { fault: Fault::$fault, ..fresh().await };
                expect_caught(async move { rate_limiter::$case(&saboteur).await }).await;
            }
        )+
    };
}

caught! {
    AllowsOneMore by as_many_as_the_quota_says_are_allowed as one_try_more_is_caught;
    NeverForgets by as_many_as_the_quota_says_are_allowed as tries_never_forgotten_are_caught;
    SaysNoPause by a_denied_try_says_when_the_next_is_allowed as no_pause_is_caught;
    SaysTooLongAPause by a_denied_try_says_when_the_next_is_allowed as too_long_a_pause_is_caught;
    BeginsAnewEachStretch by no_stretch_of_time_has_more_than_the_quota as tries_forgotten_early_are_caught;
    CountsDeniedTries by denied_tries_do_not_count as counted_denials_are_caught;
    CountsAllTogether by keys_do_not_disturb_each_other as one_count_for_all_is_caught;
}
