use std::time::Duration;

use voip_core::{AccountLimits, ports::Quota};

use super::{Faults, Source};

/// How logging in works.
#[derive(Clone, Copy, Debug)]
pub struct LoginConfig {
    /// How long a login lasts.
    pub ttl: Duration,
    /// How long the token of a voice client lasts; a day at most.
    pub voice_token_ttl: Duration,
    /// How often somebody may try.
    pub limits: AccountLimits,
    /// Whether whoever comes may make an account.
    pub sign_ups: bool,
    /// How many proxies of ours stand before the server.
    pub trusted_proxies: usize,
}

impl Default for LoginConfig {
    fn default() -> Self {
        Self {
            ttl: Duration::from_secs(12 * 60 * 60),
            voice_token_ttl: Duration::from_secs(60 * 60),
            limits: AccountLimits::default(),
            sign_ups: true,
            trusted_proxies: 0,
        }
    }
}

impl LoginConfig {
    pub(super) fn read(source: &Source, faults: &mut Faults) -> Self {
        let default = Self::default();
        let mut lifetime = |name, default, most: u64| {
            let ttl = source.seconds(name, default, faults);
            if !(60..=most).contains(&ttl.as_secs()) {
                faults.add(name, format!("must be from 60 to {most}"));
            }
            ttl
        };
        let ttl = lifetime("LOGIN_TTL_SECONDS", default.ttl, 366 * 24 * 60 * 60);
        let voice_token_ttl = lifetime(
            "VOICE_TOKEN_TTL_SECONDS",
            default.voice_token_ttl,
            24 * 60 * 60,
        );
        let mut quota = |name, default: Quota| {
            let most = source.parsed(name, default.most, faults);
            if !(1..=1_000_000).contains(&most) {
                faults.add(name, "must be from 1 to 1000000");
            }
            Quota { most, ..default }
        };
        let limits = default.limits;
        let limits = AccountLimits {
            log_ins_to_one_account: quota("LOGINS_PER_MINUTE", limits.log_ins_to_one_account),
            log_ins_to_one_account_from_anywhere: quota(
                "ACCOUNT_LOGINS_PER_MINUTE",
                limits.log_ins_to_one_account_from_anywhere,
            ),
            log_ins_from_one_address: quota(
                "ADDRESS_LOGINS_PER_MINUTE",
                limits.log_ins_from_one_address,
            ),
            sign_ups_from_one_address: quota(
                "ADDRESS_SIGNUPS_PER_HOUR",
                limits.sign_ups_from_one_address,
            ),
        };
        Self {
            ttl,
            voice_token_ttl,
            limits,
            sign_ups: source.parsed("ALLOW_SIGNUP", default.sign_ups, faults),
            trusted_proxies: source.parsed("TRUSTED_PROXIES", default.trusted_proxies, faults),
        }
    }
}
