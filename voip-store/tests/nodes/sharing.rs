//! Several nodes at the same calls and effects.

use crate::{
    cases,
    samples::{at, connect, new, ringing},
    servers::Database,
};
use futures_util::future::join_all;
use std::{collections::HashSet, time::Duration};
use voip_core::{
    Call, CallStatus, Effect, ErrorKind, ProviderCallId,
    ports::{CallStore as _, IdempotencyKey, Inserted, LegReport, Replaced, Version},
};

cases! {
    of_two_nodes_one_adds_a_call_and_one_replaces_it
    a_node_recalls_what_it_saved_until_another_was_found_at_it
    reports_are_taken_whoever_kept_them_and_whenever_the_call_got_its_leg
    no_two_nodes_claim_one_effect
    an_effect_of_another_node_is_not_settled_with_ones_own
    a_write_that_was_refused_keeps_no_row_from_another_node
    what_is_settled_beside_a_write_that_comes_to_nothing_stays_settled
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

async fn a_node_recalls_what_it_saved_until_another_was_found_at_it<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let nodes = [connect(&database).await, connect(&database).await];
    let call = ringing(1);
    let told = |told| Call {
        told,
        ..call.clone()
    };
    let replace = async |node: usize, number: u32, version: u64| {
        let next = told(number);
        let replaced = nodes[node].replace(&next, Version(version), &[], at(5));
        replaced.await.unwrap()
    };
    let recalled = |node: usize| {
        let by_id = nodes[node].recall(&call.id);
        let by_leg = nodes[node].recall_by_provider_id(call.provider_id.as_ref().unwrap());
        assert_eq!(by_id, by_leg);
        by_id.map(|held| (held.call.told, held.version.0))
    };
    let added = nodes[0].insert(new(&told(7), &[])).await.unwrap();
    assert_eq!(added, Inserted::New);
    assert_eq!((recalled(0), recalled(1)), (Some((7, 0)), None));
    assert_eq!(replace(0, 8, 0).await, Replaced::Done(Version(1)));
    assert_eq!(recalled(0), Some((8, 1)));
    assert_eq!(replace(1, 9, 1).await, Replaced::Done(Version(2)));
    assert_eq!(
        (recalled(0), recalled(1)),
        (Some((8, 1)), Some((9, 2))),
        "nobody was told"
    );
    assert_eq!(replace(0, 10, 1).await, Replaced::Conflict);
    assert_eq!(recalled(0), None);
    assert_eq!(replace(0, 10, 2).await, Replaced::Done(Version(3)));
    assert_eq!(recalled(0), None, "others work on it");
    let held = nodes[0].call(&call.id).await.unwrap().unwrap();
    assert_eq!((held.call.told, held.version.0), (10, 3));
}

async fn reports_are_taken_whoever_kept_them_and_whenever_the_call_got_its_leg<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let nodes = [connect(&database).await, connect(&database).await];
    let report = |leg: &ProviderCallId| LegReport {
        leg: leg.clone(),
        status: CallStatus::Completed,
        at: Some(at(3)),
        duration: None,
        reason: None,
    };
    // The call comes with its leg, or gets it; the report comes before, or after; and
    // this node keeps it, or the other.
    for number in 0..8_u128 {
        let (gets_it, before) = (number & 1 == 1, number & 2 == 2);
        let keeper = usize::from(number & 4 == 4);
        let call = ringing(number);
        let leg = call.provider_id.clone().unwrap();
        let keep = async |node: usize| {
            let report = report(&leg);
            nodes[node].keep_report(&report, at(3)).await.unwrap();
        };
        if before {
            keep(keeper).await;
        }
        let mut first = new(&call, &[]);
        if gets_it {
            first.call.provider_id = None;
        }
        nodes[0].insert(first).await.unwrap();
        if gets_it {
            let replaced = nodes[0].replace(&call, Version(0), &[], at(5));
            assert_eq!(replaced.await.unwrap(), Replaced::Done(Version(1)));
        }
        if before {
            let taken = nodes[0].take_reports(&leg).await.unwrap();
            assert_eq!(taken, [report(&leg)], "{number}");
        }
        // Whoever keeps one is to find it, whatever the other node knows.
        keep(keeper).await;
        let taken = nodes[keeper].take_reports(&leg).await.unwrap();
        assert_eq!(taken, [report(&leg)], "{number}");
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

async fn a_write_that_was_refused_keeps_no_row_from_another_node<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let one = connect(&database).await;
    let patience = Duration::from_secs(3);
    let other = D::connect(&database.url(), patience).await.unwrap();
    let (first, mut second) = (ringing(1), ringing(2));
    second.provider_id = None;
    for call in [&first, &second] {
        one.insert(new(call, &[Effect::Dial])).await.unwrap();
    }
    // With an effect to add and one to delete it takes several statements.
    one.settle_effect(&first.id, Effect::Dial).await.unwrap();
    let stolen = Call {
        provider_id: first.provider_id.clone(),
        ..second.clone()
    };
    let refused = one.replace(&stolen, Version(0), &[Effect::LookUp], at(20));
    assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::Refused);
    let replaced = other.replace(&second, Version(0), &[], at(20)).await;
    assert_eq!(replaced.unwrap(), Replaced::Done(Version(1)));
}

async fn what_is_settled_beside_a_write_that_comes_to_nothing_stays_settled<D: Database>() {
    let Some(database) = D::fresh().await else {
        return;
    };
    let store = connect(&database).await;
    let (first, mut second) = (ringing(1), ringing(2));
    second.provider_id = None;
    let effects = [Effect::Dial, Effect::LookUp];
    store.insert(new(&first, &effects)).await.unwrap();
    store.insert(new(&second, &[])).await.unwrap();
    // Each is taken along by the next write: one of a call that is known, and one
    // of a leg that another call has.
    store.settle_effect(&first.id, Effect::Dial).await.unwrap();
    let known = store.insert(new(&second, &[])).await.unwrap();
    assert!(matches!(known, Inserted::Known(_)));
    store
        .settle_effect(&first.id, Effect::LookUp)
        .await
        .unwrap();
    let stolen = Call {
        provider_id: first.provider_id.clone(),
        ..second
    };
    let refused = store.replace(&stolen, Version(0), &[], at(20)).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Refused);
    let claimed = store.claim_effects(at(1_000), at(1_040), 10).await.unwrap();
    assert_eq!(claimed, [], "they are settled");
}
