//! Whatever is done to them, the stores answer alike.

#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

mod servers;

use std::{sync::Arc, time::Duration};

use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use tempfile::{TempDir, tempdir};
use tokio::runtime::Runtime;
use uuid::Uuid;
use voip_core::{
    Call, CallId, CallStatus, Direction, Effect, Party, Timestamp, UserId,
    ports::{
        CallStore, IdempotencyKey, LegReport, LogCursor, LogFilter, LogQuery, NewCall, Version,
    },
    table,
};
use voip_store::{MemoryStore, SqliteOptions, SqliteStore};

#[derive(Clone, Debug)]
enum Act {
    Insert {
        kind: usize,
        id: u8,
        leg: Option<u8>,
        owner: u8,
        key: Option<u8>,
        effects: Vec<u8>,
    },
    Replace {
        kind: usize,
        id: u8,
        leg: Option<u8>,
        stale: bool,
        effects: Vec<u8>,
    },
    Settle {
        id: u8,
        effect: u8,
    },
    Claim {
        now: u8,
        limit: usize,
    },
    Keep {
        leg: u8,
        now: u8,
    },
    Take {
        leg: u8,
    },
    Clear,
    Delete {
        id: u8,
        owner: u8,
        undo: bool,
    },
    Look {
        name: u8,
        now: u8,
        after: Option<(u8, u8)>,
        limit: usize,
        owned_only: bool,
        filter: Box<LogFilter>,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let kind = 0..table::calls().len();
    let effects = || vec(0..7_u8, 0..3);
    let leg = || prop::option::of(0..6_u8);
    prop_oneof![
        6 => (kind.clone(), 0..8_u8, leg(), 0..4_u8, prop::option::of(0..3_u8), effects()).prop_map(
            |(kind, id, leg, owner, key, effects)| Act::Insert { kind, id, leg, owner, key, effects }
        ),
        8 => (kind, 0..8_u8, leg(), prop::bool::weighted(0.1), effects()).prop_map(
            |(kind, id, leg, stale, effects)| Act::Replace { kind, id, leg, stale, effects }
        ),
        2 => (0..8_u8, 0..7_u8).prop_map(|(id, effect)| Act::Settle { id, effect }),
        3 => (any::<u8>(), 0..5_usize).prop_map(|(now, limit)| Act::Claim { now, limit }),
        1 => (0..6_u8, any::<u8>()).prop_map(|(leg, now)| Act::Keep { leg, now }),
        1 => (0..6_u8).prop_map(|leg| Act::Take { leg }),
        1 => Just(Act::Clear),
        3 => (0..8_u8, 0..3_u8, prop::bool::weighted(0.3)).prop_map(
            |(id, owner, undo)| Act::Delete { id, owner, undo }
        ),
        6 => (
            0..7_u8,
            any::<u8>(),
            prop::option::of((0..8_u8, 0..8_u8)),
            0..6_usize,
            any::<bool>(),
            filter(),
        ).prop_map(|(name, now, after, limit, owned_only, filter)| {
            Act::Look { name, now, after, limit, owned_only, filter: Box::new(filter) }
        }),
    ]
}

fn filter() -> impl Strategy<Value = LogFilter> {
    let moment = || prop::option::weighted(0.3, (0..8_u8).prop_map(|number| at(number / 2)));
    let direction = prop::sample::select(vec![Direction::Inbound, Direction::Outbound]);
    (
        vec(prop::sample::select(CallStatus::ALL.to_vec()), 0..4),
        prop::option::weighted(0.3, direction),
        prop::option::weighted(0.3, (0..7_u8).prop_map(|number| Arc::from(name(number)))),
        moment(),
        moment(),
    )
        .prop_map(|(statuses, direction, party, since, until)| LogFilter {
            statuses,
            direction,
            party,
            since,
            until,
        })
}

fn id(number: u8) -> CallId {
    // Another order than that of the numbers.
    CallId::from_uuid(Uuid::from_u128(u128::from(number.reverse_bits()) + 1))
}

fn leg(number: u8) -> voip_core::ProviderCallId {
    format!("CA{number}").parse().unwrap()
}

fn at(seconds: u8) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(u64::from(seconds))
}

fn name(number: u8) -> &'static str {
    [
        "ann",
        "bob",
        "cat",
        "Ann",
        "+15550001111",
        "+15550002222",
        "",
    ][usize::from(number)]
}

fn effects(numbers: &[u8]) -> Vec<Effect> {
    numbers
        .iter()
        .map(|number| Effect::ALL[usize::from(*number)])
        .collect()
}

/// A call of the given kind, with its own id, leg, owner and moment.
fn call(kind: usize, number: u8, of: Option<u8>, owner: u8) -> Call {
    let (_, call) = table::calls().swap_remove(kind);
    let owner: Option<UserId> = name(owner).parse().ok();
    Call {
        id: id(number),
        provider_id: of.map(leg),
        from: Party::read(name(owner.as_ref().map_or(4, |_| number % 7))),
        peer: name(number % 3)
            .parse()
            .ok()
            .filter(|peer| owner.as_ref() != Some(peer)),
        owner,
        created_at: at(number / 2),
        ..call
    }
}

/// Does `act` and tells all that can be seen of what became of it.
async fn perform(store: &dyn CallStore, act: &Act) -> String {
    match act {
        Act::Insert {
            kind,
            id,
            leg,
            owner,
            key,
            effects: saved,
        } => {
            let key = key.map(|key| {
                let scope = name(*owner).parse().ok();
                IdempotencyKey::new(scope, &format!("key{key}")).unwrap()
            });
            let call = call(*kind, *id, *leg, *owner);
            let new = NewCall {
                call,
                effects: effects(saved),
                effects_due: at(*id * 9),
                key,
            };
            format!("{:?}", store.insert(new).await.unwrap())
        }
        Act::Replace {
            kind,
            id: number,
            leg: next_leg,
            stale,
            effects: saved,
        } => {
            let held = store.call(&id(*number)).await.unwrap();
            let Some(held) = held else {
                return "nothing to replace".to_owned();
            };
            let next = table::calls().swap_remove(*kind).1;
            // As steps do: nothing leaves an end, and a leg stays.
            let state = if held.call.is_over() {
                held.call.state.clone()
            } else {
                next.state
            };
            let provider_id = held.call.provider_id.clone().or_else(|| next_leg.map(leg));
            let call = Call {
                state,
                provider_id,
                told: held.call.told + 1,
                ..held.call
            };
            let version = Version(held.version.0 + u64::from(*stale));
            let due = at(number.wrapping_mul(31));
            match store.replace(&call, version, &effects(saved), due).await {
                Ok(replaced) => format!("{replaced:?}"),
                Err(error) => format!("{:?} {error}", error.kind()),
            }
        }
        Act::Settle { id: number, effect } => {
            let effect = effects(&[*effect])[0];
            format!(
                "{:?}",
                store.settle_effect(&id(*number), effect).await.unwrap()
            )
        }
        Act::Claim { now, limit } => {
            let (now, lease) = (at(*now), at(*now) + Duration::from_secs(40));
            let mut claimed = store.claim_effects(now, lease, *limit).await.unwrap();
            // Which of several that fell due at one moment come first is open,
            // so all are taken, as by a sweep that repeats itself.
            loop {
                let more = store.claim_effects(now, lease, 1 + *limit).await.unwrap();
                if more.is_empty() {
                    break;
                }
                claimed.extend(more);
            }
            claimed.sort_by_key(|claimed| (claimed.call, claimed.effect));
            format!("{claimed:?}")
        }
        Act::Keep { leg: number, now } => {
            let report = LegReport {
                leg: leg(*number),
                status: CallStatus::ALL[usize::from(*now % 9)],
                at: Some(at(*now)),
                duration: None,
                reason: Some(Arc::from(name(*number))),
            };
            format!("{:?}", store.keep_report(&report, at(*now)).await.unwrap())
        }
        Act::Take { leg: number } => {
            format!("{:?}", store.take_reports(&leg(*number)).await.unwrap())
        }
        Act::Clear => store.clear_calls().await.unwrap().to_string(),
        Act::Delete {
            id: number,
            owner,
            undo,
        } => {
            let (owner, id) = (name(*owner).parse().unwrap(), id(*number));
            let changed = match undo {
                false => store.delete_log(&owner, &id, at(0)).await,
                true => store.restore_log(&owner, &id).await,
            };
            format!("{:?}", changed.unwrap())
        }
        Act::Look {
            name: number,
            now,
            after,
            limit,
            owned_only,
            filter,
        } => {
            let after = after.map(|(moment, number)| LogCursor {
                created_at: at(moment / 2),
                id: id(number),
            });
            let (name, limit, owned_only) = (Arc::from(name(*number)), *limit, *owned_only);
            let log = store
                .log(&LogQuery {
                    name,
                    owned_only,
                    filter: (**filter).clone(),
                    after,
                    limit,
                })
                .await
                .unwrap();
            let mut due = store.due_calls(at(*now), usize::MAX).await.unwrap();
            due.sort();
            let live = match "ann bob cat".split(' ').nth(usize::from(*number % 3)) {
                Some(name) => store.live_calls(&name.parse().unwrap()).await.unwrap(),
                None => vec![],
            };
            let by_leg = store.call_by_provider_id(&leg(*number % 6)).await.unwrap();
            format!("{log:?} {due:?} {live:?} {by_leg:?}")
        }
    }
}

/// A store beside the one in memory, and what it lives on.
async fn sqlite() -> (SqliteStore, TempDir) {
    let folder = tempdir().unwrap();
    let sqlite = SqliteStore::open(SqliteOptions::at(folder.path().join("voip.db")));
    (sqlite.unwrap(), folder)
}

/// Does the same to `store` as to one in memory.
async fn agree(store: &dyn CallStore, acts: &[Act]) -> Result<(), TestCaseError> {
    let memory = MemoryStore::default();
    for (place, act) in acts.iter().enumerate() {
        let (one, other) = (perform(&memory, act).await, perform(store, act).await);
        prop_assert_eq!(one, other, "at act {}: {:?}", place, act);
    }
    Ok(())
}

fn runtime() -> Runtime {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn memory_and_sqlite_answer_alike(acts in vec(act(), 1..60)) {
        runtime().block_on(async {
            let (sqlite, _folder) = sqlite().await;
            agree(&sqlite, &acts).await?;
            sqlite.close().await.unwrap();
            Ok::<(), TestCaseError>(())
        })?;
    }
}

#[cfg(feature = "postgres")]
#[test]
fn memory_and_postgres_answer_alike() {
    let runtime = runtime();
    let fresh = runtime.block_on(servers::postgres::PostgresFixture::fresh());
    let Some(fixture) = fresh else { return };
    server_answers_alike(&runtime, &fixture.store);
}

#[cfg(feature = "mysql")]
#[test]
fn memory_and_mysql_answer_alike() {
    let runtime = runtime();
    let fresh = runtime.block_on(servers::mysql::MySqlFixture::fresh());
    let Some(fixture) = fresh else { return };
    server_answers_alike(&runtime, &fixture.store);
}

/// The same of a store on a server, which is emptied instead of made anew.
#[allow(dead_code)] // Where no server database is built in.
fn server_answers_alike(runtime: &Runtime, store: &dyn CallStore) {
    let mut runner = TestRunner::new(ProptestConfig {
        cases: 12,
        max_shrink_iters: 100,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let outcome = runner.run(&vec(act(), 1..60), |acts| {
        runtime.block_on(async {
            store.clear_calls().await.unwrap();
            agree(store, &acts).await
        })
    });
    outcome.unwrap();
}
