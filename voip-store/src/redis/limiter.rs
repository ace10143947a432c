use std::{fmt, time::Duration};

use async_trait::async_trait;
use redis::Script;
use voip_core::{
    Result,
    ports::{Allowance, LimitKey, Quota, RateLimiter},
};

use super::RedisLink;

/// A rate limiter on Redis: one count for all nodes, by the server's clock.
///
/// Each key holds the moments of its allowed tries, for as long as they count;
/// one script in one round trip asks and counts.
pub struct RedisRateLimiter {
    link: RedisLink,
    take: Script,
}

/// `KEYS[1]` the key; `ARGV` how many, within how many microseconds. Returns
/// how many microseconds to wait; 0 where it is allowed.
///
/// Should the clock of the server be set back, time stands still rather than
/// runs back.
const TAKE: &str = r"
local most, within = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local last = redis.call('LINDEX', KEYS[1], -1)
if last and tonumber(last) > now then
    now = tonumber(last)
end
local first = redis.call('LINDEX', KEYS[1], 0)
while first and first + within <= now do
    redis.call('LPOP', KEYS[1])
    first = redis.call('LINDEX', KEYS[1], 0)
end
local over = redis.call('LLEN', KEYS[1]) - most
if over >= 0 then
    return redis.call('LINDEX', KEYS[1], over) + within - now
end
redis.call('RPUSH', KEYS[1], string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(within / 1000))
return 0
";

impl RedisRateLimiter {
    /// A limiter on the Redis of `link`.
    pub fn new(link: RedisLink) -> Self {
        let take = Script::new(TAKE);
        Self { link, take }
    }
}

#[async_trait]
impl RateLimiter for RedisRateLimiter {
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Allowance> {
        if quota.most == 0 {
            return Ok(Allowance::Denied {
                retry_after: quota.within,
            });
        }
        let within = u64::try_from(quota.within.as_micros()).unwrap_or(u64::MAX);
        let mut take = self.take.prepare_invoke();
        take.key(self.link.key(format_args!("limit:{key}")))
            .arg(quota.most)
            .arg(within);
        let wait: u64 = self
            .link
            .run_now(async |mut redis| take.invoke_async(&mut redis).await)
            .await?;
        Ok(match wait {
            0 => Allowance::Allowed,
            wait => Allowance::Denied {
                retry_after: Duration::from_micros(wait),
            },
        })
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
