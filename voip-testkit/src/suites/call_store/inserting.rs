use voip_core::{
    Call, Effect, State, UserId,
    ports::{
        CallStore, Held, IdempotencyKey, Inserted, LogFilter, LogQuery, NewCall, Replaced, Version,
    },
};

use super::samples::{
    after, claim, ended, every_kind, held, id, inbound, insert, leg, new, outbound, race, start,
    user, with_effects,
};

/// Whatever a call may be, it is read back as it was put in, by id and by leg,
/// and so is what replaces it.
pub async fn an_inserted_call_is_read_back_whole(store: &dyn CallStore) {
    let calls = every_kind();
    for call in &calls {
        insert(store, new(call)).await;
    }
    for call in &calls {
        let expected = Held {
            call: call.clone(),
            version: Version(0),
        };
        assert_eq!(held(store, &call.id).await, expected);
        if let Some(leg) = &call.provider_id {
            let found = store
                .call_by_provider_id(leg)
                .await
                .expect("storage is in order");
            assert_eq!(found, Some(expected), "the call with the leg {leg}");
        }
    }
    assert_eq!(store.call(&id(1)).await.expect("storage is in order"), None);
    let unknown = leg(u128::MAX);
    assert_eq!(
        store
            .call_by_provider_id(&unknown)
            .await
            .expect("storage is in order"),
        None
    );

    for (call, other) in calls.iter().zip(calls.iter().rev()) {
        // What a step may change; no call comes back to life.
        let over = matches!(call.state, State::Ended(_));
        let state = if over { &call.state } else { &other.state };
        let told = call.told / 2 + other.told / 2;
        let provider_id = call
            .provider_id
            .clone()
            .or_else(|| Some(leg(call.id.as_uuid().as_u128())));
        let next = Call {
            state: state.clone(),
            told,
            provider_id,
            ..call.clone()
        };
        let replaced = store.replace(&next, Version(0), &[], start()).await;
        assert_eq!(
            replaced.expect("storage is in order"),
            Replaced::Done(Version(1))
        );
        let expected = Held {
            call: next.clone(),
            version: Version(1),
        };
        assert_eq!(held(store, &call.id).await, expected);
        let leg = next.provider_id.as_ref().expect("set above");
        let found = store
            .call_by_provider_id(leg)
            .await
            .expect("storage is in order");
        assert_eq!(found, Some(expected), "the call with the leg {leg}");
    }
}

/// A second call with an id is not added; what is there comes back, as it now
/// is.
pub async fn the_same_id_is_inserted_once(store: &dyn CallStore) {
    let first = outbound(1, "ann");
    insert(store, new(&first)).await;
    let first = ended(&first);
    store
        .replace(&first, Version(0), &[], start())
        .await
        .expect("storage is in order");
    let second = Call {
        id: first.id,
        ..inbound(2, "bob")
    };
    is_known_as(
        store,
        with_effects(&second, &[Effect::RingDevices], start()),
        &first,
    )
    .await;
    let found = store
        .call_by_provider_id(&leg(2))
        .await
        .expect("storage is in order");
    assert_eq!(found, None, "nothing of the second is there");
    no_trace_of(store, &user("bob")).await;
}

/// A second call with a leg is not added, however the first came by it.
pub async fn the_same_provider_id_is_inserted_once(store: &dyn CallStore) {
    let first = inbound(1, "ann");
    insert(store, new(&first)).await;
    let second = Call {
        provider_id: Some(leg(1)),
        ..inbound(2, "bob")
    };
    let first = Held {
        call: first,
        version: Version(0),
    }
    .call;
    is_known_as(
        store,
        with_effects(&second, &[Effect::RingDevices], start()),
        &first,
    )
    .await;
    assert_eq!(
        store.call(&second.id).await.expect("storage is in order"),
        None
    );

    let legless = Call {
        provider_id: None,
        ..outbound(3, "ann")
    };
    insert(store, new(&legless)).await;
    let linked = Call {
        provider_id: Some(leg(3)),
        ..legless
    };
    store
        .replace(&linked, Version(0), &[], start())
        .await
        .expect("storage is in order");
    let second = Call {
        provider_id: Some(leg(3)),
        ..inbound(4, "bob")
    };
    is_known_as(
        store,
        with_effects(&second, &[Effect::RingDevices], start()),
        &linked,
    )
    .await;
    no_trace_of(store, &user("bob")).await;

    for number in [5, 6] {
        let call = Call {
            provider_id: None,
            ..outbound(number, "ann")
        };
        insert(store, new(&call)).await; // Having no leg is nothing to share.
    }
}

/// A second call with a key is not added, even when many arrive at once; the
/// same word of another user is another key.
pub async fn the_same_key_is_inserted_once(store: &dyn CallStore) {
    let attempt = |number: u128, scope: Option<UserId>, word: &str| {
        let key = IdempotencyKey::new(scope, word).expect("a good key");
        NewCall {
            key: Some(key),
            ..new(&outbound(number, "ann"))
        }
    };
    let first = attempt(1, Some(user("ann")), "again");
    insert(store, first.clone()).await;
    is_known_as(store, attempt(2, Some(user("ann")), "again"), &first.call).await;
    assert_eq!(store.call(&id(2)).await.expect("storage is in order"), None);
    insert(store, attempt(3, Some(user("bob")), "again")).await;
    insert(store, attempt(4, None, "again")).await;
    insert(store, attempt(5, Some(user("ann")), "Again")).await;
    insert(store, attempt(6, Some(user("Ann")), "again")).await;
    insert(store, attempt(7, Some(user("ann")), &"~".repeat(255))).await;

    let outcomes = race(10, async |number| {
        let number = 100 + number as u128;
        let outcome = store
            .insert(attempt(number, Some(user("ann")), "at-once"))
            .await;
        (id(number), outcome.expect("storage is in order"))
    });
    let added: Vec<_> = outcomes
        .iter()
        .filter(|(_, it)| *it == Inserted::New)
        .map(|(id, _)| *id)
        .collect();
    assert_eq!(added.len(), 1, "one of ten is added");
    for (_, outcome) in outcomes {
        if let Inserted::Known(held) = outcome {
            assert_eq!(held.call.id, added[0], "all others get that one");
        }
    }
}

/// Whoever looks first learns what an insert would say, and leaves no trace.
pub async fn what_an_insert_would_meet_is_known_before(store: &dyn CallStore) {
    let key = |word: &str| IdempotencyKey::new(Some(user("ann")), word).expect("a good key");
    let first = NewCall {
        key: Some(key("again")),
        ..new(&inbound(1, "ann"))
    };
    let known = async |new: &NewCall| {
        let known = store.known(new).await.expect("storage is in order");
        known.map(|held| held.call)
    };
    assert_eq!(known(&first).await, None);
    assert_eq!(store.call(&id(1)).await.expect("storage is in order"), None);
    no_trace_of(store, &user("ann")).await;
    insert(store, first.clone()).await;

    let same_id = Call {
        id: id(1),
        ..outbound(2, "ann")
    };
    let same_leg = Call {
        provider_id: Some(leg(1)),
        ..outbound(2, "ann")
    };
    let same_key = NewCall {
        key: Some(key("again")),
        ..new(&outbound(2, "ann"))
    };
    for repeat in [new(&same_id), new(&same_leg), same_key] {
        assert_eq!(known(&repeat).await, Some(first.call.clone()));
    }
    let another = NewCall {
        key: Some(key("another")),
        ..new(&outbound(2, "ann"))
    };
    assert_eq!(known(&another).await, None);
}

async fn is_known_as(store: &dyn CallStore, new: NewCall, known: &Call) {
    match store.insert(new).await.expect("storage is in order") {
        Inserted::New => panic!("the call was added a second time"),
        Inserted::Known(held) => assert_eq!(&held.call, known),
    }
    assert_eq!(
        &held(store, &known.id).await.call,
        known,
        "the first is as it was"
    );
}

/// A call that was not added has left nothing behind.
async fn no_trace_of(store: &dyn CallStore, user: &UserId) {
    let name = user.as_str().into();
    let query = LogQuery {
        filter: LogFilter::default(),
        name,
        owned_only: false,
        after: None,
        limit: 10,
    };
    assert_eq!(store.log(&query).await.expect("storage is in order"), []);
    assert_eq!(
        store.live_calls(user).await.expect("storage is in order"),
        []
    );
    assert_eq!(claim(store, after(3600), after(3700)).await, []);
}
