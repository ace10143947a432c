use std::sync::Arc;

use voip_core::{
    CallId, UserId,
    ports::{CallStore, LogChange, LogFilter, LogQuery, Version},
};

use super::samples::{after, ended, held, id, inbound, insert, leg, new, outbound, start, user};

/// A deleted call is gone from the logs of everybody it names, and from nothing
/// else. What is saved of it meanwhile is there when it comes back.
pub async fn a_deleted_call_is_in_no_log_until_it_is_restored(store: &dyn CallStore) {
    let (over, other) = (ended(&inbound(1, "ann")), ended(&outbound(2, "ann")));
    let talking = outbound(3, "ann");
    for call in [&over, &other, &talking, &ended(&outbound(4, "bob"))] {
        insert(store, new(call)).await;
    }
    let lists = async |name: &str| {
        let mut found = Vec::new();
        for (owned_only, since) in [(false, None), (true, None), (true, Some(start()))] {
            let query = LogQuery {
                name: Arc::from(name),
                owned_only,
                filter: LogFilter {
                    since,
                    ..LogFilter::default()
                },
                after: None,
                limit: 10,
            };
            let entries = store.log(&query).await.expect("storage is in order");
            found.push(entries);
        }
        found
    };
    let ids = async |name: &str| {
        let lists = lists(name).await;
        let ids = |entries: &Vec<_>| {
            entries
                .iter()
                .map(|entry: &voip_core::ports::LogEntry| entry.id)
                .collect()
        };
        lists.iter().map(ids).collect::<Vec<Vec<CallId>>>()
    };
    let whole = lists("ann").await;
    let (ann, bob) = (user("ann"), user("bob"));

    // Nobody deletes what is not theirs, or not there.
    for (who, call) in [(&bob, 1), (&user("+15550002222"), 1), (&ann, 4), (&ann, 99)] {
        assert_eq!(delete(store, who, call).await, LogChange::NoSuchCall);
        assert_eq!(restore(store, who, call).await, LogChange::NoSuchCall);
    }
    assert_eq!(restore(store, &ann, 1).await, LogChange::Already);
    assert_eq!(lists("ann").await, whole, "nothing has changed");

    for outcome in [LogChange::Made, LogChange::Already] {
        assert_eq!(delete(store, &ann, 1).await, outcome);
        assert_eq!(ids("ann").await, [[id(3), id(2)]; 3]);
        let named = ids("+15550002222").await;
        assert_eq!(named[0], [id(4), id(3), id(2)], "nor for others");
    }
    assert_eq!(held(store, &id(1)).await.call, over, "it is still there");
    let by_leg = store.call_by_provider_id(&leg(1)).await;
    assert_eq!(
        by_leg.expect("storage is in order").map(|held| held.call),
        Some(over.clone())
    );

    // A call may be deleted while it goes on, and ends in no log.
    assert_eq!(delete(store, &ann, 3).await, LogChange::Made);
    for (call, version) in [(&over, 0), (&ended(&talking), 0)] {
        let saved = store.replace(call, Version(version), &[], start()).await;
        saved.expect("storage is in order");
    }
    assert_eq!(ids("ann").await, [[id(2)]; 3]);

    for outcome in [LogChange::Made, LogChange::Already] {
        assert_eq!(restore(store, &ann, 3).await, outcome);
        assert_eq!(restore(store, &ann, 1).await, outcome);
        assert_eq!(ids("ann").await, [[id(3), id(2), id(1)]; 3]);
        assert_eq!(ids("+15550002222").await[0], [id(4), id(3), id(2), id(1)]);
    }
    let restored = lists("ann").await;
    assert_eq!(restored[0][1..], whole[0][1..], "as it was");
    assert_eq!(restored[0][0].ended_at, Some(after(23)), "as it now is");
    assert_eq!(delete(store, &ann, 1).await, LogChange::Made, "and again");
    assert_eq!(ids("ann").await, [[id(3), id(2)]; 3]);
}

async fn delete(store: &dyn CallStore, owner: &UserId, call: u128) -> LogChange {
    let deleted = store.delete_log(owner, &id(call), after(100)).await;
    deleted.expect("storage is in order")
}

async fn restore(store: &dyn CallStore, owner: &UserId, call: u128) -> LogChange {
    let restored = store.restore_log(owner, &id(call)).await;
    restored.expect("storage is in order")
}
