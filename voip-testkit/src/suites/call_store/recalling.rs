use voip_core::{
    Call,
    ports::{CallStore, Held, Inserted, Replaced, Version},
};

use super::samples::{after, ended, insert, leg, new, outbound, ringing, start};

/// A store need not recall anything. What it does is a call as it was saved last,
/// at the version it then had, by its id and by the leg it then had; nothing of
/// calls that were deleted.
pub async fn what_is_recalled_is_as_it_was_saved_last(store: &dyn CallStore) {
    let call = outbound(1, "ann");
    insert(store, new(&call)).await;
    assert_recalled(store, &call, 0);
    let moved = Call {
        provider_id: Some(leg(7)),
        ..ringing(&call, after(500))
    };
    replace(store, &moved, 0, Replaced::Done(Version(1))).await;
    assert_recalled(store, &moved, 1);
    assert_eq!(store.recall_by_provider_id(&leg(1)), None, "it was its leg");
    let again = store.insert(new(&ringing(&call, after(700)))).await;
    let known = matches!(again.expect("storage is in order"), Inserted::Known(_));
    assert!(known, "its id is taken");
    assert_recalled(store, &moved, 1);
    // Whoever is told of a conflict knows less than before, and nothing else.
    replace(store, &ended(&call), 0, Replaced::Conflict).await;
    assert_recalled(store, &moved, 1);
    let over = ended(&moved);
    replace(store, &over, 1, Replaced::Done(Version(2))).await;
    assert_recalled(store, &over, 2);

    let other = outbound(2, "ann");
    insert(store, new(&other)).await;
    assert_recalled(store, &other, 0);
    let cleared = store.clear_calls().await;
    cleared.expect("storage is in order");
    assert_eq!(store.recall(&other.id), None, "it was deleted");
    assert_eq!(store.recall_by_provider_id(&leg(2)), None);
}

async fn replace(store: &dyn CallStore, call: &Call, version: u64, expected: Replaced) {
    let replaced = store.replace(call, Version(version), &[], start()).await;
    assert_eq!(replaced.expect("storage is in order"), expected);
}

/// That the call is recalled like this, if at all.
fn assert_recalled(store: &dyn CallStore, call: &Call, version: u64) {
    let expected = Held {
        call: call.clone(),
        version: Version(version),
    };
    let leg = call.provider_id.as_ref().expect("it has a leg");
    for recalled in [store.recall(&call.id), store.recall_by_provider_id(leg)] {
        assert!(
            recalled.is_none() || recalled.as_ref() == Some(&expected),
            "{recalled:?} is not {expected:?}"
        );
    }
}
