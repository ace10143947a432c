//! All that a store asks of its server, for the tests of plans.

#![allow(clippy::unwrap_used)] // Only tests look here.

use std::time::Duration;

use voip_core::{
    Call, CallId, Effect, PhoneNumber,
    ports::{EffectLease, LogChange, NewCall, Version},
};

use super::{Batch, Replacing, Server, Settle};
use crate::row::many;

const LATER: Duration = Duration::from_secs(1_000_000);

/// A call of Ann's that has ended.
const OWNED: u128 = 10;

/// Does all that a store does to its database, telling after each what it was.
pub(crate) async fn everything<D: Server>(
    db: &mut D::Connection,
    mut done: impl AsyncFnMut(&str, &mut D::Connection),
) {
    let (now, news) = (many::now(), many::news());
    let news: Vec<&NewCall> = news.iter().collect();
    let mut batch = Batch::default();
    batch.inserts = news.clone();
    assert_eq!(D::carry_out(db, &batch).await.unwrap().inserted.len(), 4);
    done("insert", db).await;
    let calls: Vec<&Call> = news.iter().map(|new| &new.call).collect();
    let mut replacing: Vec<Replacing> = calls
        .iter()
        .map(|call| Replacing {
            gets_leg: false,
            call: (*call).clone(),
            version: Version(0),
            effects: Effect::ALL.to_vec(),
            effects_due: now,
        })
        .collect();
    replacing.sort_by_key(|next| next.call.id);
    let mut batch = Batch::default();
    batch.replaces = vec![&replacing[0]];
    assert_eq!(D::carry_out(db, &batch).await.unwrap().replaced.len(), 1);
    done("replace one", db).await;
    let mut batch = Batch::default();
    batch.replaces = replacing[1..].iter().collect();
    assert_eq!(D::carry_out(db, &batch).await.unwrap().replaced.len(), 3);
    done("replace", db).await;
    D::known(db, calls[0], news[0].key.as_ref()).await.unwrap();
    done("known", db).await;
    let ids: Vec<CallId> = calls.iter().map(|call| call.id).collect();
    assert_eq!(D::calls(db, &ids).await.unwrap().len(), 4);
    done("calls", db).await;
    let legs: Vec<_> = calls
        .iter()
        .filter_map(|call| call.provider_id.as_ref())
        .collect();
    assert_eq!(D::calls_by_leg(db, &legs).await.unwrap().len(), 4);
    done("calls_by_leg", db).await;
    assert_eq!(D::due_calls(db, now + LATER, 10).await.unwrap().len(), 10);
    done("due_calls", db).await;
    D::live_calls(db, &"ann".parse().unwrap()).await.unwrap();
    done("live", db).await;
    for query in many::queries() {
        assert_eq!(D::page(db, &query).await.unwrap().len(), 10);
        done("page", db).await;
        assert_eq!(D::filtered(db, &query).await.unwrap().len(), 10);
        done("filtered", db).await;
    }
    let settle = Settle {
        call: ids[0],
        effect: Effect::Dial,
        due: None,
    };
    D::settle(db, &[settle]).await.unwrap();
    done("settle", db).await;
    assert_eq!(
        D::claim(db, now + LATER, now + LATER, 10)
            .await
            .unwrap()
            .len(),
        10
    );
    done("claim", db).await;
    let lease = EffectLease {
        call: ids[1],
        effect: Effect::HangUp,
        until: now,
    };
    D::renew(db, &[lease, lease], now + LATER).await.unwrap();
    done("renew", db).await;
    D::keep_report(db, &many::report(), now).await.unwrap();
    done("keep", db).await;
    let leg = many::report().leg;
    let unknown = "CAunknown".parse().unwrap();
    let legs = [&unknown, &leg, &unknown];
    assert_eq!(
        D::reported(db, &legs).await.unwrap(),
        std::slice::from_ref(&leg)
    );
    done("reported", db).await;
    assert_eq!(
        D::take_reports(db, &many::report().leg)
            .await
            .unwrap()
            .len(),
        1
    );
    done("take", db).await;
    let owner = "ann".parse().unwrap();
    let id = CallId::from_uuid(uuid::Uuid::from_u128(OWNED));
    assert_eq!(
        D::delete_log(db, &owner, &id, now).await.unwrap(),
        LogChange::Made
    );
    done("delete", db).await;
    assert_eq!(
        D::restore_log(db, &owner, &id).await.unwrap(),
        LogChange::Made
    );
    done("restore", db).await;
    let (user, device) = (many::user(), many::device());
    D::register(db, &user, Some(&device)).await.unwrap();
    D::register(db, &user, None).await.unwrap();
    done("register", db).await;
    D::user(db, &user.id).await.unwrap().unwrap();
    let number = user.phone.as_ref().unwrap();
    let nobodys = PhoneNumber::from_e164("+442071234567").unwrap();
    let numbers = [number, &nobodys, number];
    assert_eq!(D::users_by_number(db, &numbers).await.unwrap().len(), 1);
    let nobody = "nobody".parse().unwrap();
    let users = [&nobody, &user.id, &nobody];
    assert_eq!(D::devices(db, &users).await.unwrap().len(), 2);
    done("users", db).await;
    D::forget_device(db, &device.token).await.unwrap();
    done("forget", db).await;
    let account = many::account();
    D::create(db, &account).await.unwrap();
    D::account_by_email(db, &account.email)
        .await
        .unwrap()
        .unwrap();
    D::account_of(db, &account.user).await.unwrap().unwrap();
    let (held, new) = (&account.password, "other".parse().unwrap());
    D::replace_password(db, &account.user, held, &new)
        .await
        .unwrap();
    done("accounts", db).await;
    let place = id.as_uuid().as_bytes().as_slice();
    let calls = D::calls_after(db, place, 10).await.unwrap();
    assert_eq!(calls.len(), 10);
    let effects = D::effects_of(db, place, &calls[9].call.id).await.unwrap();
    assert_eq!(effects.len(), 10);
    assert_eq!(D::users_after(db, "user1", 10).await.unwrap().len(), 10);
    assert_eq!(D::accounts_after(db, "user1", 10).await.unwrap().len(), 10);
    done("archive", db).await;
}
