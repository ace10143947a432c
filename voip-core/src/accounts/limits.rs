use std::time::Duration;

use super::{Accounts, Origin};
use crate::{
    Email,
    ports::{Allowance, LimitKey, Quota},
};

/// How often somebody may try.
///
/// What is said of one address holds for a /64 network of IPv6; a /48 of them
/// together may try five times as often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// Logins to one account from one address, right or wrong. Default 5 a
    /// minute: the sixth is refused. Strangers elsewhere lock nobody out.
    pub log_ins_to_one_account: Quota,
    /// Logins to one account from anywhere. Default 30 a minute: it keeps
    /// those with many addresses from guessing at leisure.
    pub log_ins_to_one_account_from_anywhere: Quota,
    /// Logins from one address to any account. Default 60 a minute.
    pub log_ins_from_one_address: Quota,
    /// Sign-ups from one address. Default 100 an hour.
    pub sign_ups_from_one_address: Quota,
}

impl Default for AccountLimits {
    fn default() -> Self {
        Self {
            log_ins_to_one_account: Quota::a_minute(5),
            log_ins_to_one_account_from_anywhere: Quota::a_minute(30),
            log_ins_from_one_address: Quota::a_minute(60),
            sign_ups_from_one_address: Quota::an_hour(100),
        }
    }
}

/// How many addresses' worth of tries a site has.
const SITE: u32 = 5;

/// Too many tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this was tried too often; wait a little")]
pub struct TooOften {
    /// When to come back.
    pub retry_after: Duration,
}

impl Accounts {
    /// Counts a login to the account with this e-mail, or to none: the limit
    /// must not tell which.
    pub(super) async fn take_log_in(
        &self,
        email: &Email,
        origin: Option<&Origin>,
    ) -> Result<(), TooOften> {
        let limits = &self.limits;
        let from_one = limits.log_ins_to_one_account;
        let Some(origin) = origin else {
            let key = LimitKey::new("log-in-to", email.expose());
            return self.take(&key, from_one).await;
        };
        self.take_from("log-in-from", "", origin, limits.log_ins_from_one_address)
            .await?;
        self.take_from("log-in-to-from", email.expose(), origin, from_one)
            .await?;
        let key = LimitKey::new("log-in-to", email.expose());
        self.take(&key, limits.log_ins_to_one_account_from_anywhere)
            .await
    }

    /// Counts a try of `what` at `whom` for an address and for its site.
    pub(super) async fn take_from(
        &self,
        what: &'static str,
        whom: &str,
        origin: &Origin,
        quota: Quota,
    ) -> Result<(), TooOften> {
        // No e-mail and no address has a line break in it.
        let key = |from: &str| LimitKey::new(what, &format!("{whom}\n{from}"));
        self.take(&key(origin.network()), quota).await?;
        let Some(site) = origin.site() else {
            return Ok(());
        };
        let most = quota.most.saturating_mul(SITE);
        self.take(&key(site), Quota { most, ..quota }).await
    }

    /// Counts a try. While the limiter is out of order everything is allowed:
    /// it must not lock everybody out, and hashing is bounded anyway.
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<(), TooOften> {
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
