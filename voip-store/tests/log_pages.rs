//! Whatever is on record and whatever is asked for: the pages of a log together
//! hold what somebody would pick from all calls by hand.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

mod servers;

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use tempfile::tempdir;
use tokio::runtime::Runtime;
use uuid::Uuid;
use voip_core::{
    Call, CallId, CallStatus, Direction, Party, Timestamp, UserId,
    ports::{CallStore, LogFilter, LogQuery, NewCall},
    table,
};
use voip_store::{MemoryStore, SqliteOptions, SqliteStore};

const NUMBERS: [&str; 3] = ["+15550001111", "+15550002222", "anonymous"];

fn moment(number: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + number)
}

/// Calls of two users, many at one moment; a place in the list makes the id.
fn calls() -> impl Strategy<Value = Vec<Call>> {
    let kinds = table::calls().len();
    let call = (
        0..kinds,
        select(&NUMBERS),
        select(&NUMBERS),
        0..6_i64,
        any::<bool>(),
    );
    vec(call, 0..60).prop_map(|calls| {
        let calls = calls.into_iter().zip(0_u8..);
        let call = |((kind, from, to, at, anns), number): ((usize, &str, &str, i64, bool), u8)| {
            let (_, call) = table::calls().swap_remove(kind);
            Call {
                id: CallId::from_uuid(Uuid::from_u128(u128::from(number.reverse_bits()))),
                from: Party::read(from),
                to: Party::read(to),
                owner: Some(if anns { user() } else { "bob".parse().unwrap() }),
                peer: None,
                provider_id: None,
                created_at: moment(at),
                ..call
            }
        };
        calls.map(call).collect()
    })
}

fn filters() -> impl Strategy<Value = LogFilter> {
    let at = || prop::option::weighted(0.4, (0..7_i64).prop_map(moment));
    (
        vec(select(CallStatus::ALL.to_vec()), 0..5),
        prop::option::weighted(0.4, select(vec![Direction::Inbound, Direction::Outbound])),
        prop::option::weighted(0.4, select(&NUMBERS)),
        at(),
        at(),
    )
        .prop_map(|(statuses, direction, party, since, until)| LogFilter {
            statuses,
            direction,
            party: party.map(Arc::from),
            since,
            until,
        })
}

fn user() -> UserId {
    "ann".parse().unwrap()
}

/// What each filter means, told once more.
fn is_wanted(call: &Call, filter: &LogFilter) -> bool {
    let parties = [call.from.expose(), call.to.expose()];
    let span = filter.since.unwrap_or(moment(-1))..filter.until.unwrap_or(moment(100));
    call.owner == Some(user())
        && (filter.statuses.is_empty() || filter.statuses.contains(&call.status()))
        && filter.direction.is_none_or(|way| way == call.direction)
        && filter
            .party
            .as_deref()
            .is_none_or(|party| parties.contains(&party))
        && span.contains(&call.created_at)
}

/// All pages of Ann's log.
async fn listed(store: &dyn CallStore, filter: &LogFilter, limit: usize) -> Vec<CallId> {
    let mut query = LogQuery {
        name: Arc::from("ann"),
        owned_only: true,
        filter: filter.clone(),
        after: None,
        limit,
    };
    let mut listed = Vec::new();
    loop {
        let page = store.log(&query).await.unwrap();
        listed.extend(page.iter().map(|entry| entry.id));
        // Only the last page may hold less than was asked for.
        match page.last() {
            Some(last) if page.len() == limit => query.after = Some(last.place()),
            Some(_) | None => return listed,
        }
        assert!(listed.len() < 1_000, "pages go round in circles");
    }
}

/// Puts `calls` on record, deletes some, and turns the pages of the log.
async fn holds_what_is_asked_for(
    store: &dyn CallStore,
    Story {
        calls,
        filter,
        limit,
        deleted,
    }: &Story,
) -> Result<(), TestCaseError> {
    let deleted: BTreeSet<_> = match calls.len() {
        0 => BTreeSet::new(),
        len => deleted
            .iter()
            .map(|place| calls[place.index(len)].id)
            .collect(),
    };
    for call in calls {
        let (call, effects_due) = (call.clone(), moment(0));
        let new = NewCall {
            call,
            effects: vec![],
            effects_due,
            key: None,
        };
        store.insert(new).await.unwrap();
    }
    for id in &deleted {
        store
            .delete_log(&user(), id, moment(0) + Duration::from_secs(9))
            .await
            .unwrap();
    }
    let mut calls = calls.clone();
    calls.sort_by_key(|call| Reverse((call.created_at, call.id)));
    let wanted = calls.iter().filter(|call| is_wanted(call, filter));
    let wanted: Vec<_> = wanted
        .map(|call| call.id)
        .filter(|id| !deleted.contains(id))
        .collect();
    prop_assert_eq!(&listed(store, filter, *limit).await, &wanted);
    Ok(())
}

/// What is on record, and what is asked for.
#[derive(Clone, Debug)]
struct Story {
    calls: Vec<Call>,
    filter: LogFilter,
    limit: usize,
    deleted: Vec<prop::sample::Index>,
}

fn story() -> impl Strategy<Value = Story> {
    let deleted = vec(any::<prop::sample::Index>(), 0..6);
    (calls(), filters(), 1..20_usize, deleted).prop_map(|(calls, filter, limit, deleted)| Story {
        calls,
        filter,
        limit,
        deleted,
    })
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_hold_what_is_asked_for_and_nothing_else(story in story()) {
        runtime().block_on(async {
            let folder = tempdir().unwrap();
            let sqlite = SqliteStore::open(SqliteOptions::at(folder.path().join("voip.db"))).unwrap();
            let memory = MemoryStore::default();
            let stores: [&dyn CallStore; 2] = [&sqlite, &memory];
            for store in stores {
                holds_what_is_asked_for(store, &story).await?;
            }
            sqlite.close().await.unwrap();
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[cfg(feature = "postgres")]
#[test]
fn pages_of_postgres_hold_what_is_asked_for_and_nothing_else() {
    let runtime = runtime();
    let fresh = runtime.block_on(servers::postgres::PostgresFixture::fresh());
    let Some(fixture) = fresh else { return };
    server_holds_what_is_asked_for(&runtime, &fixture.store);
}

#[cfg(feature = "mysql")]
#[test]
fn pages_of_mysql_hold_what_is_asked_for_and_nothing_else() {
    let runtime = runtime();
    let fresh = runtime.block_on(servers::mysql::MySqlFixture::fresh());
    let Some(fixture) = fresh else { return };
    server_holds_what_is_asked_for(&runtime, &fixture.store);
}

/// The same of a store on a server, which is emptied instead of made anew.
#[allow(dead_code)] // Where no server database is built in.
fn server_holds_what_is_asked_for(runtime: &Runtime, store: &dyn CallStore) {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 12,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&story(), |story| {
        runtime.block_on(async {
            store.clear_calls().await.unwrap();
            holds_what_is_asked_for(store, &story).await
        })
    });
    outcome.unwrap();
}
