//! That every log has its lines whenever it is read, though they are written
//! long after their calls: whatever was done before, whoever does it, and where
//! a store was closed, or was killed.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

use std::{fs, path::Path, sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*};
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;
use uuid::Uuid;
use voip_core::{
    Call, CallId, CallStatus, Direction, Party, Signal, Timestamp, UserId,
    ports::{CallStore, LogChange, LogEntry, LogFilter, LogQuery, NewCall},
    table,
};
use voip_store::{MemoryStore, SqliteOptions, SqliteStore};

const USERS: [&str; 3] = ["ann", "bob", "cat"];
const NAMES: [&str; 6] = [
    "ann",
    "bob",
    "cat",
    "+15550001111",
    "+15550002222",
    "nobody",
];

#[derive(Clone, Debug)]
enum Act {
    Insert(u8),
    End(u8),
    Delete(u8, UserId),
    Restore(u8, UserId),
    Look {
        name: usize,
        ended: bool,
    },
    Clear,
    /// The program ends and starts again.
    Restart,
    /// It is killed, and another finds the files as they are.
    Crash,
}

fn act() -> impl Strategy<Value = Act> {
    let call = 0..24_u8;
    // Mostly its owner.
    let owned = (call.clone(), prop::bool::weighted(0.1)).prop_map(|(number, wrong)| {
        let place = usize::from(number) % 4 + usize::from(wrong);
        (number, USERS[place % 3].parse::<UserId>().unwrap())
    });
    prop_oneof![
        12 => call.clone().prop_map(Act::Insert),
        6 => call.clone().prop_map(Act::End),
        4 => owned.clone().prop_map(|(call, owner)| Act::Delete(call, owner)),
        2 => owned.prop_map(|(call, owner)| Act::Restore(call, owner)),
        4 => (0..NAMES.len(), any::<bool>()).prop_map(|(name, ended)| Act::Look { name, ended }),
        1 => Just(Act::Clear),
        1 => Just(Act::Restart),
        2 => Just(Act::Crash),
    ]
}

fn id(number: u8) -> CallId {
    CallId::from_uuid(Uuid::from_u128(u128::from(number.reverse_bits()) + 1))
}

fn moment(number: u8) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(u64::from(number / 3))
}

/// A live call; its number says between whom.
fn call(number: u8) -> Call {
    let calls = table::calls().into_iter().map(|(_, call)| call);
    let mut live = calls.filter(|call| !call.is_over());
    let place = usize::from(number);
    Call {
        id: id(number),
        direction: [Direction::Inbound, Direction::Outbound][place % 2],
        from: Party::read(NAMES[place % 6]),
        to: Party::read(NAMES[3 + place % 2]),
        owner: USERS.get(place % 4).map(|user| user.parse().unwrap()),
        peer: None,
        provider_id: None,
        created_at: moment(number),
        ..live.next().unwrap()
    }
}

fn new(number: u8) -> NewCall {
    NewCall {
        call: call(number),
        effects: vec![],
        effects_due: moment(0),
        key: None,
    }
}

/// Does `act` and tells all that can be seen of what became of it.
async fn perform(store: &dyn CallStore, act: &Act) -> String {
    match act {
        Act::Insert(number) => format!("{:?}", store.insert(new(*number)).await.unwrap()),
        Act::End(number) => {
            let Some(held) = store.call(&id(*number)).await.unwrap() else {
                return "nothing to end".to_owned();
            };
            let now = moment(*number) + Duration::from_secs(60);
            let Ok(step) = held.call.step(Signal::LegGone, now) else {
                return "it does not end".to_owned();
            };
            let replaced = store.replace(&step.call, held.version, &[], now).await;
            format!("{:?}", replaced.unwrap())
        }
        Act::Delete(number, owner) => {
            let deleted = store.delete_log(owner, &id(*number), moment(90)).await;
            format!("{:?}", deleted.unwrap())
        }
        Act::Restore(number, owner) => {
            format!(
                "{:?}",
                store.restore_log(owner, &id(*number)).await.unwrap()
            )
        }
        Act::Look { name, ended } => format!("{:?}", log(store, NAMES[*name], *ended).await),
        Act::Clear => store.clear_calls().await.unwrap().to_string(),
        Act::Restart | Act::Crash => String::new(),
    }
}

async fn log(store: &dyn CallStore, name: &str, ended: bool) -> Vec<LogEntry> {
    let statuses = CallStatus::ALL.into_iter();
    let is_end = |status: &CallStatus| status.rank() == CallStatus::Completed.rank();
    let filter = LogFilter {
        statuses: match ended {
            true => statuses.filter(is_end).collect(),
            false => vec![],
        },
        ..LogFilter::default()
    };
    let query = LogQuery {
        name: Arc::from(name),
        owned_only: false,
        filter,
        after: None,
        limit: 100,
    };
    store.log(&query).await.unwrap()
}

fn open(folder: &TempDir, waiting_lines: usize) -> SqliteStore {
    SqliteStore::open(SqliteOptions {
        waiting_lines,
        ..SqliteOptions::at(folder.path().join("voip.db"))
    })
    .unwrap()
}

/// The files as a machine that loses power now would keep them.
fn as_after_a_crash(folder: &Path) -> TempDir {
    let copy = tempdir().unwrap();
    for file in ["voip.db", "voip.db-wal"] {
        let (from, to) = (folder.join(file), copy.path().join(file));
        if from.exists() {
            fs::copy(from, to).unwrap();
        }
    }
    copy
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn logs_are_as_in_memory_whoever_writes_and_whatever_crashes(
        acts in vec((act(), prop::bool::weighted(0.2)), 1..60),
        waiting_lines in prop_oneof![0..12_usize, Just(1_000)],
    ) {
        runtime().block_on(async {
            let mut folder = tempdir().unwrap();
            let memory = MemoryStore::default();
            let mut store = open(&folder, waiting_lines);
            // Another program with the same file, which may have lines in mind too.
            let mut other = open(&folder, waiting_lines);
            for (place, (act, others)) in acts.iter().enumerate() {
                match act {
                    Act::Restart => {
                        store.close().await.unwrap();
                        store = open(&folder, waiting_lines);
                    }
                    Act::Crash => {
                        let found = as_after_a_crash(folder.path());
                        store = open(&found, waiting_lines);
                        other = open(&found, waiting_lines);
                        folder = found;
                    }
                    _ => {}
                }
                let store = if *others { &other } else { &store };
                if matches!(act, Act::End(_)) {
                    // Only its next write tells a store what another has replaced.
                    store.ping().await.unwrap();
                }
                let (wanted, found) = (perform(&memory, act).await, perform(store, act).await);
                prop_assert_eq!(wanted, found, "at act {}: {:?}", place, act);
            }
            for name in NAMES {
                let (wanted, found) = (log(&memory, name, false).await, log(&store, name, false).await);
                prop_assert_eq!(wanted, found, "the log of {}", name);
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

/// How many lines are in the file, and below which call none is missing.
fn in_file(folder: &TempDir) -> (i64, i64) {
    let db = Connection::open(folder.path().join("voip.db")).unwrap();
    let lines = "SELECT count(*), (SELECT listed_below FROM listing) FROM log_lines";
    db.query_row(lines, [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

/// Calls 1, 5, 9 and so on are bob's, from him to a number: two lines each.
fn bobs(count: u8) -> impl Iterator<Item = u8> {
    (0..count).map(|place| 4 * place + 1)
}

async fn put(store: &SqliteStore, numbers: impl Iterator<Item = u8>) {
    for number in numbers {
        store.insert(new(number)).await.unwrap();
    }
}

#[tokio::test]
async fn lines_wait_until_their_log_is_read_or_the_store_is_closed() {
    let folder = tempdir().unwrap();
    let store = open(&folder, 1_000);
    put(&store, bobs(10)).await;
    assert_eq!(in_file(&folder), (0, 0));
    assert_eq!(log(&store, "bob", false).await.len(), 10);
    let (lines, below) = in_file(&folder);
    assert_eq!((lines, below), (10, 1), "each still lacks another line");
    store.close().await.unwrap();
    let (lines, below) = in_file(&folder);
    assert!(lines > 10);
    assert_eq!(below, 11, "none lacks any");
}

#[tokio::test]
async fn no_more_lines_wait_than_may() {
    let folder = tempdir().unwrap();
    let store = open(&folder, 8);
    put(&store, bobs(60)).await;
    let copy = as_after_a_crash(folder.path());
    let (lines, below) = in_file(&copy);
    store.close().await.unwrap();
    let (all, _) = in_file(&folder);
    // The last call's lines came after the last look at how many wait.
    assert!(all - lines <= 8 + 3, "{} wait", all - lines);
    assert!(
        below > 30,
        "those that are listed need not be looked at again"
    );
}

#[tokio::test]
async fn a_crash_before_any_line_was_written_loses_none() {
    let folder = tempdir().unwrap();
    let store = open(&folder, 1_000);
    put(&store, bobs(10)).await;
    let copy = as_after_a_crash(folder.path());
    assert_eq!(in_file(&copy), (0, 0));
    let found = open(&copy, 1_000);
    assert_eq!(log(&found, "bob", false).await.len(), 10);
}

#[tokio::test]
async fn a_call_that_is_deleted_while_its_lines_wait_is_in_no_log() {
    let folder = tempdir().unwrap();
    let store = open(&folder, 1_000);
    put(&store, bobs(2)).await;
    let bob = "bob".parse().unwrap();
    let deleted = store.delete_log(&bob, &id(1), moment(90)).await.unwrap();
    assert_eq!(deleted, LogChange::Made);
    let left = log(&store, "bob", false).await;
    assert_eq!(
        left.iter().map(|entry| entry.id).collect::<Vec<_>>(),
        [id(5)]
    );
    store.restore_log(&bob, &id(1)).await.unwrap();
    assert_eq!(log(&store, "bob", false).await.len(), 2);
}

#[tokio::test]
async fn calls_of_another_process_are_in_the_logs_at_once() {
    let folder = tempdir().unwrap();
    let (ours, other) = (open(&folder, 1_000), open(&folder, 1_000));
    put(&ours, bobs(3)).await;
    put(&other, bobs(6).skip(3)).await;
    assert_eq!(log(&ours, "bob", false).await.len(), 6);
    put(&other, bobs(9).skip(6)).await;
    assert_eq!(log(&other, "bob", false).await.len(), 9);
    assert_eq!(log(&ours, "bob", false).await.len(), 9);
}
