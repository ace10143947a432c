use std::sync::{
    Mutex, MutexGuard, PoisonError, TryLockError,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use rusqlite::Connection;
use voip_core::Result;

use super::{SqliteOptions, connection, failure};

/// The connections that read.
///
/// A read runs on the thread that asks: it takes microseconds, and a hop to
/// another thread would cost more than that.
pub(super) struct Readers {
    options: SqliteOptions,
    connections: Box<[Mutex<Option<Connection>>]>,
    next: AtomicUsize,
    closed: AtomicBool,
}

impl Readers {
    pub(super) fn new(options: SqliteOptions) -> Self {
        let connections = (0..options.readers.max(1))
            .map(|_| Mutex::new(None))
            .collect();
        Self {
            options,
            connections,
            next: AtomicUsize::new(0),
            closed: AtomicBool::new(false),
        }
    }

    /// Runs `query` on a connection of its own, at the last commit.
    pub(super) fn read<T>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let mut place = self.place();
        let db = match &mut *place {
            Some(db) => db,
            // Looked at while the place is held, so that closing misses none.
            _ if self.closed.load(Ordering::SeqCst) => return Err(failure::closed()),
            empty => {
                let db = connection::reading(&self.options);
                empty.insert(db.map_err(|error| failure::opening(&error))?)
            }
        };
        query(db).map_err(|error| failure::running(&error))
    }

    /// Closes all; reads fail from now on.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        for place in &self.connections {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// A connection that is free, else the next in turn once it is.
    fn place(&self) -> MutexGuard<'_, Option<Connection>> {
        for place in &self.connections {
            match place.try_lock() {
                Ok(free) => return free,
                Err(TryLockError::Poisoned(free)) => return free.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed) % self.connections.len();
        self.connections[turn]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
