use std::{cell::Cell, os::raw::c_int, sync::atomic::Ordering};

use rusqlite::{Connection, hooks::Wal};
use tokio::sync::mpsc;
use voip_core::Error;

use super::{
    failure,
    writer::{BATCH, Counters, Write},
};

/// How many pages of log are copied into the database file at a time: 8 MiB.
/// The more, the more often a page that changes all the time is copied once
/// for many changes; the fewer, the faster a crashed server opens again.
const CHECKPOINT_PAGES: c_int = 2048;

thread_local! {
    /// The pages in the log after the last commit of this thread.
    static LOG_PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// Carries out writes until the queue is closed and empty.
pub(super) fn run(db: Connection, mut queue: mpsc::Receiver<Box<dyn Write>>, counters: &Counters) {
    // Instead of SQLite's own checkpoints, which keep everybody waiting whose
    // commit happens to bring one about.
    db.wal_hook(Some(|_: &Wal, pages| {
        LOG_PAGES.set(pages);
        Ok(())
    }));
    let mut batches = Batches { db, flushes: true };
    let mut writes = Vec::with_capacity(BATCH);
    while queue.blocking_recv_many(&mut writes, BATCH) > 0 {
        batches.carry_out(&mut writes, counters);
        if LOG_PAGES.get() >= CHECKPOINT_PAGES {
            batches.checkpoint();
        }
    }
}

struct Batches {
    db: Connection,
    /// Whether a commit waits for the disk.
    flushes: bool,
}

/// Why nothing of a batch is written.
enum Undone {
    /// One of the writes failed.
    ByWrite,
    /// The transaction could not begin or go on.
    Before(rusqlite::Error),
    /// The commit failed, so the disk may hold it or not.
    InCommit(rusqlite::Error),
}

/// The writes of a batch that failed alone, by their places in it.
type Failed = Vec<(usize, rusqlite::Error)>;

impl Batches {
    /// Runs `writes` in one transaction, then tells each what became of it.
    fn carry_out(&mut self, writes: &mut Vec<Box<dyn Write>>, counters: &Counters) {
        let mut outcome = self.transaction(writes, false);
        if matches!(outcome, Err(Undone::ByWrite)) {
            // Seldom; now each in a savepoint, so that the others do not suffer.
            outcome = self.transaction(writes, true);
        }
        let (failed, undone) = match outcome {
            Ok(failed) => (failed, None),
            Err(undone) => (Failed::new(), Some(undone)),
        };
        let failures = if undone.is_some() {
            writes.len()
        } else {
            failed.len()
        };
        counters
            .failures
            .fetch_add(failures as u64, Ordering::Relaxed);
        counters
            .writes
            .fetch_add((writes.len() - failures) as u64, Ordering::Relaxed);
        counters
            .commits
            .fetch_add(u64::from(undone.is_none()), Ordering::Relaxed);

        let mut failed = failed.into_iter().peekable();
        for (place, write) in writes.drain(..).enumerate() {
            write.tell(match (&undone, failed.next_if(|(at, _)| *at == place)) {
                (Some(undone), _) => Err(undone.error()),
                (None, Some((_, error))) => Err(failure::running(&error)),
                (None, None) => Ok(()),
            });
        }
    }

    fn transaction(
        &mut self,
        writes: &mut [Box<dyn Write>],
        apart: bool,
    ) -> Result<Failed, Undone> {
        // A later commit that does wait takes along what one before it left
        // to the operating system.
        let flush = writes.iter().any(|write| write.is_awaited());
        let outcome = self.begin(flush).and_then(|()| {
            let failed = if apart {
                self.each_apart(writes)?
            } else {
                self.all(writes)?
            };
            self.execute("COMMIT").map_err(Undone::InCommit)?;
            Ok(failed)
        });
        if outcome.is_err() && !self.db.is_autocommit() {
            // Fails only where SQLite has rolled back by itself.
            let _ = self.execute("ROLLBACK");
        }
        outcome
    }

    fn begin(&mut self, flush: bool) -> Result<(), Undone> {
        if flush != self.flushes {
            let level = if flush { "FULL" } else { "NORMAL" };
            self.db
                .pragma_update(None, "synchronous", level)
                .map_err(Undone::Before)?;
            self.flushes = flush;
        }
        self.execute("BEGIN IMMEDIATE").map_err(Undone::Before)
    }

    fn all(&self, writes: &mut [Box<dyn Write>]) -> Result<Failed, Undone> {
        for write in writes {
            write
                .run(&self.db)
                .map_err(|error| self.write_failed(error))?;
        }
        Ok(Failed::new())
    }

    fn each_apart(&self, writes: &mut [Box<dyn Write>]) -> Result<Failed, Undone> {
        let mut failed = Failed::new();
        for (place, write) in writes.iter_mut().enumerate() {
            self.execute("SAVEPOINT one").map_err(Undone::Before)?;
            if let Err(error) = write.run(&self.db) {
                if self.db.is_autocommit() {
                    return Err(Undone::Before(error));
                }
                self.execute("ROLLBACK TO one").map_err(Undone::Before)?;
                failed.push((place, error));
            }
            self.execute("RELEASE one").map_err(Undone::Before)?;
        }
        Ok(failed)
    }

    /// Some errors, such as a full disk, make SQLite undo the transaction.
    fn write_failed(&self, error: rusqlite::Error) -> Undone {
        match self.db.is_autocommit() {
            true => Undone::Before(error),
            false => Undone::ByWrite,
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.db.prepare_cached(sql)?.raw_execute().map(drop)
    }

    /// Copies the log into the database file.
    fn checkpoint(&self) {
        // A reader may keep part of the log in place; the next time gets on.
        let done = self
            .db
            .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        LOG_PAGES.set(0);
        if let Err(error) = done {
            let error = failure::running(&error);
            tracing::warn!(%error, "the database log could not be copied into its file");
        }
    }
}

impl Undone {
    fn error(&self) -> Error {
        match self {
            // Second attempts run apart, where no write fails for all.
            Self::ByWrite => Error::new(
                voip_core::ErrorKind::Internal,
                "another write of the same transaction failed",
            ),
            Self::Before(error) => failure::running(error),
            Self::InCommit(error) => failure::running(error).ambiguous(),
        }
    }
}
