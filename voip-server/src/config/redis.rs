use voip_store::{RedisOptions, RedisUrl};

use super::{Faults, Source};

/// The Redis that nodes share.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// Where it is.
    pub url: RedisUrl,
    /// How it is used.
    pub options: RedisOptions,
}

impl RedisConfig {
    pub(super) fn read(source: &Source, faults: &mut Faults) -> Option<Self> {
        let mut options = RedisOptions::default();
        if let Some(prefix) = source.text("REDIS_PREFIX") {
            options.prefix = prefix;
        }
        let url = source.text("REDIS_URL")?.parse();
        let url = url.map_err(|error: voip_store::InvalidRedisUrl| {
            faults.add("REDIS_URL", error.to_string());
        });
        let url = url.ok()?;
        Some(Self { url, options })
    }
}
