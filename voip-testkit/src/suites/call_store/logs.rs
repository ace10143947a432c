use std::{cmp::Reverse, sync::Arc, time::Duration};

use voip_core::{
    Call, CallId, CallStatus, Direction, Effect, Party,
    ports::{CallStore, LogCursor, LogEntry, LogFilter, LogQuery, NewCall, Version},
};

use super::samples::{
    ODD, after, claim, ended, id, inbound, insert, leg, new, outbound, ringing, start, user,
    with_effects,
};

/// Pages follow each other without a gap or a repeat, whatever is added
/// meanwhile.
pub async fn the_log_lists_newest_first_in_pages(store: &dyn CallStore) {
    let mut calls = Vec::new();
    for number in 0..23_u128 {
        // Some share a moment, and ids do not follow time.
        let created_at = after(u64::try_from(number / 3).expect("small"));
        let id = id((number * 7919) % 1000 + 1);
        calls.push(Call {
            id,
            created_at,
            ..outbound(number, "ann")
        });
    }
    for call in &calls {
        insert(store, new(call)).await;
    }
    calls.sort_by_key(|call| Reverse((call.created_at, call.id)));
    let expected: Vec<_> = calls.iter().map(|call| call.id).collect();

    assert_eq!(
        ids(&page(store, "ann", None, 1000).await),
        expected,
        "all on one page"
    );
    assert_eq!(page(store, "ann", None, 0).await, []);
    for size in [1, 5, 23, 24] {
        let mut listed = Vec::new();
        let mut cursor = None;
        loop {
            let entries = page(store, "ann", cursor, size).await;
            assert!(entries.len() <= size, "a page holds no more than asked for");
            let Some(last) = entries.last() else { break };
            let place = LogCursor {
                created_at: last.created_at,
                id: last.id,
            };
            cursor = Some(
                place
                    .to_string()
                    .parse()
                    .expect("a cursor as it was written"),
            );
            listed.extend(ids(&entries));
            assert!(
                listed.len() <= expected.len(),
                "pages of {size} go round in circles"
            );
        }
        assert_eq!(listed, expected, "in pages of {size}");
    }

    let tenth = LogCursor {
        created_at: calls[9].created_at,
        id: calls[9].id,
    };
    insert(
        store,
        new(&Call {
            id: id(5000),
            ..outbound(900, "ann")
        }),
    )
    .await;
    let rest = page(store, "ann", Some(tenth), 1000).await;
    assert_eq!(ids(&rest), expected[10..], "a newer call moves no page");
}

/// A log is found by the owner and by whoever the log says called or was
/// called, letter by letter.
pub async fn the_log_finds_calls_by_owner_and_by_either_party(store: &dyn CallStore) {
    let out = Call {
        from: Party::read("+15550003333"),
        ..outbound(1, "ann")
    };
    let over = ended(&inbound(2, "ann"));
    let ownerless = Call {
        owner: None,
        ..outbound(3, "-")
    };
    let to_herself = Call {
        from: Party::read("ann"),
        to: Party::read("ann"),
        ..outbound(4, "ann")
    };
    for call in [&out, &over, &ownerless, &to_herself] {
        insert(store, new(call)).await;
    }
    let found = async |name: &str| ids(&page(store, name, None, 10).await);
    assert_eq!(found("ann").await, [id(4), id(2), id(1)], "each once");
    assert_eq!(found("+15550003333").await, [id(1)], "by who called");
    assert_eq!(
        found("+15550001111").await,
        [id(3)],
        "an inbound call's log names the user"
    );
    assert_eq!(
        found("+15550002222").await,
        [id(3), id(2), id(1)],
        "by who was called, or called"
    );
    for name in ["Ann", "ann ", "an", "ann_", "%", ""] {
        assert_eq!(found(name).await, [], "{name:?} is nobody's name");
    }
    assert_eq!(owned(store, "ann").await, [id(4), id(2), id(1)]);
    assert_eq!(
        owned(store, "+15550002222").await,
        [],
        "a party owns nothing"
    );

    // A user may be named like a number that others call.
    insert(store, new(&outbound(5, "+15550002222"))).await;
    assert_eq!(owned(store, "+15550002222").await, [id(5)]);

    let line = LogEntry {
        id: id(2),
        provider_id: Some(Box::from(leg(2).as_str())),
        from: Box::from("+15550002222"),
        to: Box::from("ann"),
        number: Some(Box::from("+15550001111")),
        direction: Direction::Inbound,
        status: CallStatus::Completed,
        created_at: after(2),
        ended_at: Some(after(22)),
        duration: Some(Duration::from_secs(15)),
    };
    assert_eq!(page(store, "ann", None, 10).await[1], line);
    assert_eq!(page(store, "+15550002222", None, 10).await[2], line);
    // A log shows what is, not what was.
    let legless = Call {
        provider_id: None,
        ..outbound(6, "cat")
    };
    insert(store, new(&legless)).await;
    let entry = &page(store, "cat", None, 10).await[0];
    assert_eq!(
        (entry.provider_id.as_deref(), entry.ended_at, entry.duration),
        (None, None, None)
    );
    let over = Call {
        provider_id: Some(leg(6)),
        ..ended(&legless)
    };
    store
        .replace(&over, Version(0), &[], start())
        .await
        .expect("storage is in order");
    let entry = &page(store, "cat", None, 10).await[0];
    assert_eq!(entry.provider_id.as_deref(), Some(leg(6).as_str()));
    assert_eq!(
        (entry.status, entry.ended_at, entry.duration),
        (
            CallStatus::Completed,
            Some(after(26)),
            Some(Duration::from_secs(15))
        )
    );

    for (place, text) in (0_u128..).zip(ODD) {
        let call = Call {
            from: Party::read(text),
            ..inbound(100 + place, "dan")
        };
        insert(store, new(&call)).await;
        assert_eq!(found(text).await, [call.id], "{text:?}");
    }
}

/// A user sees the calls they own or are the other user of, as long as those
/// last.
pub async fn live_calls_of_a_user_are_those_not_ended(store: &dyn CallStore) {
    let live = async |name: &str| {
        store
            .live_calls(&user(name))
            .await
            .expect("storage is in order")
    };
    let own = outbound(1, "ann");
    let other = Call {
        peer: Some(user("ann")),
        ..inbound(2, "bob")
    };
    let foreign = Call {
        from: Party::read("ann"),
        ..inbound(3, "cat")
    };
    for call in [&own, &other, &foreign, &ended(&outbound(4, "ann"))] {
        insert(store, new(call)).await;
    }
    assert_eq!(
        live("ann").await,
        [other.clone(), own.clone()],
        "newest first"
    );
    assert_eq!(live("bob").await, std::slice::from_ref(&other));
    assert_eq!(live("Ann").await, []);

    let still = ringing(&own, after(700));
    store
        .replace(&still, Version(0), &[], start())
        .await
        .expect("storage is in order");
    assert_eq!(
        live("ann").await,
        [other.clone(), still.clone()],
        "as it now is"
    );
    store
        .replace(&ended(&other), Version(0), &[], start())
        .await
        .expect("storage is in order");
    assert_eq!(live("ann").await, std::slice::from_ref(&still));
    assert_eq!(live("bob").await, []);
    store
        .replace(&ended(&still), Version(1), &[], start())
        .await
        .expect("storage is in order");
    assert_eq!(live("ann").await, []);

    let many: Vec<_> = (1000..1103).map(|number| outbound(number, "ann")).collect();
    for call in &many {
        insert(store, new(call)).await;
    }
    let newest: Vec<_> = many.iter().rev().take(100).cloned().collect();
    assert_eq!(live("ann").await, newest, "the newest hundred");
}

/// After clearing there is nothing of any call, and all can begin afresh.
pub async fn clearing_calls_leaves_none(store: &dyn CallStore) {
    assert_eq!(store.clear_calls().await.expect("storage is in order"), 0);
    let key = voip_core::ports::IdempotencyKey::new(None, "word").expect("a good key");
    let due = ringing(&outbound(1, "ann"), after(10));
    let first = NewCall {
        key: Some(key),
        ..with_effects(&due, &[Effect::Dial, Effect::LookUp], after(10))
    };
    insert(store, first.clone()).await;
    insert(store, new(&inbound(2, "ann"))).await;
    insert(store, new(&ended(&outbound(3, "ann")))).await;
    store.ping().await.expect("storage answers");
    assert_eq!(store.clear_calls().await.expect("storage is in order"), 3);

    for number in 1..=3 {
        assert_eq!(
            store.call(&id(number)).await.expect("storage is in order"),
            None
        );
        let found = store
            .call_by_provider_id(&leg(number))
            .await
            .expect("storage is in order");
        assert_eq!(found, None);
    }
    for name in ["ann", "+15550001111", "+15550002222"] {
        assert_eq!(page(store, name, None, 10).await, []);
    }
    assert_eq!(
        store
            .live_calls(&user("ann"))
            .await
            .expect("storage is in order"),
        []
    );
    assert_eq!(
        store
            .due_calls(after(3600), 10)
            .await
            .expect("storage is in order"),
        []
    );
    assert_eq!(claim(store, after(3600), after(3700)).await, []);
    insert(store, first).await; // Neither id nor leg nor key is taken.
    assert_eq!(claim(store, after(10), after(20)).await.len(), 2);
}

async fn page(
    store: &dyn CallStore,
    name: &str,
    after: Option<LogCursor>,
    limit: usize,
) -> Vec<LogEntry> {
    let query = LogQuery {
        name: Arc::from(name),
        owned_only: false,
        filter: LogFilter::default(),
        after,
        limit,
    };
    store.log(&query).await.expect("storage is in order")
}

async fn owned(store: &dyn CallStore, name: &str) -> Vec<CallId> {
    let query = LogQuery {
        name: Arc::from(name),
        owned_only: true,
        filter: LogFilter::default(),
        after: None,
        limit: 10,
    };
    ids(&store.log(&query).await.expect("storage is in order"))
}

fn ids(entries: &[LogEntry]) -> Vec<CallId> {
    entries.iter().map(|entry| entry.id).collect()
}
