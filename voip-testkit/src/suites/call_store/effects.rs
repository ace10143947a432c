use std::{collections::HashSet, time::Duration};

use voip_core::{
    Effect, Timestamp,
    ports::{CallStore, ClaimedEffect, EffectLease, Version},
};

use super::samples::{
    after, claim, effects, id, insert, new, outbound, race, ringing, start, with_effects,
};

/// What is to be done about a call is saved with it, each thing once.
pub async fn effects_are_saved_with_the_call(store: &dyn CallStore) {
    insert(store, new(&outbound(1, "ann"))).await;
    assert_eq!(
        claim(store, after(3600), after(3700)).await,
        [],
        "nothing is to be done"
    );

    let call = outbound(2, "ann");
    insert(store, with_effects(&call, &Effect::ALL, after(10))).await;
    let claimed = claim(store, after(10), after(20)).await;
    assert_eq!(effects(&claimed), Effect::ALL);
    assert!(
        claimed
            .iter()
            .all(|claimed| claimed.call == call.id && claimed.attempt == 1)
    );

    // Asked for again, and something else about another call.
    let again = [Effect::LookUp, Effect::HangUp];
    let next = ringing(&call, after(500));
    store
        .replace(&next, Version(0), &again, after(15))
        .await
        .expect("storage is in order");
    let other = ringing(&outbound(1, "ann"), after(500));
    let connect = [Effect::Connect];
    store
        .replace(&other, Version(0), &connect, after(16))
        .await
        .expect("storage is in order");
    let claimed = claim(store, after(16), after(20)).await;
    assert_eq!(
        effects(&claimed),
        [Effect::HangUp, Effect::Connect, Effect::LookUp]
    );
    assert_eq!(
        effects(&claim(store, after(20), after(30)).await).len(),
        Effect::ALL.len() + 1
    );
}

/// What has been carried out is not handed to anybody, unless it is asked for
/// afresh.
pub async fn a_settled_effect_is_never_claimed(store: &dyn CallStore) {
    let call = outbound(1, "ann");
    insert(
        store,
        with_effects(&call, &[Effect::Dial, Effect::LookUp], after(10)),
    )
    .await;
    insert(
        store,
        with_effects(&outbound(2, "ann"), &[Effect::Dial], after(10)),
    )
    .await;
    settle(store, 1, Effect::Dial).await;
    settle(store, 1, Effect::HangUp).await; // It never was; that is fine.
    settle(store, 9, Effect::Dial).await; // Nor was that call.
    let claimed = claim(store, after(10), after(20)).await;
    let whats_left: HashSet<_> = claimed
        .iter()
        .map(|claimed| (claimed.call, claimed.effect))
        .collect();
    assert_eq!(
        whats_left,
        HashSet::from([(id(1), Effect::LookUp), (id(2), Effect::Dial)])
    );

    settle(store, 1, Effect::LookUp).await;
    settle(store, 2, Effect::Dial).await;
    settle(store, 2, Effect::Dial).await;
    assert_eq!(
        claim(store, after(3600), after(3700)).await,
        [],
        "not after the lease either"
    );

    let next = ringing(&call, after(500));
    let again = [Effect::LookUp];
    store
        .replace(&next, Version(0), &again, after(10))
        .await
        .expect("storage is in order");
    let expected = ClaimedEffect {
        call: id(1),
        effect: Effect::LookUp,
        attempt: 1,
    };
    assert_eq!(claim(store, after(10), after(20)).await, [expected]);
}

/// An effect is somebody's alone for the time of a lease, first its maker's.
pub async fn a_claimed_effect_is_hidden_until_its_lease_ends(store: &dyn CallStore) {
    let instant = Duration::from_micros(1);
    insert(
        store,
        with_effects(&outbound(1, "ann"), &[Effect::HangUp], after(10)),
    )
    .await;
    assert_eq!(
        claim(store, after(10) - instant, after(99)).await,
        [],
        "its maker's alone"
    );
    for attempt in 1..=3 {
        let (now, lease_until) = (
            after(10 * u64::from(attempt)),
            after(10 * u64::from(attempt) + 10),
        );
        let expected = ClaimedEffect {
            call: id(1),
            effect: Effect::HangUp,
            attempt,
        };
        assert_eq!(claim(store, now, lease_until).await, [expected]);
        assert_eq!(claim(store, now, lease_until).await, [], "taken");
        assert_eq!(
            claim(store, lease_until - instant, after(99)).await,
            [],
            "still taken"
        );
    }
    settle(store, 1, Effect::HangUp).await;

    // The longest due first, and no more than asked for.
    for (number, due) in [(2, 120), (3, 110), (4, 130)] {
        let new = with_effects(&outbound(number, "ann"), &[Effect::HangUp], after(due));
        insert(store, new).await;
    }
    let first = store
        .claim_effects(after(150), after(500), 2)
        .await
        .expect("storage is in order");
    let first: Vec<_> = first.iter().map(|claimed| claimed.call).collect();
    assert_eq!(first, [id(3), id(2)]);
    assert_eq!(claim(store, after(150), after(500)).await[0].call, id(4));

    // No two get the same one.
    for number in 10..30 {
        let new = with_effects(&outbound(number, "ann"), &[Effect::HangUp], start());
        insert(store, new).await;
    }
    let claims = race(4, async |_| claim(store, after(200), after(500)).await);
    let calls: Vec<_> = claims
        .into_iter()
        .flatten()
        .map(|claimed| claimed.call)
        .collect();
    assert_eq!(calls.len(), 20, "all are claimed");
    assert_eq!(
        calls.iter().collect::<HashSet<_>>().len(),
        20,
        "each by one"
    );
}

/// Who is still at an effect may keep it; who has lost it may not take it back.
pub async fn a_renewed_lease_hides_its_effect_for_longer(store: &dyn CallStore) {
    let both = [Effect::HangUp, Effect::LookUp];
    insert(store, with_effects(&outbound(1, "ann"), &both, after(10))).await;
    renew(store, Effect::HangUp, after(10), after(20)).await;
    let claimed = claim(store, after(19), after(40)).await;
    assert_eq!(effects(&claimed), [Effect::LookUp], "not renewed");
    let claimed = claim(store, after(20), after(40)).await;
    assert_eq!(effects(&claimed), [Effect::HangUp]);
    assert_eq!(claimed[0].attempt, 1, "renewing is no try");

    // It was claimed since; then it is somebody else's.
    renew(store, Effect::HangUp, after(20), after(60)).await;
    let claimed = claim(store, after(40), after(80)).await;
    assert_eq!(effects(&claimed), both);
    // What was claimed is renewed as well, and settled like any other.
    renew(store, Effect::HangUp, after(80), after(90)).await;
    renew(store, Effect::LookUp, after(80), after(90)).await;
    settle(store, 1, Effect::HangUp).await;
    renew(store, Effect::HangUp, after(90), after(95)).await;
    assert_eq!(claim(store, after(89), after(99)).await, []);
    let claimed = claim(store, after(90), after(99)).await;
    assert_eq!(effects(&claimed), [Effect::LookUp]);
}

async fn renew(store: &dyn CallStore, effect: Effect, before: Timestamp, until: Timestamp) {
    let lease = EffectLease {
        call: id(1),
        effect,
        until: before,
    };
    let renewed = store.renew_leases(&[lease], until).await;
    renewed.expect("storage is in order");
}

async fn settle(store: &dyn CallStore, call: u128, effect: Effect) {
    store
        .settle_effect(&id(call), effect)
        .await
        .expect("storage is in order");
}
