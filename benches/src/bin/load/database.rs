use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use voip_benches::sample;
use voip_core::{
    Call, Timestamp, User, UserId,
    ports::{CallStore as _, Clock as _, NewCall, SystemClock, UserStore as _},
};
use voip_store::{SqliteOptions, SqliteStore};

use crate::{Fault, options::Options, paced, workload};

/// The database that every measured server starts with, and the calls in it
/// that are still live.
pub(crate) struct Database {
    template: PathBuf,
    live: Vec<Call>,
    dialled: Vec<Call>,
    copies: Cell<usize>,
}

/// A copy for one server.
pub(crate) struct Copy<'d> {
    pub(crate) path: PathBuf,
    /// Calls that the provider has taken and not yet reported on.
    pub(crate) live: &'d [Call],
    /// Calls that voice clients have placed and nobody has reported on.
    pub(crate) dialled: &'d [Call],
}

/// How many ended calls there are.
const LOGGED: usize = 100_000;

/// The users whose logs are read, and how many of those calls they have.
pub(crate) const SHORT_LOG: (&str, usize) = ("short-log", 10);
pub(crate) const LONG_LOG: (&str, usize) = ("long-log", 1_000);

/// Among how many users the other calls are spread.
const OTHERS: usize = 1_000;

/// How many inserts are under way at a time.
const AT_ONCE: usize = 512;

impl Database {
    /// Makes it in `folder`, through the storage adapter itself.
    pub(crate) async fn fill(folder: &Path, options: &Options) -> Result<Self, Fault> {
        let template = folder.join("template.db");
        let store = SqliteStore::open(SqliteOptions::at(&template))?;
        let now = SystemClock.now();
        let called = User {
            id: sample::named("called"),
            phone: Some(sample::phone(sample::CALLED)),
            created_at: now,
        };
        store.register(&called, None).await?;
        let live_calls = workload::live_calls(options).max(paced::live_calls(options));
        let live: Vec<Call> = (0..live_calls)
            .map(|n| sample::placed(leg(LOGGED + n), sample::user(n % paced::USERS), now))
            .collect();
        let first = LOGGED + live_calls;
        let dialled: Vec<Call> = (0..workload::dialled_calls(options))
            .map(|n| sample::dialled(leg(first + n), sample::user(n % OTHERS), now))
            .collect();
        let calls = (0..LOGGED)
            .map(|n| logged(n, now))
            .chain(live.iter().cloned())
            .chain(dialled.iter().cloned());
        stream::iter(calls)
            .map(|call| {
                let new = NewCall {
                    call,
                    effects: Vec::new(),
                    effects_due: now,
                    key: None,
                };
                store.insert(new)
            })
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        store.close().await?;
        Ok(Self {
            template,
            live,
            dialled,
            copies: Cell::new(0),
        })
    }

    /// A copy for a server of its own.
    pub(crate) fn copy(&self) -> Result<Copy<'_>, Fault> {
        let number = self.copies.replace(self.copies.get() + 1);
        let path = self.template.with_file_name(format!("copy-{number}.db"));
        fs::copy(&self.template, &path)?;
        // Else the first commits would pay for flushing all of it.
        fs::File::open(&path)?.sync_all()?;
        Ok(Copy {
            path,
            live: &self.live,
            dialled: &self.dialled,
        })
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        // The folder goes at the end anyway; this saves room until then.
        let _ = fs::remove_file(&self.path);
    }
}

/// The ended call number `n`. Those of the users whose logs are read are
/// spread over all of time.
fn logged(n: usize, now: Timestamp) -> Call {
    let ago = Duration::from_secs(60) * u32::try_from(LOGGED - n).unwrap_or(u32::MAX);
    sample::ended(sample::placed(leg(n), owner(n), now - ago))
}

fn owner(n: usize) -> UserId {
    for (name, calls) in [SHORT_LOG, LONG_LOG] {
        let every = LOGGED / calls;
        // They fall on different remainders, so neither takes from the other.
        if n % every == calls % 7 {
            return sample::named(name);
        }
    }
    sample::user(n % OTHERS)
}

fn leg(n: usize) -> voip_core::ProviderCallId {
    sample::leg(n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_are_as_long_as_their_rows_say() {
        for (name, calls) in [SHORT_LOG, LONG_LOG] {
            let of_them = (0..LOGGED).filter(|&n| owner(n).as_str() == name).count();
            assert_eq!(of_them, calls);
        }
    }
}
