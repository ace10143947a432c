use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};

use super::SqliteOptions;

/// Room for every statement of this crate.
const STATEMENTS: usize = 64;

/// The connection that writes.
pub(super) fn writing(options: &SqliteOptions) -> rusqlite::Result<Connection> {
    make_private(&options.path);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&options.path, flags)?;
    db.busy_timeout(options.lock_patience)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    // A commit returns once the log is on the disk, not before.
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    // KiB, where negative. The recent calls of a busy server fit.
    db.pragma_update(None, "cache_size", -16384)?;
    // A log that grew under load shrinks again.
    db.pragma_update(None, "journal_size_limit", 32 << 20)?;
    keep_statements(&db)?;
    Ok(db)
}

/// A connection that reads.
pub(super) fn reading(options: &SqliteOptions) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(&options.path, flags)?;
    // Readers never wait for writers in WAL mode, except for a moment while
    // the log is being recovered or reset.
    db.busy_timeout(options.lock_patience.min(Duration::from_secs(1)))?;
    db.pragma_update(None, "query_only", true)?;
    db.pragma_update(None, "cache_size", -1024)?;
    keep_statements(&db)?;
    Ok(db)
}

/// Has statements prepared once. Unless plans must not depend on the values
/// bound, SQLite prepares a statement anew for every other limit or bound.
fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

/// Makes the file, where it is missing, for its owner alone: phone numbers and
/// push tokens will be in it. SQLite gives its other files the same rights.
fn make_private(path: &Path) {
    let mut new = std::fs::OpenOptions::new();
    new.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut new, 0o600);
    // Where this fails there is a file, or SQLite has the better message.
    let _ = new.open(path);
}
