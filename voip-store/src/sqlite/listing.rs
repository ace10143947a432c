//! Keeps logs whole, though lines are written later than their calls.
//!
//! Every log a call is in has its own place in the table of lines, on a page of
//! the file that no other call of the same commit touches. So lines wait in
//! memory, many for each page, until there are too many of them or somebody
//! reads that log. They follow from the calls: after a crash, those of the calls
//! that are not below the row number in `listing` are made anew.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use voip_core::Call;

use super::{
    call_row::{self, columns},
    log_lines,
    unlisted::{Line, Place, Unlisted},
};

/// What part of all lines is written at a time.
const RUN: usize = 64;

/// The lines that are still to be written.
///
/// Only the writing thread changes it, inside a transaction; a transaction that
/// is rolled back makes it begin anew from the database, as does whatever
/// another process writes to the file.
pub(super) struct Listing {
    most: usize,
    /// `None` until somebody has looked.
    known: Mutex<Option<Known>>,
}

struct Known {
    unlisted: Unlisted,
    /// Every call up to this one is listed or here.
    newest: Newest,
    /// What the database says: the calls below are listed.
    below: i64,
    /// Under which names lines were taken that are not committed yet.
    leaving: Vec<Arc<str>>,
}

/// The newest call in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Newest {
    /// How often all calls were deleted, and their rows numbered anew.
    cleared: i64,
    row: i64,
}

impl Listing {
    /// One in which about `most` lines wait.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            known: Mutex::new(None),
        }
    }

    /// Whether the log of `name` may lack a line in the database, of which
    /// `newest` is the [newest] call. For every thread.
    pub(super) fn may_lack(&self, name: &str, newest: Newest) -> bool {
        self.lock().as_ref().is_none_or(|known| {
            // A newer one is another process's, and so are its lines.
            newest > known.newest
                || known.unlisted.has(name)
                || known.leaving.iter().any(|leaving| **leaving == *name)
        })
    }

    /// Begins a transaction: looks for what is unlisted where that is not
    /// known, and writes lines where too many wait, or all where the file is
    /// `shared`, so that another process finds none of them next time.
    pub(super) fn begin(&self, db: &Connection, shared: bool) -> rusqlite::Result<()> {
        self.load(db)?;
        let waiting = self.waiting();
        match waiting.checked_sub(self.most) {
            _ if shared => self.write_all(db),
            None | Some(0) => Ok(()),
            Some(beyond) => {
                let run = beyond.max(self.most / RUN).max(1);
                self.write(db, |unlisted| unlisted.take_in_turn(run))
            }
        }
    }

    /// Writes all lines.
    pub(super) fn write_all(&self, db: &Connection) -> rusqlite::Result<()> {
        self.write(db, Unlisted::take_all)
    }

    /// How many lines wait.
    pub(super) fn waiting(&self) -> usize {
        self.lock().as_ref().map_or(0, |known| known.unlisted.len())
    }

    /// A call was added to the database, as this row.
    pub(super) fn put(&self, call: &Arc<Call>, row: i64) {
        if let Some(known) = self.lock().as_mut() {
            known.unlisted.put(call, row);
            known.newest.row = known.newest.row.max(row);
        }
    }

    /// A call has ended: its owner's line tells so, here or in the database.
    pub(super) fn end(&self, db: &Connection, call: &Arc<Call>) -> rusqlite::Result<()> {
        let here = self
            .lock()
            .as_mut()
            .is_some_and(|known| known.unlisted.renew(call));
        if here {
            return Ok(());
        }
        log_lines::end(db, call)
    }

    /// Takes a call out of all logs.
    pub(super) fn remove(&self, db: &Connection, call: &Call) -> rusqlite::Result<()> {
        self.take(|unlisted| unlisted.take_of(call));
        log_lines::remove(db, call)
    }

    /// Writes all lines under a name.
    pub(super) fn write_under(&self, db: &Connection, name: &str) -> rusqlite::Result<()> {
        self.load(db)?;
        self.write(db, |unlisted| unlisted.take_under(name))
    }

    /// Writes down how far all calls are listed, before a commit.
    pub(super) fn note(&self, db: &Connection) -> rusqlite::Result<()> {
        let mut known = self.lock();
        let Some(known) = known.as_mut() else {
            return Ok(());
        };
        let lowest = known.unlisted.lowest_row();
        let below = lowest.unwrap_or(known.newest.row + 1);
        if !known.leaving.is_empty() && known.below != below {
            set_below(db, below)?;
            known.below = below;
        }
        Ok(())
    }

    /// The transaction is committed.
    pub(super) fn committed(&self) {
        if let Some(known) = self.lock().as_mut() {
            known.leaving.clear();
        }
    }

    /// Looks anew the next time: what is here may not be what the database lacks.
    pub(super) fn forget(&self) {
        *self.lock() = None;
    }

    fn load(&self, db: &Connection) -> rusqlite::Result<()> {
        if self.lock().is_some() {
            return Ok(());
        }
        let below = below(db)?;
        let mut unlisted = Unlisted::default();
        each_from(db, below, |call, row| unlisted.put(&Arc::new(call), row))?;
        *self.lock() = Some(Known {
            unlisted,
            newest: newest(db)?,
            below,
            leaving: Vec::new(),
        });
        Ok(())
    }

    fn write(
        &self,
        db: &Connection,
        take: impl FnOnce(&mut Unlisted) -> Vec<(Place, Line)>,
    ) -> rusqlite::Result<()> {
        // Not in one expression with what follows, which would keep the lock.
        let lines = self.take(take);
        let lines = lines.iter();
        log_lines::add_all(
            db,
            lines.map(|(place, line)| (&*place.name, &*line.call, line.row)),
        )
    }

    fn take(&self, take: impl FnOnce(&mut Unlisted) -> Vec<(Place, Line)>) -> Vec<(Place, Line)> {
        let mut known = self.lock();
        let Some(known) = known.as_mut() else {
            return Vec::new();
        };
        let lines = take(&mut known.unlisted);
        let names = lines.iter().map(|(place, _)| &place.name);
        known.leaving.extend(names.cloned());
        known.leaving.dedup();
        lines
    }

    fn lock(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The newest call.
pub(super) fn newest(db: &Connection) -> rusqlite::Result<Newest> {
    db.prepare_cached(
        "SELECT cleared, (SELECT ifnull(max(call), 0) FROM calls) FROM listing WHERE one = 1",
    )?
    .query_row([], |row| {
        Ok(Newest {
            cleared: row.get(0)?,
            row: row.get(1)?,
        })
    })
}

/// The row below which every call is listed.
fn below(db: &Connection) -> rusqlite::Result<i64> {
    db.prepare_cached("SELECT listed_below FROM listing WHERE one = 1")?
        .query_row([], |row| row.get(0))
}

/// Begins anew, when all calls are deleted.
pub(super) fn clear(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE listing SET listed_below = 0, cleared = cleared + 1 WHERE one = 1")?
        .raw_execute()
        .map(drop)
}

/// Writes down that every call below this row is listed.
fn set_below(db: &Connection, row: i64) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE listing SET listed_below = ? WHERE one = 1")?
        .execute([row])
        .map(drop)
}

/// The calls from this row on that belong into logs.
fn each_from(db: &Connection, row: i64, mut each: impl FnMut(Call, i64)) -> rusqlite::Result<()> {
    let mut calls = db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        ", call FROM calls WHERE call >= ? AND deleted_at IS NULL"
    ))?;
    let mut rows = calls.query([row])?;
    while let Some(row) = rows.next()? {
        each(call_row::read(row)?.call, row.get(23)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use voip_core::table;

    use super::*;
    use crate::sqlite::schema;

    fn fresh(most: usize) -> (Connection, Listing) {
        let mut db = Connection::open_in_memory().unwrap();
        schema::migrate(&mut db).unwrap();
        (db, Listing::new(most))
    }

    fn at(row: i64) -> Newest {
        Newest { cleared: 0, row }
    }

    fn ann() -> Arc<Call> {
        Arc::new(Call {
            owner: Some("ann".parse().unwrap()),
            ..table::calls().remove(0).1
        })
    }

    #[test]
    fn a_log_may_lack_lines_until_they_are_committed() {
        let (db, listing) = fresh(1_000);
        assert!(listing.may_lack("ann", at(0)), "nobody has looked");
        listing.begin(&db, false).unwrap();
        assert!(!listing.may_lack("ann", at(0)));
        assert!(listing.may_lack("ann", at(1)), "another has added a call");
        clear(&db).unwrap();
        let cleared = newest(&db).unwrap();
        assert!(listing.may_lack("ann", cleared), "another has deleted all");
        listing.put(&ann(), 1);
        assert!(listing.may_lack("ann", at(1)) && !listing.may_lack("bob", at(1)));
        listing.write_under(&db, "ann").unwrap();
        assert!(listing.may_lack("ann", at(1)), "they are not committed");
        listing.note(&db).unwrap();
        listing.committed();
        assert!(!listing.may_lack("ann", at(1)));
        listing.forget();
        assert!(listing.may_lack("bob", at(1)));
    }

    #[test]
    fn a_file_that_is_shared_is_left_with_few_lines_missing() {
        let (db, listing) = fresh(1_000);
        listing.begin(&db, false).unwrap();
        listing.put(&ann(), 1);
        listing.begin(&db, false).unwrap();
        assert_ne!(listing.waiting(), 0, "there is room for more");
        listing.begin(&db, true).unwrap();
        listing.note(&db).unwrap();
        assert_eq!((listing.waiting(), below(&db).unwrap()), (0, 2));
    }
}
