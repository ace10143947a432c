use std::time::Duration;

use voip_core::{
    Call, Effect, State,
    ports::{CallStore, Held, Replaced, Version},
};

use super::samples::{after, claim, ended, held, id, insert, new, outbound, race, ringing, start};

/// Whoever names any version but the present one changes nothing.
pub async fn a_stale_version_conflicts_and_changes_nothing(store: &dyn CallStore) {
    let call = outbound(1, "ann");
    insert(store, new(&call)).await;
    let next = ringing(&call, after(500));
    let replaced = store.replace(&next, Version(0), &[], start()).await;
    assert_eq!(
        replaced.expect("storage is in order"),
        Replaced::Done(Version(1))
    );

    for version in [Version(0), Version(2), Version(u64::MAX)] {
        let outcome = store
            .replace(&ended(&call), version, &[Effect::HangUp], start())
            .await;
        assert_eq!(
            outcome.expect("storage is in order"),
            Replaced::Conflict,
            "{version:?}"
        );
    }
    let expected = Held {
        call: next,
        version: Version(1),
    };
    assert_eq!(held(store, &call.id).await, expected);
    assert_eq!(
        claim(store, after(3600), after(3700)).await,
        [],
        "no effect was saved"
    );
    let live = store.live_calls(call.owner.as_ref().expect("ann's")).await;
    assert_eq!(
        live.expect("storage is in order").len(),
        1,
        "the call still lives"
    );

    let outcome = store
        .replace(&outbound(2, "ann"), Version(0), &[Effect::Dial], start())
        .await;
    assert_eq!(
        outcome.expect("storage is in order"),
        Replaced::Conflict,
        "it was never added"
    );
    assert_eq!(store.call(&id(2)).await.expect("storage is in order"), None);
    assert_eq!(claim(store, after(3600), after(3700)).await, []);
}

/// Of many who replace one version at once, one succeeds and the call is its.
pub async fn one_of_many_racing_writers_wins(store: &dyn CallStore) {
    const WRITERS: usize = 8;
    let call = outbound(1, "ann");
    insert(store, new(&call)).await;
    for round in 0..20 {
        let outcomes = race(WRITERS, async |number| {
            let check_at = after(1000 * round + number as u64);
            let next = Call {
                state: State::Queued { check_at },
                ..call.clone()
            };
            let outcome = store.replace(&next, Version(round), &[], start()).await;
            (next, outcome.expect("storage is in order"))
        });
        let mut winners = outcomes
            .iter()
            .filter(|(_, outcome)| *outcome != Replaced::Conflict);
        let (winner, outcome) = winners.next().expect("somebody wins");
        assert_eq!(winners.next(), None, "nobody else wins");
        assert_eq!(*outcome, Replaced::Done(Version(round + 1)));
        let expected = Held {
            call: winner.clone(),
            version: Version(round + 1),
        };
        assert_eq!(held(store, &call.id).await, expected);
    }
}

/// Calls come up once their deadline is there, the longest overdue first, until
/// they end or get another deadline.
pub async fn due_calls_are_those_whose_deadline_has_come(store: &dyn CallStore) {
    // Deadlines in an order that is neither that of the ids nor its reverse.
    let deadlines = [(1, 30), (2, 10), (3, 40), (4, 20)];
    for (number, deadline) in deadlines {
        insert(
            store,
            new(&ringing(&outbound(number, "ann"), after(deadline))),
        )
        .await;
    }
    insert(store, new(&ended(&outbound(5, "ann")))).await;
    let due = async |now, limit| {
        store
            .due_calls(now, limit)
            .await
            .expect("storage is in order")
    };
    let instant = Duration::from_micros(1);
    assert_eq!(due(after(10) - instant, 10).await, [], "a moment too early");
    assert_eq!(due(after(10), 10).await, [id(2)], "at the very moment");
    assert_eq!(due(after(35), 10).await, [id(2), id(4), id(1)]);
    assert_eq!(due(after(35), 2).await, [id(2), id(4)]);
    assert_eq!(
        due(after(10_000), 10).await.len(),
        4,
        "one that has ended has no deadline"
    );

    let postponed = ringing(&outbound(2, "ann"), after(100));
    store
        .replace(&postponed, Version(0), &[], start())
        .await
        .expect("storage is in order");
    let over = ended(&outbound(4, "ann"));
    store
        .replace(&over, Version(0), &[], start())
        .await
        .expect("storage is in order");
    assert_eq!(due(after(35), 10).await, [id(1)]);
    assert_eq!(due(after(100), 10).await, [id(1), id(3), id(2)]);
}
