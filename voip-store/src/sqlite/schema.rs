use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use voip_core::{Error, ErrorKind, Result};

use super::failure;

/// Marks a file as ours in its header: "VoIP" in ASCII.
const APPLICATION_ID: i64 = 0x566f_4950;

/// The schema, change after change. A change is never edited once released;
/// `PRAGMA user_version` counts those that a file has had.
const MIGRATIONS: &[&str] = &[include_str!(
    "../../migrations/sqlite/0001_calls_and_users.sql"
)];

/// The format this program writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;

/// Refuses a file that is not ours or is newer than we are, without writing to
/// it. A file that is missing or empty is fine.
pub(super) fn inspect(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(file) if file.len() > 0 => {}
        Ok(_) | Err(_) => return Ok(()),
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = match uri_at_rest(path) {
        Some(uri) => Connection::open_with_flags(uri, flags | OpenFlags::SQLITE_OPEN_URI),
        None => Connection::open_with_flags(path, flags),
    };
    let db = db.map_err(|error| failure::opening(&error))?;
    judge(&db).map_err(|error| failure::opening(&error))?
}

/// The URI of a file that nobody is writing, so that it can be read without
/// locks; SQLite would lay two files for those beside it, and leave them.
fn uri_at_rest(path: &Path) -> Option<String> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(log).is_ok_and(|log| log.len() > 0) {
        return None;
    }
    let mut uri = String::from("file:");
    for part in path.to_str()?.chars() {
        match part {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            plain => uri.push(plain),
        }
    }
    uri.push_str("?immutable=1");
    Some(uri)
}

/// Brings the file up to date.
pub(super) fn migrate(db: &mut Connection) -> Result<()> {
    brought_up_to_date(db).map_err(|error| failure::opening(&error))?
}

fn brought_up_to_date(db: &mut Connection) -> rusqlite::Result<Result<()>> {
    if user_version(db)? == FORMAT {
        return Ok(Ok(()));
    }
    let transaction = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Somebody else may have been faster, or have put something else here.
    if let Err(refusal) = judge(&transaction)? {
        return Ok(Err(refusal));
    }
    let done = usize::try_from(user_version(&transaction)?).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", FORMAT)?;
    transaction.commit()?;
    Ok(Ok(()))
}

/// Whether the file behind `db` is ours and not newer than we are, or has
/// nothing in it.
fn judge(db: &Connection) -> rusqlite::Result<Result<()>> {
    let application: i64 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application == APPLICATION_ID {
        let version = user_version(db)?;
        let known = MIGRATIONS.len();
        return Ok(
            match usize::try_from(version).is_ok_and(|version| version <= known) {
                true => Ok(()),
                false => Err(refused(format!(
                    "the database file was written by a newer version of this program \
                 (its format is {version}, this program knows {known}); use that version"
                ))),
            },
        );
    }
    let tables: i64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 && application == 0 {
        return Ok(Ok(()));
    }
    let earlier: bool = db.query_row(
        "SELECT count(*) = 2 FROM sqlite_schema \
         WHERE type = 'table' AND name IN ('users', 'call_logs')",
        [],
        |row| row.get(0),
    )?;
    Ok(Err(refused(match earlier {
        true => "the database file belongs to the earlier Node.js system, which also calls it \
                 voip.db; it was left as it is: name another file, or move that one away"
            .to_owned(),
        false => "the database file belongs to another program; it was left as it is: \
                  name another file"
            .to_owned(),
    })))
}

fn user_version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}
