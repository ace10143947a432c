use std::time::Duration;

use super::Accounts;
use crate::ports::{Allowance, LimitKey, Quota};

/// How often somebody may try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// Logins to one account, right or wrong, from anywhere. Default 5 a
    /// minute: the sixth is refused.
    pub log_ins_to_one_account: Quota,
    /// Logins from one address to any account. Default 60 a minute.
    pub log_ins_from_one_address: Quota,
    /// Sign-ups from one address. Default 100 an hour.
    pub sign_ups_from_one_address: Quota,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            log_ins_to_one_account: Quota::a_minute(5),
            log_ins_from_one_address: Quota::a_minute(60),
            sign_ups_from_one_address: Quota::an_hour(100),
        }
    }
}

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was tried too often; wait a little")]
pub struct TooOften {
    /// When to come back.
    pub retry_after: Duration,
}

impl Accounts {
    /// Counts a try. While the limiter is out of order everything is allowed:
    /// it must not lock everybody out, and hashing is bounded anyway.
    pub(super) async fn take(&self, key: &LimitKey, quota: Quota) -> Result<(), TooOften> {
        match self.ports.limiter.take(key, quota).await {
            Ok(Allowance::Allowed) => Ok(()),
            Ok(Allowance::Denied { retry_after }) => Err(TooOften { retry_after }),
            Err(error) => {
                tracing::error!(%error, ?key, "tries are not counted");
                Ok(())
            }
        }
    }
}
