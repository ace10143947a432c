//! The port to what counts how often something is tried.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use crate::Result;

/// Counts tries, so that nobody tries too often.
///
/// Exact over every stretch of time: among any tries that fall within
/// [`Quota::within`], at most [`Quota::most`] are allowed. One call is one
/// question and one answer, so that a limiter shared by several nodes can be
/// one script on their server, by that server's clock.
///
/// # Contract
/// - `as_many_as_the_quota_says_are_allowed`
/// - `a_denied_try_says_when_the_next_is_allowed`
/// - `no_stretch_of_time_has_more_than_the_quota`
/// - `denied_tries_do_not_count`
/// - `keys_do_not_disturb_each_other`
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync + 'static {
    /// Counts one try of `key` now, if `quota` allows it. Ask with the same
    /// quota for the same key; after another, it is kept to from then on.
    ///
    /// # Errors
    /// `Unavailable` or `Timeout`: nothing is known of the tries so far.
    async fn take(&self, key: &LimitKey, quota: Quota) -> Result<Allowance>;
}

/// How often something may be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// So many tries…
    pub most: u32,
    /// …in any stretch of this length.
    pub within: Duration,
}

impl Quota {
    /// So many tries in any minute.
    pub const fn a_minute(most: u32) -> Self {
        let within = Duration::from_secs(60);
        Self { most, within }
    }

    /// So many tries in any hour.
    pub const fn an_hour(most: u32) -> Self {
        let within = Duration::from_secs(3600);
        Self { most, within }
    }
}

/// Whether a try is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// It is, and was counted.
    Allowed,
    /// It is not, and was not counted.
    Denied {
        /// How long until the next one is.
        retry_after: Duration,
    },
}

/// Whose tries are counted: what is tried, and the start of a hash of who
/// tries, so that no address or e-mail gets anywhere where keys are seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LimitKey {
    what: &'static str,
    who: [u8; 16],
}

impl LimitKey {
    /// The tries of `what` by `who`.
    pub fn new(what: &'static str, who: &str) -> Self {
        let hash = Sha256::digest(who.as_bytes());
        let mut start = [0; 16];
        start.copy_from_slice(&hash[..16]);
        Self { what, who: start }
    }
}

/// The form in which a shared limiter keeps it.
impl fmt::Display for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.what)?;
        self.who.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LimitKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LimitKey({}, …)", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_and_not_who() {
        let key = LimitKey::new("log-in", "ann@example.com");
        assert_eq!(key, LimitKey::new("log-in", "ann@example.com"));
        assert_ne!(key, LimitKey::new("log-in", "bob@example.com"));
        assert_ne!(key, LimitKey::new("sign-up", "ann@example.com"));
        assert!(!format!("{key} {key:?}").contains("ann"));
        // The beginning of what `sha256sum` says.
        let empty = LimitKey::new("log-in", "").to_string();
        assert_eq!(empty, "log-in:e3b0c44298fc1c149afbf4c8996fb924");
    }
}
