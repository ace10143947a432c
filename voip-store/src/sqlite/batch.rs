use std::{
    cell::Cell,
    os::raw::c_int,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering},
};

use rusqlite::{Connection, hooks::Wal};
use tokio::sync::mpsc;
use voip_core::Error;

use super::{
    failure,
    gathering::{self, GATHERING},
    listing::Listing,
    live,
    recent::Recent,
    remembered::MOST,
    writer::{BATCH, Counters, LazyWrites, Write},
};

/// How many pages of log are copied into the database file at a time: 32 MiB.
/// The more, the more often a page that changes all the time is copied once
/// for many changes; the fewer, the faster a crashed server opens again.
const CHECKPOINT_PAGES: c_int = 8192;

thread_local! {
    /// The pages in the log after the last commit of this thread.
    static LOG_PAGES: Cell<c_int> = const { Cell::new(0) };
}

/// Carries out writes until the queue is closed and empty.
pub(super) fn run(
    db: Connection,
    mut queue: mpsc::Receiver<Box<dyn Write>>,
    lazy: &LazyWrites,
    recent: Arc<Recent>,
    listing: Arc<Listing>,
    counters: &Counters,
) {
    // Instead of SQLite's own checkpoints, which keep everybody waiting whose
    // commit happens to bring one about.
    db.wal_hook(Some(|_: &Wal, pages| {
        LOG_PAGES.set(pages);
        Ok(())
    }));
    let mut batches = Batches {
        db,
        recent,
        listing,
        flushes: true,
        others: None,
    };
    let mut writes = Vec::with_capacity(BATCH);
    let mut last = 0;
    loop {
        let open = queue.blocking_recv_many(&mut writes, BATCH) > 0;
        gathering::gather(&mut queue, &mut writes, last, || {
            std::thread::sleep(GATHERING);
        });
        last = writes.len();
        lazy.take_before(&mut writes);
        if writes.is_empty() && !open {
            break;
        }
        let work = AssertUnwindSafe(|| batches.carry_out(&mut writes, counters));
        if catch_unwind(work).is_err() {
            // Our bug, but no reason for the server to write nothing any more.
            tracing::error!("a database write panicked; its batch is given up");
            writes.clear();
            batches.roll_back();
        }
        if LOG_PAGES.get() >= CHECKPOINT_PAGES {
            batches.checkpoint();
        }
    }
    batches.write_waiting_lines();
}

struct Batches {
    db: Connection,
    recent: Arc<Recent>,
    listing: Arc<Listing>,
    /// Whether a commit waits for the disk.
    flushes: bool,
    /// SQLite's number for what other connections have written.
    others: Option<i64>,
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
        if undone.is_some() {
            // What a commit that failed has left is anybody's guess.
            self.recent.clear();
        }
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
            self.commit()?;
            Ok(failed)
        });
        if outcome.is_err() {
            self.roll_back();
        }
        outcome
    }

    fn commit(&self) -> Result<(), Undone> {
        self.listing.note(&self.db).map_err(Undone::Before)?;
        self.execute("COMMIT").map_err(Undone::InCommit)?;
        self.listing.committed();
        Ok(())
    }

    /// Writes the lines of logs that wait, before the file is closed. Where it
    /// fails, whoever opens the file next makes them anew.
    fn write_waiting_lines(&mut self) {
        if self.listing.waiting() == 0 {
            return;
        }
        let written = self.begin(false).and_then(|()| {
            let all = self.listing.write_all(&self.db);
            all.map_err(Undone::Before)?;
            self.commit()
        });
        if let Err(undone) = written {
            self.roll_back();
            let error = undone.error();
            tracing::warn!(%error, "lines of call logs are left for the next start");
        }
    }

    fn roll_back(&self) {
        self.listing.forget();
        if !self.db.is_autocommit() {
            // Fails only where SQLite has done it by itself.
            let _ = self.execute("ROLLBACK");
        }
    }

    fn begin(&mut self, flush: bool) -> Result<(), Undone> {
        if flush != self.flushes {
            let level = if flush { "FULL" } else { "NORMAL" };
            self.db
                .pragma_update(None, "synchronous", level)
                .map_err(Undone::Before)?;
            self.flushes = flush;
        }
        self.execute("BEGIN IMMEDIATE").map_err(Undone::Before)?;
        let others = self
            .db
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut pragma| pragma.query_row([], |row| row.get(0)))
            .map_err(Undone::Before)?;
        let before = self.others.replace(others);
        if before != Some(others) {
            self.recent.clear();
            self.listing.forget();
        }
        if self.recent.is_new() {
            let found = live::all(&self.db, MOST + 1).map_err(Undone::Before)?;
            self.recent.begin_with(found);
        }
        let shared = before.is_some_and(|before| before != others);
        self.listing.begin(&self.db, shared).map_err(Undone::Before)
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
                self.listing.forget();
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use voip_core::{Call, CallId};

    use super::*;
    use crate::sqlite::{
        listing,
        saving::{self, Added},
        schema,
    };

    /// A write of one row, and what it was told.
    struct Row {
        size: i64,
        awaited: bool,
        told: Arc<Mutex<Vec<Result<(), Error>>>>,
    }

    impl Write for Row {
        fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
            assert_ne!(self.size, 666, "a bug");
            db.execute("INSERT INTO t VALUES (zeroblob(?))", [self.size])
                .map(drop)
        }

        fn is_awaited(&self) -> bool {
            self.awaited
        }

        fn tell(self: Box<Self>, outcome: Result<(), Error>) {
            self.told.lock().unwrap().push(outcome);
        }
    }

    #[derive(Default)]
    struct Bench {
        told: Arc<Mutex<Vec<Result<(), Error>>>>,
        counters: Counters,
    }

    impl Bench {
        fn row(&self, size: i64, awaited: bool) -> Box<dyn Write> {
            Box::new(Row {
                size,
                awaited,
                told: Arc::clone(&self.told),
            })
        }
    }

    /// There are no calls in this database.
    fn nothing_to_remember() -> Arc<Recent> {
        let recent = Recent::default();
        recent.close();
        Arc::new(recent)
    }

    fn nothing_to_list() -> Arc<Listing> {
        Arc::new(Listing::new(0))
    }

    fn batches() -> Batches {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        db.execute_batch("CREATE TABLE t (x BLOB) STRICT").unwrap();
        Batches {
            db,
            recent: nothing_to_remember(),
            listing: nothing_to_list(),
            flushes: true,
            others: None,
        }
    }

    fn number(db: &Connection, sql: &str) -> i64 {
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn only_writes_that_somebody_waits_for_wait_for_the_disk() {
        let (mut batches, bench) = (batches(), Bench::default());
        for (awaited, level) in [(false, 1), (true, 2), (true, 2), (false, 1), (true, 2)] {
            batches.carry_out(&mut vec![bench.row(1, awaited)], &bench.counters);
            assert_eq!(number(&batches.db, "PRAGMA synchronous"), level);
        }
        batches.carry_out(
            &mut vec![bench.row(1, false), bench.row(1, true)],
            &bench.counters,
        );
        assert_eq!(
            number(&batches.db, "PRAGMA synchronous"),
            2,
            "one who waits is enough"
        );
        assert!(bench.told.lock().unwrap().iter().all(Result::is_ok));
        assert_eq!(number(&batches.db, "SELECT count(*) FROM t"), 7);
    }

    #[test]
    fn a_full_disk_fails_what_does_not_fit_and_passes() {
        let (mut batches, bench) = (batches(), Bench::default());
        let pages = number(&batches.db, "PRAGMA page_count");
        batches
            .db
            .pragma_update(None, "max_page_count", pages + 18)
            .unwrap();
        let mut writes = vec![
            bench.row(10, true),
            bench.row(1 << 20, true),
            bench.row(10, true),
        ];
        batches.carry_out(&mut writes, &bench.counters);
        let told = std::mem::take(&mut *bench.told.lock().unwrap());
        let error = told[1].as_ref().unwrap_err();
        assert_eq!(error.kind(), voip_core::ErrorKind::Unavailable);
        assert!(error.to_string().contains("full"), "{error}");
        let written = told.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(
            number(&batches.db, "SELECT count(*) FROM t"),
            written as i64
        );

        batches.carry_out(&mut vec![bench.row(10, true)], &bench.counters);
        assert!(bench.told.lock().unwrap()[0].is_ok(), "it goes on");
        assert!(batches.db.is_autocommit());
    }

    /// Puts a call on record, or fails after that.
    struct NewCall {
        call: Arc<Call>,
        listing: Arc<Listing>,
        fails: bool,
    }

    impl Write for NewCall {
        fn run(&mut self, db: &Connection) -> rusqlite::Result<()> {
            let new = voip_core::ports::NewCall {
                call: (*self.call).clone(),
                effects: vec![],
                effects_due: self.call.created_at,
                key: None,
            };
            if let Added::New(row) = saving::insert(db, &new)? {
                self.listing.put(&self.call, row);
            }
            match self.fails {
                true => Err(rusqlite::Error::InvalidQuery),
                false => Ok(()),
            }
        }

        fn is_awaited(&self) -> bool {
            true
        }

        fn tell(self: Box<Self>, outcome: Result<(), Error>) {
            assert_eq!(outcome.is_err(), self.fails);
        }
    }

    #[test]
    fn a_write_that_fails_leaves_no_line_and_takes_none_of_the_others() {
        let (mut batches, bench) = (batches(), Bench::default());
        batches.listing = Arc::new(Listing::new(1_000));
        let calls = voip_core::table::calls().into_iter().take(3);
        let mut names = Vec::new();
        let write = |(place, (_, call)): (usize, (_, Call))| {
            let call = Call {
                id: CallId::fresh(),
                provider_id: None,
                owner: Some(format!("user{place}").parse().unwrap()),
                ..call
            };
            names.push(format!("user{place}"));
            let write: Box<dyn Write> = Box::new(NewCall {
                call: Arc::new(call),
                listing: Arc::clone(&batches.listing),
                fails: place == 1,
            });
            write
        };
        let mut writes: Vec<_> = calls.enumerate().map(write).collect();
        assert!(batches.transaction(&mut writes, false).is_err());
        assert_eq!(batches.listing.waiting(), 0, "nothing is in the database");
        batches.carry_out(&mut writes, &bench.counters);
        assert_eq!(number(&batches.db, "SELECT count(*) FROM calls"), 2);
        let newest = listing::newest(&batches.db).unwrap();
        assert!(batches.listing.may_lack("user0", newest), "it waits");
        batches.write_waiting_lines();
        batches.carry_out(&mut vec![bench.row(1, true)], &bench.counters);
        batches.write_waiting_lines();
        for (name, lines) in names.iter().zip([1, 0, 1]) {
            let found = format!("SELECT count(*) FROM log_lines WHERE name = '{name}'");
            assert_eq!(number(&batches.db, &found), lines, "{name}");
        }
    }

    #[test]
    fn a_panic_costs_its_batch_and_not_the_thread() {
        let bench = Bench::default();
        let (sender, receiver) = mpsc::channel(8);
        let Batches { db, .. } = batches();
        sender
            .try_send(bench.row(1, true))
            .unwrap_or_else(|_| panic!("there is room"));
        sender
            .try_send(bench.row(666, true))
            .unwrap_or_else(|_| panic!("there is room"));
        let counters = Counters::default();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                run(
                    db,
                    receiver,
                    &LazyWrites::default(),
                    nothing_to_remember(),
                    nothing_to_list(),
                    &counters,
                );
            });
            while sender.capacity() < 8 {
                std::thread::yield_now();
            }
            sender
                .blocking_send(bench.row(1, true))
                .unwrap_or_else(|_| panic!("it is open"));
            drop(sender);
        });
        let told = bench.told.lock().unwrap();
        assert_eq!(
            told.len(),
            1,
            "the batch is given up, the next write is not"
        );
        assert!(told[0].is_ok());
    }
}
