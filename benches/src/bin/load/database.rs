use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::runtime::Runtime;
use voip_benches::sample;
use voip_core::{
    Call, Timestamp, User, UserId,
    ports::{CallStore, Clock as _, NewCall, SystemClock, UserStore},
};
use voip_store::{
    MySqlOptions, MySqlStore, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore,
};

use crate::{
    Fault,
    options::Options,
    paced,
    place::{OnServer, Place},
    workload,
};

/// The database that every measured server starts with, and the calls in it
/// that are still live.
pub(crate) struct Database<'r> {
    runtime: &'r Runtime,
    folder: PathBuf,
    /// The administrator of a database server; an SQLite file is copied without.
    admin: Option<String>,
    live: Vec<Call>,
    dialled: Vec<Call>,
    copies: Cell<usize>,
}

/// A copy for one server, or several nodes.
pub(crate) struct Copy<'d> {
    pub(crate) place: Place,
    /// Calls that the provider has taken and not yet reported on.
    pub(crate) live: &'d [Call],
    /// Calls that voice clients have placed and nobody has reported on.
    pub(crate) dialled: &'d [Call],
    kept: Kept<'d>,
}

enum Kept<'d> {
    InFile(PathBuf),
    OnServer(&'d Runtime, OnServer),
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

impl<'r> Database<'r> {
    /// Makes it: an SQLite file in `folder`, or what it takes to fill a database
    /// on a server for each copy.
    pub(crate) fn fill(
        runtime: &'r Runtime,
        folder: &Path,
        options: &Options,
    ) -> Result<Self, Fault> {
        let now = SystemClock.now();
        let live_calls = workload::live_calls(options).max(paced::live_calls(options));
        let live: Vec<Call> = (0..live_calls)
            .map(|n| sample::placed(leg(LOGGED + n), sample::user(n % paced::USERS), now))
            .collect();
        let first = LOGGED + live_calls;
        let dialled: Vec<Call> = (0..workload::dialled_calls(options))
            .map(|n| sample::dialled(leg(first + n), sample::user(n % OTHERS), now))
            .collect();
        let database = Self {
            runtime,
            folder: folder.to_owned(),
            admin: options.database.clone(),
            live,
            dialled,
            copies: Cell::new(0),
        };
        if database.admin.is_none() {
            let store = SqliteStore::open(SqliteOptions::at(database.template()))?;
            runtime.block_on(async {
                database.write(&store).await?;
                store.close().await.map_err(Fault::from)
            })?;
        }
        Ok(database)
    }

    fn template(&self) -> PathBuf {
        self.folder.join("template.db")
    }

    /// Writes everything, through the storage adapter itself.
    async fn write<S: CallStore + UserStore>(&self, store: &S) -> Result<(), Fault> {
        let now = SystemClock.now();
        let called = User {
            id: sample::named("called"),
            phone: Some(sample::phone(sample::CALLED)),
            created_at: now,
        };
        store.register(&called, None).await?;
        let calls = (0..LOGGED)
            .map(|n| logged(n, now))
            .chain(self.live.iter().cloned())
            .chain(self.dialled.iter().cloned());
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
        Ok(())
    }

    /// A copy for a server of its own, or for several nodes.
    pub(crate) fn copy(&self) -> Result<Copy<'_>, Fault> {
        let number = self.copies.replace(self.copies.get() + 1);
        let path = self.folder.join(format!("copy-{number}.db"));
        let (place, kept) = match &self.admin {
            None => {
                fs::copy(self.template(), &path)?;
                // Else the first commits would pay for flushing all of it.
                fs::File::open(&path)?.sync_all()?;
                (Place::file(&path), Kept::InFile(path))
            }
            Some(admin) => {
                let server = self.runtime.block_on(self.on_server(admin))?;
                let place = Place {
                    url: server.url()?,
                    prefix: format!("{}:", server.name()),
                    log: path.with_extension("log"),
                };
                (place, Kept::OnServer(self.runtime, server))
            }
        };
        Ok(Copy {
            place,
            live: &self.live,
            dialled: &self.dialled,
            kept,
        })
    }

    async fn on_server(&self, admin: &str) -> Result<OnServer, Fault> {
        let server = OnServer::make(admin).await?;
        let url = server.url()?;
        if url.starts_with("mysql:") {
            let store = MySqlStore::connect(MySqlOptions::at(&url)?).await?;
            self.write(&store).await?;
            store.close().await?;
        } else {
            let store = PostgresStore::connect(PostgresOptions::at(&url)?).await?;
            self.write(&store).await?;
            store.close().await?;
        }
        Ok(server)
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        // What stays behind takes room, no more.
        match &self.kept {
            Kept::InFile(path) => drop(fs::remove_file(path)),
            Kept::OnServer(runtime, server) => drop(runtime.block_on(server.remove())),
        }
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
