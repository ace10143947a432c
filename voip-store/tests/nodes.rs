//! What only databases on servers have to stand: several nodes at once, servers
//! that go away, addresses that are wrong, and tables of others.

#![cfg(any(feature = "postgres", feature = "mysql"))]
#![allow(clippy::unwrap_used)] // What tests may do, their fixtures may.

mod servers;

use std::{collections::HashSet, sync::Arc, time::Duration};

use futures_util::future::join_all;
use servers::Database;
use tokio::time::Instant;
use uuid::Uuid;
use voip_core::{
    Answerer, Call, CallId, Effect, Ended, Error, ErrorKind, FinalStatus, Party, State, Timestamp,
    ports::{
        CallStore, Held, IdempotencyKey, Inserted, LogFilter, LogQuery, NewCall, Replaced, Version,
    },
    table,
};

const PATIENCE: Duration = Duration::from_secs(20);

macro_rules! cases {
    ($($case:ident)+) => {
        #[cfg(feature = "postgres")]
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case::<super::servers::postgres::PostgresSchema>().await;
                }
            )+
        }

        #[cfg(feature = "mysql")]
        mod mysql {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case::<super::servers::mysql::MySqlDatabase>().await;
                }
            )+
        }
    };
}

cases! {
    many_calls_written_at_once_are_read_back_whole
    a_leg_that_is_taken_spoils_nobody_elses_write
    of_two_nodes_one_adds_a_call_and_one_replaces_it
    no_two_nodes_claim_one_effect
    an_effect_of_another_node_is_not_settled_with_ones_own
    many_nodes_may_start_on_an_empty_database
    tables_that_are_not_ours_are_refused_and_those_of_the_earlier_system_are_not
    a_newer_format_is_refused
    wrong_addresses_are_named_without_the_password
    a_server_that_never_answers_keeps_nobody_waiting
    a_store_is_back_at_once_after_its_connections_were_cut
    a_row_nobody_can_read_spoils_no_other
    texts_as_long_as_they_come_are_kept_and_found
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(seconds)
}

fn id(number: u128) -> CallId {
    CallId::from_uuid(Uuid::from_u128(number))
}

fn ringing(number: u128) -> Call {
    Call {
        id: id(number),
        provider_id: Some(format!("CA{number}").parse().unwrap()),
        owner: Some("ann".parse().unwrap()),
        created_at: at(0),
        state: State::Ringing { until: at(90) },
        ..table::calls().remove(0).1
    }
}

fn new(call: &Call, effects: &[Effect]) -> NewCall {
    NewCall {
        call: call.clone(),
        effects: effects.to_vec(),
        effects_due: at(10),
        key: None,
    }
}

async fn connect<D: Database>(database: &D) -> D::Store {
    D::connect(&database.url(), PATIENCE).await.unwrap()
}

async fn refused<D: Database>(url: &str) -> Error {
    match D::connect(url, Duration::from_secs(3)).await {
        Ok(_) => panic!("the database is not to be had"),
        Err(error) => error,
    }
}

async fn many_calls_written_at_once_are_read_back_whole<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let texts = [
        "",
        " ",
        "a",
        "a ",
        "O'Brien \"\\%_; DROP TABLE calls",
        "Zoë 山田 👩‍👩‍👧",
        "null",
        "tab\tand\r\nline",
        "\u{7f}\u{1}",
    ];
    let calls: Vec<Call> = (1..=150_u128)
        .map(|number| Call {
            from: Party::read(texts[number as usize % texts.len()]),
            ..ringing(number)
        })
        .collect();
    let inserted = join_all(
        calls
            .iter()
            .map(|call| store.insert(new(call, &[Effect::Dial]))),
    );
    assert!(
        inserted
            .await
            .into_iter()
            .all(|outcome| outcome.unwrap() == Inserted::New)
    );

    let next: Vec<Call> = calls
        .iter()
        .zip(0_usize..)
        .map(|(call, place)| {
            let text: Arc<str> = texts[place % texts.len()].into();
            let state = match place % 3 {
                0 => State::InProgress {
                    answered_at: at(5),
                    by: Some(Answerer {
                        user: "ann".parse().unwrap(),
                        device: text,
                    }),
                    connects: 3,
                    bridge: None,
                    check_at: at(500),
                },
                1 => State::Ended(Ended {
                    status: FinalStatus::Failed,
                    at: at(9),
                    answered_at: Some(at(5)),
                    duration: Some(Duration::from_micros(4_000_001)),
                    reason: Some(text),
                    trouble: None,
                }),
                _ => State::Queued { check_at: at(70) },
            };
            let far = table::calls().into_iter().find_map(|(_, call)| call.far);
            let far = far.filter(|_| place % 2 == 0);
            Call {
                state,
                far,
                told: call.told + 1,
                ..call.clone()
            }
        })
        .collect();
    // One in ten names a version that never was.
    let replaced = join_all(next.iter().zip(0_u64..).map(|(call, place)| {
        let version = Version(u64::from(place % 10 == 9));
        store.replace(call, version, &[Effect::LookUp], at(20))
    }));
    for (outcome, place) in replaced.await.into_iter().zip(0..) {
        let expected = match place % 10 {
            9 => Replaced::Conflict,
            _ => Replaced::Done(Version(1)),
        };
        assert_eq!(outcome.unwrap(), expected, "call {place}");
    }
    let by_id = join_all(calls.iter().map(|call| store.call(&call.id))).await;
    let legs = calls.iter().map(|call| call.provider_id.as_ref().unwrap());
    let by_leg = join_all(legs.map(|leg| store.call_by_provider_id(leg))).await;
    for (place, (by_id, by_leg)) in by_id.into_iter().zip(by_leg).enumerate() {
        let expected = match place % 10 {
            9 => Held {
                call: calls[place].clone(),
                version: Version(0),
            },
            _ => Held {
                call: next[place].clone(),
                version: Version(1),
            },
        };
        assert_eq!(by_id.unwrap(), Some(expected.clone()));
        assert_eq!(by_leg.unwrap(), Some(expected));
    }
    let claimed = store.claim_effects(at(20), at(50), 1000).await.unwrap();
    let asked_again = claimed.iter().filter(|it| it.effect == Effect::LookUp);
    assert_eq!((claimed.len(), asked_again.count()), (150 + 135, 135));
    let live = store.live_calls(&"ann".parse().unwrap()).await.unwrap();
    assert!(live.iter().all(|call| !call.is_over()));
    let log = LogQuery {
        name: "ann".into(),
        owned_only: true,
        filter: LogFilter::default(),
        after: None,
        limit: 1000,
    };
    assert_eq!(store.log(&log).await.unwrap().len(), 150);
    D::close(&store).await;
    assert_eq!(
        store.ping().await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    D::close(&store).await;
}

async fn a_leg_that_is_taken_spoils_nobody_elses_write<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let calls: Vec<Call> = (1..=20).map(ringing).collect();
    join_all(calls.iter().map(|call| store.insert(new(call, &[])))).await;
    let next: Vec<Call> = calls
        .iter()
        .map(|call| match call.id == id(7) {
            true => Call {
                provider_id: calls[2].provider_id.clone(),
                ..call.clone()
            },
            false => Call {
                told: 9,
                ..call.clone()
            },
        })
        .collect();
    let replacing = next
        .iter()
        .map(|call| store.replace(call, Version(0), &[], at(0)));
    for (outcome, call) in join_all(replacing).await.into_iter().zip(&next) {
        match outcome {
            Ok(done) => assert_eq!(done, Replaced::Done(Version(1))),
            Err(error) => assert_eq!((error.kind(), call.id), (ErrorKind::Refused, id(7))),
        }
    }
    let held = store.call(&id(7)).await.unwrap().unwrap();
    assert_eq!(
        held,
        Held {
            call: calls[6].clone(),
            version: Version(0)
        }
    );
}

async fn of_two_nodes_one_adds_a_call_and_one_replaces_it<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let nodes = [connect(&database).await, connect(&database).await];
    for round in 0..10_u128 {
        // The same leg, or the same key, under ids of their own, many at once.
        let wanted = |node: u128, number: u128| {
            let mut call = ringing(1000 * round + 10 * number + node);
            call.provider_id = None;
            let key = IdempotencyKey::new(None, &format!("key-{round}-{number}")).unwrap();
            let mut new = new(&call, &[Effect::Dial]);
            match number % 2 {
                0 => new.key = Some(key),
                _ => new.call.provider_id = Some(format!("CA{round}x{number}").parse().unwrap()),
            }
            new
        };
        let insert = |node: usize| {
            let all = (1..=12).map(move |number| wanted(node as u128, number));
            join_all(all.map(|new| nodes[node].insert(new)))
        };
        let (ones, others) = tokio::join!(insert(0), insert(1));
        for (number, (one, other)) in (1..).zip(ones.into_iter().zip(others)) {
            let ids = [0, 1].map(|node| wanted(node, number).call.id);
            match (one.unwrap(), other.unwrap()) {
                (Inserted::New, Inserted::Known(held)) => assert_eq!(held.call.id, ids[0]),
                (Inserted::Known(held), Inserted::New) => assert_eq!(held.call.id, ids[1]),
                outcomes => panic!("{outcomes:?}"),
            }
        }
        // Both replace the same calls, in orders of their own.
        let calls: Vec<Call> = (1..=12)
            .map(|number| ringing(1000 * round + 500 + number))
            .collect();
        join_all(calls.iter().map(|call| nodes[0].insert(new(call, &[])))).await;
        let replace = |node: usize| {
            let mut mine: Vec<Call> = calls.clone();
            mine.rotate_left(node * 5);
            let nodes = &nodes;
            async move {
                let all = mine.iter().map(|call| {
                    let call = Call {
                        told: 100 + node as u32,
                        ..call.clone()
                    };
                    async move {
                        let done = nodes[node].replace(&call, Version(0), &[Effect::HangUp], at(5));
                        (call.id, done.await.unwrap() == Replaced::Done(Version(1)))
                    }
                });
                join_all(all)
                    .await
                    .into_iter()
                    .filter(|(_, done)| *done)
                    .map(|(id, _)| id)
                    .collect::<HashSet<_>>()
            }
        };
        let (ones, others) = tokio::join!(replace(0), replace(1));
        assert!(ones.is_disjoint(&others));
        assert_eq!(ones.len() + others.len(), 12, "each by one");
        for call in &calls {
            let held = nodes[1].call(&call.id).await.unwrap().unwrap();
            let winner = if ones.contains(&call.id) { 100 } else { 101 };
            assert_eq!((held.call.told, held.version), (winner, Version(1)));
        }
    }
}

async fn no_two_nodes_claim_one_effect<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let nodes = [connect(&database).await, connect(&database).await];
    let calls: Vec<Call> = (1..=40).map(ringing).collect();
    let effects = [Effect::Dial, Effect::HangUp];
    join_all(
        calls
            .iter()
            .map(|call| nodes[0].insert(new(call, &effects))),
    )
    .await;
    let sweeps = (0..12).map(|sweep| nodes[sweep % 2].claim_effects(at(10), at(99), 7));
    let mut claimed: Vec<_> = join_all(sweeps)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    // What a sweep passed over because another was at it is left for the next.
    claimed.extend(nodes[0].claim_effects(at(10), at(99), 1000).await.unwrap());
    let different: HashSet<_> = claimed.iter().map(|it| (it.call, it.effect)).collect();
    assert_eq!((claimed.len(), different.len()), (80, 80));
}

async fn an_effect_of_another_node_is_not_settled_with_ones_own<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let [slow, other] = [connect(&database).await, connect(&database).await];
    let call = ringing(1);
    slow.insert(new(&call, &[Effect::Dial])).await.unwrap();
    // Its time is up, and another node takes the effect over.
    assert_eq!(
        other.claim_effects(at(10), at(20), 9).await.unwrap().len(),
        1
    );
    slow.settle_effect(&call.id, Effect::Dial).await.unwrap();
    assert_eq!(slow.claim_effects(at(19), at(99), 9).await.unwrap(), []);
    let again = slow.claim_effects(at(20), at(30), 9).await.unwrap();
    assert_eq!(again.len(), 1, "it was the other's, who has not settled it");
    assert_eq!(again[0].attempt, 2);
    slow.settle_effect(&call.id, Effect::Dial).await.unwrap();
    D::close(&slow).await;
    assert_eq!(
        other.claim_effects(at(30), at(99), 9).await.unwrap(),
        [],
        "closing settles"
    );
}

async fn many_nodes_may_start_on_an_empty_database<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let url = database.url();
    let stores = join_all((0..6).map(|_| D::connect(&url, PATIENCE))).await;
    for store in &stores {
        store.as_ref().unwrap().ping().await.unwrap();
    }
    // A start that was killed half-way, where tables cannot be made all at once.
    if D::SCHEME == "mysql" {
        database
            .run("DELETE FROM voip_schema; DROP TABLE accounts, devices")
            .await;
        connect(&database).await.ping().await.unwrap();
        database
            .run("SELECT * FROM accounts; SELECT * FROM devices")
            .await;
    }
}

async fn tables_that_are_not_ours_are_refused_and_those_of_the_earlier_system_are_not<
    D: Database,
>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    database.run("CREATE TABLE devices (name INT)").await;
    let error = refused::<D>(&database.url()).await;
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    assert!(error.to_string().contains("devices"), "{error}");
    database.run("SELECT name FROM devices").await;
    database.run("DROP TABLE devices").await;
    let earlier = "CREATE TABLE users (user_id INT); CREATE TABLE call_logs (id INT); \
                   INSERT INTO users VALUES (7)";
    database.run(earlier).await;
    let store = connect(&database).await;
    store.insert(new(&ringing(1), &[])).await.unwrap();
    store.clear_calls().await.unwrap();
    database
        .run("UPDATE users SET user_id = user_id; SELECT id FROM call_logs")
        .await;
}

async fn a_newer_format_is_refused<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    D::close(&connect(&database).await).await;
    database.run("UPDATE voip_schema SET format = 1000").await;
    let error = refused::<D>(&database.url()).await;
    assert_eq!(error.kind(), ErrorKind::Misconfigured);
    let message = error.to_string();
    assert!(
        message.contains("newer") && message.contains("1000"),
        "{message}"
    );
}

async fn wrong_addresses_are_named_without_the_password<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let url = database.url();
    let (start, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    let wrong = [
        (
            format!("{start}://nobody:sesame@{place}"),
            ErrorKind::Misconfigured,
        ),
        (
            format!("{start}://nobody:sesame@127.0.0.1:1/voip"),
            ErrorKind::Unavailable,
        ),
        (
            format!("{start}://nobody:ses@ame@:x/voip"),
            ErrorKind::Misconfigured,
        ),
        (
            format!("{start}://nobody:sesame@127.0.0.1"),
            ErrorKind::Misconfigured,
        ),
    ];
    for (url, kind) in wrong {
        let error = refused::<D>(&url).await;
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), kind, "{shown}");
        assert!(
            !shown.contains("sesame") && !shown.contains("ses@"),
            "{shown}"
        );
    }
}

async fn a_server_that_never_answers_keeps_nobody_waiting<D: Database>() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = silent.local_addr().unwrap();
    let url = format!("{}://ann:sesame@{place}/voip", D::SCHEME);
    let begun = Instant::now();
    let connecting = D::connect(&url, Duration::from_millis(200)); // real time: a socket keeps silent
    let error = tokio::time::timeout(Duration::from_secs(70), connecting).await;
    let error = error.unwrap().err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
}

async fn a_store_is_back_at_once_after_its_connections_were_cut<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    for round in 0..3_u128 {
        store.insert(new(&ringing(2 * round), &[])).await.unwrap();
        store.call(&id(1)).await.unwrap();
        store.ping().await.unwrap();
        database.cut().await;
        // Each kind of connection may fail once: nobody told it before.
        let _ = store.ping().await;
        let _ = store.call(&id(1)).await;
        let _ = store.insert(new(&ringing(2 * round + 1), &[])).await;
        store.ping().await.unwrap();
        assert!(store.call(&id(2 * round)).await.unwrap().is_some());
        let again = store
            .insert(new(&ringing(2 * round + 1), &[]))
            .await
            .unwrap();
        // It may have been added: that is what ambiguous means.
        assert!(matches!(again, Inserted::New | Inserted::Known(_)));
    }
}

async fn a_row_nobody_can_read_spoils_no_other<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let calls: Vec<Call> = (1..=9).map(ringing).collect();
    join_all(calls.iter().map(|call| store.insert(new(call, &[])))).await;
    database
        .run("UPDATE calls SET status = 99 WHERE provider_id = 'CA4'")
        .await;
    let found = join_all(calls.iter().map(|call| store.call(&call.id))).await;
    for (call, found) in calls.iter().zip(found) {
        match found {
            Ok(held) => assert_eq!(held.map(|held| held.call.id), Some(call.id)),
            Err(error) => {
                assert_eq!((call.id, error.kind()), (id(4), ErrorKind::Malformed));
                let chain = format!("{error} {:?}", std::error::Error::source(&error));
                assert!(
                    !chain.contains("+1555") && !chain.contains("SELECT"),
                    "{chain}"
                );
            }
        }
    }
    let broken = store.call(&id(4)).await;
    assert!(broken.is_err());
}

async fn texts_as_long_as_they_come_are_kept_and_found<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let (long, other) = ("x".repeat(70_000), format!("{}y", "x".repeat(69_999)));
    let call = Call {
        from: Party::read(&long),
        to: Party::read("sip:nul\0in@example.com"),
        owner: None,
        ..ringing(1)
    };
    store.insert(new(&call, &[])).await.unwrap();
    let held = store.call(&call.id).await.unwrap().unwrap();
    assert_eq!(held.call.from, call.from);
    let log = |name: &str| LogQuery {
        name: name.into(),
        owned_only: false,
        filter: LogFilter::default(),
        after: None,
        limit: 10,
    };
    assert_eq!(store.log(&log(&long)).await.unwrap().len(), 1);
    assert_eq!(store.log(&log(&other)).await.unwrap().len(), 0);
    assert_eq!(
        store
            .log(&log("sip:nul\0in@example.com"))
            .await
            .unwrap()
            .len(),
        1
    );
    let filter = LogFilter {
        party: Some("nul\0".into()),
        ..LogFilter::default()
    };
    let filtered = LogQuery {
        filter,
        ..log(&long)
    };
    assert_eq!(store.log(&filtered).await.unwrap().len(), 0);
}
