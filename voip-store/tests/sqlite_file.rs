//! Which files a SQLite store opens, and what it leaves alone.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

use std::{fs, path::Path};

use rusqlite::Connection;
use tempfile::tempdir;
use voip_core::{
    Error, ErrorKind, User,
    ports::{CallStore, Inserted, NewCall, Replaced, UserStore, Version},
    table,
};
use voip_store::{SqliteOptions, SqliteStore};

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(SqliteOptions::at(path))
}

fn a_call() -> NewCall {
    let (_, call) = table::calls().remove(0);
    NewCall {
        effects_due: call.created_at,
        call,
        effects: vec![],
        key: None,
    }
}

/// Opens `path`, which must be refused and left byte by byte as it was.
fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let error = open(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert_eq!(fs::read(path).unwrap(), before, "the file is as it was");
    let folder = fs::read_dir(path.parent().unwrap()).unwrap();
    assert_eq!(folder.count(), 1, "and nothing lies beside it");
    error.to_string()
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_store_that_was_never_closed() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let new = a_call();
    let user = User {
        id: "ann".parse().unwrap(),
        phone: None,
        created_at: new.effects_due,
    };
    let store = open(&path).unwrap();
    store.insert(new.clone()).await.unwrap();
    store.register(&user, None).await.unwrap();
    drop(store);
    let store = open(&path).unwrap();
    assert_eq!(
        store.call(&new.call.id).await.unwrap().unwrap().call,
        new.call
    );
    assert_eq!(store.user(&user.id).await.unwrap(), Some(user));
    store.close().await.unwrap();
    let store = open(&path).unwrap();
    assert!(store.call(&new.call.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_copy_of_the_files_of_a_running_store_has_all_that_was_acknowledged() {
    let folder = tempdir().unwrap();
    let store = open(&folder.path().join("voip.db")).unwrap();
    let new = a_call();
    store.insert(new.clone()).await.unwrap();
    // What a machine that loses power now would find on its disk.
    let copy = tempdir().unwrap();
    for file in ["voip.db", "voip.db-wal"] {
        fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    let found = open(&copy.path().join("voip.db")).unwrap();
    assert_eq!(
        found.call(&new.call.id).await.unwrap().unwrap().call,
        new.call
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempdir().unwrap();
    let store = open(&folder.path().join("voip.db")).unwrap();
    store.insert(a_call()).await.unwrap();
    let mut files = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let rights = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(rights & 0o077, 0, "{rights:o}");
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log and the log's index");
}

#[tokio::test]
async fn two_stores_may_share_a_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let (server, command) = (open(&path).unwrap(), open(&path).unwrap());
    let new = a_call();
    assert_eq!(server.insert(new.clone()).await.unwrap(), Inserted::New);
    let held = command.call(&new.call.id).await.unwrap().unwrap();
    assert_eq!(held.call, new.call);
    let replaced = command
        .replace(&new.call, held.version, &[], new.effects_due)
        .await
        .unwrap();
    assert_eq!(replaced, Replaced::Done(Version(1)));
    let replaced = server
        .replace(&new.call, held.version, &[], new.effects_due)
        .await
        .unwrap();
    assert_eq!(replaced, Replaced::Conflict);
    assert_eq!(
        server.call(&new.call.id).await.unwrap().unwrap().version,
        Version(1)
    );
    assert_eq!(command.clear_calls().await.unwrap(), 1);
    // Seen with the next write, whatever it is.
    server.ping().await.unwrap();
    assert_eq!(server.call(&new.call.id).await.unwrap(), None);
    command.close().await.unwrap();
    server.insert(new).await.unwrap();
}

#[test]
fn a_file_of_the_earlier_system_is_refused_and_left_alone() {
    for journal in ["DELETE", "WAL"] {
        let folder = tempdir().unwrap();
        let path = folder.path().join("voip #1 100%?.db");
        let old = Connection::open(&path).unwrap();
        old.pragma_update(None, "journal_mode", journal).unwrap();
        old.execute_batch(
            "CREATE TABLE users (id TEXT PRIMARY KEY, phone TEXT);
             CREATE TABLE call_logs (call_id TEXT PRIMARY KEY, status TEXT);
             INSERT INTO users VALUES ('ann', '+15550001111');",
        )
        .unwrap();
        old.close().unwrap();
        let message = refused(&path);
        assert!(message.contains("earlier"), "{message}");
    }
}

#[test]
fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime
        .block_on(async { open(&path).unwrap().close().await })
        .unwrap();
    let newer = Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 1000).unwrap();
    newer.close().unwrap();
    let message = refused(&path);
    assert!(
        message.contains("newer") && message.contains("1000"),
        "{message}"
    );
}

#[test]
fn a_file_of_another_program_is_refused_and_left_alone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("CREATE TABLE notes (text TEXT)")
        .unwrap();
    other.close().unwrap();
    assert!(refused(&path).contains("another program"));
    fs::remove_file(&path).unwrap();

    let marked = Connection::open(&path).unwrap();
    marked.pragma_update(None, "application_id", 7).unwrap();
    marked.close().unwrap();
    assert!(refused(&path).contains("another program"));

    fs::write(&path, "Dear diary, this is no database at all.".repeat(100)).unwrap();
    assert!(refused(&path).contains("something else"));
}

#[test]
fn an_empty_file_is_taken_and_a_missing_folder_is_not_made() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    open(&path).unwrap();
    let error = open(&folder.path().join("missing/voip.db")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("folder"), "{error}");
    assert!(!folder.path().join("missing").exists());
}

#[tokio::test]
async fn a_row_nobody_can_read_is_an_error_that_quotes_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let store = open(&path).unwrap();
    let new = a_call();
    store.insert(new.clone()).await.unwrap();
    let vandal = Connection::open(&path).unwrap();
    for change in [
        "status = 99",
        "id = x'00'",
        "direction = 7",
        "owner = ''",
        "deadline_at = NULL",
    ] {
        vandal
            .execute(&format!("UPDATE calls SET {change}"), [])
            .unwrap();
        let leg = store.due_calls(new.effects_due, 1).await.map(drop);
        // Another store: this one remembers what it has written itself.
        let error = match open(&path).unwrap().call(&new.call.id).await {
            Err(error) => error,
            Ok(None) => continue, // Under another id; the others still find it.
            Ok(Some(held)) => panic!("{change} was read as {held:?}"),
        };
        assert!(leg.is_ok());
        assert_eq!(error.kind(), ErrorKind::Malformed);
        let chain = format!("{error} {:?}", std::error::Error::source(&error));
        assert!(
            !chain.contains("+1555") && !chain.contains("SELECT"),
            "{chain}"
        );
        vandal.execute("DELETE FROM call_effects", []).unwrap();
        vandal.execute("DELETE FROM log_lines", []).unwrap();
        vandal.execute("DELETE FROM calls", []).unwrap();
        store.insert(new.clone()).await.unwrap();
    }
}
