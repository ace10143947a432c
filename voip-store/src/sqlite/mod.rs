//! Storage in one SQLite file.
//!
//! One thread writes, many writes to a commit; reads run where they are asked
//! for. The statements are in `saving`, `finding`, `live`, `log_lines`, `listing`,
//! `effects`, `users`, `accounts` and `archive`; why it is built like this is in `docs/adr/0001-rusqlite-for-sqlite.md`.

mod accounts;
mod archive;
mod batch;
mod call_row;
mod calls;
mod connection;
mod deleting;
mod directory;
mod effects;
mod failure;
mod finding;
mod gathering;
mod listing;
mod live;
mod log_lines;
mod long_reads;
mod options;
#[cfg(test)]
mod plans;
mod readers;
mod recent;
mod remembered;
mod saving;
mod schema;
mod unlisted;
mod users;
mod writer;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, atomic::AtomicBool},
};

use voip_core::{Error, ErrorKind, Result};

pub use options::SqliteOptions;
pub use writer::WriteStats;

use listing::Listing;
use long_reads::LongReads;
use readers::Readers;
use recent::Recent;
use writer::Writer;

/// Calls, users and accounts in one SQLite file.
///
/// A write that has returned survives loss of power, except
/// [`settle_effect`](voip_core::ports::CallStore::settle_effect), which is only
/// queued. Writes of one store share flushes of the disk, so they take the
/// longer one by one and the less of the machine the more there are at once.
/// A dropped write future leaves its write in the queue.
///
/// The lines of call logs are written later than their calls, up to
/// [`waiting_lines`](SqliteOptions::waiting_lines) of them; reading a log writes
/// those that it lacks, and so does closing.
///
/// Another process may open the same file, as administrative commands do; this
/// store sees at its next write that a call it works on was changed or deleted.
pub struct SqliteStore {
    path: PathBuf,
    writer: Writer,
    readers: Readers,
    long_reads: LongReads,
    recent: Arc<Recent>,
    listing: Arc<Listing>,
    /// Whether a report may be kept; never false where one is.
    reports: AtomicBool,
}

impl SqliteStore {
    /// Opens the file, making it where it is missing and bringing it up to
    /// date where it is old. Blocks for some milliseconds.
    ///
    /// # Errors
    /// `Misconfigured` when the file is not ours, belongs to the earlier
    /// system, or is newer than this program: it is left as it is.
    /// `Unavailable` when it cannot be opened.
    pub fn open(options: SqliteOptions) -> Result<Self> {
        schema::inspect(&options.path)?;
        let mut db = connection::writing(&options).map_err(|error| failure::opening(&error))?;
        schema::migrate(&mut db)?;
        let path = options.path.clone();
        let reports = effects::any_kept(&db).map_err(|error| failure::opening(&error))?;
        let recent = Arc::new(Recent::default());
        let listing = Arc::new(Listing::new(options.waiting_lines));
        let writer = Writer::start(db, &options, Arc::clone(&recent), Arc::clone(&listing))?;
        Ok(Self {
            path,
            writer,
            long_reads: LongReads::new(options.clone()),
            readers: Readers::new(options),
            recent,
            listing,
            reports: AtomicBool::new(reports),
        })
    }

    /// What the writer has done so far.
    pub fn write_stats(&self) -> WriteStats {
        self.writer.stats()
    }

    /// Carries out all writes that wait, then closes the file. Reads and
    /// writes fail from then on; closing again is fine.
    ///
    /// Dropping the store writes everything too, but nobody can wait for it.
    ///
    /// # Errors
    /// `Internal` when the writing thread has died before.
    pub async fn close(&self) -> Result<()> {
        self.readers.close();
        self.long_reads.close();
        self.recent.close();
        let Some(thread) = self.writer.stop() else {
            return Ok(());
        };
        let ended = tokio::task::spawn_blocking(move || thread.join()).await;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::new(
                ErrorKind::Internal,
                "the thread that writes the database died",
            )),
        }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
