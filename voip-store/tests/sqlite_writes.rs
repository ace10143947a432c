//! How a SQLite store writes: many to a commit, each for itself, never without
//! end.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _, future::join_all, stream::FuturesUnordered};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};
use voip_core::{
    Call, CallId, Effect, ErrorKind, Retry, Timestamp,
    ports::{CallStore, Inserted, NewCall, Replaced, Version},
    table,
};
use voip_store::{SqliteOptions, SqliteStore};

struct Bench {
    store: SqliteStore,
    options: SqliteOptions,
    _folder: TempDir,
}

fn bench(change: impl FnOnce(&mut SqliteOptions)) -> Bench {
    let folder = tempdir().unwrap();
    let mut options = SqliteOptions::at(folder.path().join("voip.db"));
    change(&mut options);
    let store = SqliteStore::open(options.clone()).unwrap();
    Bench {
        store,
        options,
        _folder: folder,
    }
}

impl Bench {
    /// Another process that keeps the file from being written.
    fn lock(&self) -> Connection {
        let other = Connection::open(&self.options.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        other
    }
}

fn new_call() -> NewCall {
    let (_, call) = table::calls().remove(0);
    let call = Call {
        id: CallId::fresh(),
        ..call
    };
    NewCall {
        effects_due: call.created_at,
        call,
        effects: vec![],
        key: None,
    }
}

#[tokio::test]
async fn writes_that_wait_together_share_a_commit() {
    let bench = bench(|_| {});
    let lock = bench.lock();
    let before = bench.store.write_stats();
    let mut inserts = join_all((0..200).map(|_| bench.store.insert(new_call())));
    assert!(
        (&mut inserts).now_or_never().is_none(),
        "all wait for the lock"
    );
    lock.execute_batch("COMMIT").unwrap();
    for inserted in inserts.await {
        assert_eq!(inserted.unwrap(), Inserted::New);
    }
    let after = bench.store.write_stats();
    assert_eq!(after.writes - before.writes, 200);
    // The thread may have woken up for the first few before the rest came.
    let commits = after.commits - before.commits;
    assert!(commits <= 3, "{commits} commits for 200 writes");
}

#[tokio::test]
async fn a_write_that_fails_takes_no_other_with_it() {
    let bench = bench(|_| {});
    let first = new_call();
    bench.store.insert(first.clone()).await.unwrap();
    // An effect that cannot be saved makes the second of a write's statements
    // fail.
    let vandal = Connection::open(&bench.options.path).unwrap();
    vandal
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON call_effects WHEN new.effect = 'hang_up' \
             BEGIN SELECT raise(ABORT, 'no'); END",
        )
        .unwrap();
    let lock = bench.lock();
    let (good, bad, other) = (new_call(), new_call(), new_call());
    let bad = NewCall {
        effects: vec![Effect::Dial, Effect::HangUp],
        ..bad
    };
    let mut writes = join_all([
        bench.store.insert(good.clone()),
        bench.store.insert(bad.clone()),
        bench.store.insert(other.clone()),
        bench.store.insert(first.clone()),
    ]);
    assert!((&mut writes).now_or_never().is_none());
    lock.execute_batch("COMMIT").unwrap();
    let outcomes = writes.await;
    assert!(matches!(outcomes[0], Ok(Inserted::New)));
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(matches!(outcomes[2], Ok(Inserted::New)));
    assert!(matches!(outcomes[3], Ok(Inserted::Known(_))));
    assert!(bench.store.call(&good.call.id).await.unwrap().is_some());
    assert!(bench.store.call(&other.call.id).await.unwrap().is_some());
    assert!(
        bench.store.call(&bad.call.id).await.unwrap().is_none(),
        "half of it is undone"
    );
    assert_eq!(bench.store.write_stats().failures, 1);
    vandal.execute_batch("DROP TRIGGER broken").unwrap();
    assert!(matches!(bench.store.insert(bad).await, Ok(Inserted::New)));
}

#[tokio::test]
async fn a_full_queue_is_an_error_and_not_a_wait_without_end() {
    let bench = bench(|options| {
        options.queue = 8;
        options.queue_patience = Duration::ZERO;
    });
    let lock = bench.lock();
    // One batch is in the thread's hands, eight writes fit into the queue.
    let mut inserts: FuturesUnordered<_> =
        (0..300).map(|_| bench.store.insert(new_call())).collect();
    let error = inserts.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Exhausted, Retry::Safe)
    );
    lock.execute_batch("COMMIT").unwrap();
    let before = bench.store.write_stats().writes;
    let mut done = 0;
    while let Some(outcome) = inserts.next().await {
        match outcome {
            Ok(inserted) => {
                assert_eq!(inserted, Inserted::New);
                done += 1;
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::Exhausted),
        }
    }
    assert!(done >= 8, "what had a place in the queue was written");
    assert!(
        bench.store.write_stats().writes - before <= done,
        "and nothing else was"
    );
    assert_eq!(bench.store.insert(new_call()).await.unwrap(), Inserted::New);
}

#[tokio::test]
async fn a_file_locked_by_another_process_is_an_error_after_a_while() {
    let bench = bench(|options| options.lock_patience = Duration::from_millis(20));
    let lock = bench.lock();
    let error = bench.store.insert(new_call()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
    assert!(error.to_string().contains("another process"), "{error}");
    assert!(bench.store.ping().await.is_err(), "not ready either");
    assert!(
        bench.store.call(&CallId::fresh()).await.is_ok(),
        "reading goes on"
    );
    lock.execute_batch("COMMIT").unwrap();
    bench.store.ping().await.unwrap();
}

#[tokio::test]
async fn a_leg_of_another_call_is_refused() {
    let bench = bench(|_| {});
    let (first, second) = (new_call(), new_call());
    let linked = |call: &Call| Call {
        provider_id: "CA1".parse().ok(),
        ..call.clone()
    };
    for new in [&first, &second] {
        bench.store.insert(new.clone()).await.unwrap();
    }
    let due = first.effects_due;
    let link = bench
        .store
        .replace(&linked(&first.call), Version(0), &[], due)
        .await;
    assert_eq!(link.unwrap(), Replaced::Done(Version(1)));
    let taken = bench
        .store
        .replace(&linked(&second.call), Version(0), &[Effect::HangUp], due)
        .await;
    let error = taken.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Refused, Retry::Never)
    );
    assert_eq!(
        bench
            .store
            .call(&second.call.id)
            .await
            .unwrap()
            .unwrap()
            .call,
        second.call
    );
    assert_eq!(
        bench
            .store
            .claim_effects(later(), later(), 10)
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn closing_carries_out_what_waits_and_then_refuses() {
    let bench = bench(|_| {});
    let new = NewCall {
        effects: vec![Effect::Dial, Effect::HangUp],
        ..new_call()
    };
    bench.store.insert(new.clone()).await.unwrap();
    bench
        .store
        .settle_effect(&new.call.id, Effect::Dial)
        .await
        .unwrap();
    let last = new_call();
    let mut insert = Box::pin(bench.store.insert(last.clone()));
    let _ = futures_util::poll!(&mut insert);
    bench.store.close().await.unwrap();
    bench.store.close().await.unwrap();
    assert_eq!(
        insert.await.unwrap(),
        Inserted::New,
        "it waited before the end"
    );
    let error = bench.store.insert(new_call()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Unavailable, Retry::Safe)
    );
    assert!(bench.store.call(&last.call.id).await.is_err());
    assert!(bench.store.ping().await.is_err());
    assert!(
        !bench.options.path.with_extension("db-wal").exists(),
        "the log is in the file"
    );

    let store = SqliteStore::open(bench.options.clone()).unwrap();
    assert!(store.call(&last.call.id).await.unwrap().is_some());
    let left = store.claim_effects(later(), later(), 10).await.unwrap();
    assert_eq!(
        left.len(),
        1,
        "the other was settled, though nobody waited for that"
    );
}

#[tokio::test]
async fn a_write_nobody_waits_for_any_more_is_still_carried_out() {
    let bench = bench(|_| {});
    let lock = bench.lock();
    let new = new_call();
    let mut insert = Box::pin(bench.store.insert(new.clone()));
    assert!(futures_util::poll!(&mut insert).is_pending());
    drop(insert);
    lock.execute_batch("COMMIT").unwrap();
    bench.store.ping().await.unwrap();
    assert!(bench.store.call(&new.call.id).await.unwrap().is_some());
}

fn later() -> Timestamp {
    Timestamp::from_secs(1_900_000_000)
}
