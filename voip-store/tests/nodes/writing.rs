//! Many writes that share a transaction.

use crate::{
    cases,
    samples::{at, connect, id, new, ringing},
    servers::Database,
};
use futures_util::future::join_all;
use std::sync::Arc;
use std::time::Duration;
use voip_core::table;
use voip_core::{
    Answerer, Call, CallStatus, Device, Effect, Ended, ErrorKind, FinalStatus, Party, PhoneNumber,
    Platform, State, User,
    ports::{
        CallStore as _, Held, Inserted, LegReport, LogFilter, LogQuery, Registered, Replaced,
        UserStore as _, Version,
    },
};

cases! {
    many_calls_written_at_once_are_read_back_whole
    a_leg_that_is_taken_spoils_nobody_elses_write
    a_row_nobody_can_read_spoils_no_other
    each_of_many_who_look_at_once_finds_its_own
    texts_as_long_as_they_come_are_kept_and_found
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

async fn each_of_many_who_look_at_once_finds_its_own<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let user = |number: u32| User {
        id: format!("user{number}").parse().unwrap(),
        phone: PhoneNumber::from_e164(&format!("+1555000{number:04}")).ok(),
        created_at: at(0),
    };
    let device = |number: u32, of: u32| Device {
        token: format!("token{number}of{of}").parse().unwrap(),
        platform: Platform::Fcm,
        last_seen: at(number.into()),
    };
    for of in 1..=9 {
        for number in 0..of {
            let registered = store.register(&user(of), Some(device(number, of))).await;
            assert_eq!(registered.unwrap(), Registered::Done);
        }
    }
    let leg = ringing(3).provider_id.unwrap();
    let report = LegReport {
        leg: leg.clone(),
        status: CallStatus::Ringing,
        at: None,
        duration: None,
        reason: None,
    };
    for broken in [None, Some(5)] {
        if let Some(number) = broken {
            let sql =
                format!("UPDATE devices SET platform = 'pigeon' WHERE user_id = 'user{number}'");
            database.run(&sql).await;
        }
        store.keep_report(&report, at(0)).await.unwrap();
        let looks = (1..=12).map(|number| {
            let (store, user, call) = (&store, user(number), id(number.into()));
            async move {
                tokio::join!(
                    store.user_by_number(user.phone.as_ref().unwrap()),
                    store.devices(&user.id),
                    store.call(&call),
                )
            }
        });
        let other = ringing(4).provider_id.unwrap();
        let (found, mine, others) = tokio::join!(
            join_all(looks),
            store.take_reports(&leg),
            store.take_reports(&other)
        );
        for (number, (by_number, devices, call)) in (1..).zip(found) {
            let there = number <= 9;
            assert_eq!(by_number.unwrap(), there.then(|| user(number)));
            assert_eq!(call.unwrap(), None);
            let newest_first = (0..number).rev().map(|n| device(n, number));
            if Some(number) == broken {
                assert_eq!(devices.unwrap_err().kind(), ErrorKind::Malformed);
            } else if there {
                assert_eq!(devices.unwrap(), newest_first.collect::<Vec<_>>());
            } else {
                assert_eq!(devices.unwrap(), []);
            }
        }
        assert_eq!(
            (mine.unwrap(), others.unwrap()),
            (vec![report.clone()], vec![])
        );
    }
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
