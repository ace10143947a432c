//! That what a SQLite store remembers of live calls never stands in for what
//! another process, or a store that is gone, has written.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

use std::path::Path;

use tempfile::tempdir;
use voip_core::{
    Call,
    ports::{CallStore, NewCall, Replaced, Version},
    table,
};
use voip_store::{SqliteOptions, SqliteStore};

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::at(path)).unwrap()
}

async fn inserted(store: &SqliteStore) -> Call {
    let (_, call) = table::calls().remove(0);
    let new = NewCall {
        effects_due: call.created_at,
        call: call.clone(),
        effects: vec![],
        key: None,
    };
    store.insert(new).await.unwrap();
    call
}

/// Replaces a call by one that has told so much.
async fn replace(store: &SqliteStore, call: &Call, version: u64, told: u32) -> Replaced {
    let call = Call {
        told,
        ..call.clone()
    };
    let due = call.created_at;
    let replaced = store.replace(&call, Version(version), &[], due).await;
    replaced.unwrap()
}

async fn told(store: &SqliteStore, call: &Call) -> (u32, Version) {
    let held = store.call(&call.id).await.unwrap().unwrap();
    (held.call.told, held.version)
}

#[tokio::test]
async fn a_conflict_is_followed_by_what_the_other_has_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let (ours, other) = (open(&path), open(&path));
    let call = inserted(&ours).await;
    assert_eq!(
        replace(&other, &call, 0, 70).await,
        Replaced::Done(Version(1))
    );
    assert_eq!(replace(&ours, &call, 0, 80).await, Replaced::Conflict);
    assert_eq!(told(&ours, &call).await, (70, Version(1)));
    assert_eq!(
        replace(&ours, &call, 1, 80).await,
        Replaced::Done(Version(2))
    );
    assert_eq!(told(&ours, &call).await, (80, Version(2)));
}

#[tokio::test]
async fn the_next_commit_finds_out_that_another_has_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let (ours, other) = (open(&path), open(&path));
    let call = inserted(&ours).await;
    replace(&other, &call, 0, 70).await;
    ours.ping().await.unwrap();
    assert_eq!(told(&ours, &call).await, (70, Version(1)));
}

#[tokio::test]
async fn a_store_opened_after_a_crash_knows_every_step() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let gone = open(&path);
    let call = inserted(&gone).await;
    replace(&gone, &call, 0, 70).await;
    // The one that is gone closed nothing: its log still lies beside the file.
    let next = open(&path);
    assert_eq!(told(&next, &call).await, (70, Version(1)));
    assert_eq!(replace(&next, &call, 0, 80).await, Replaced::Conflict);
    assert_eq!(
        replace(&next, &call, 1, 80).await,
        Replaced::Done(Version(2))
    );
    drop(gone);
}

#[tokio::test]
async fn calls_that_another_process_deleted_are_gone() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("voip.db");
    let (ours, other) = (open(&path), open(&path));
    let call = inserted(&ours).await;
    assert_eq!(other.clear_calls().await.unwrap(), 1);
    assert_eq!(replace(&ours, &call, 0, 80).await, Replaced::Conflict);
    assert_eq!(ours.call(&call.id).await.unwrap(), None);
}
