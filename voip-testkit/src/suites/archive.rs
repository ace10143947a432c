//! The suite of [`Archive`]: [`archive_suite!`](crate::archive_suite) gives an
//! adapter a test for every promise of the port.

use std::time::Duration;

use voip_core::{
    Account, Call, CallId, Device, Effect, Platform, Timestamp, User, UserId,
    ports::{
        AccountStore, Archive, ArchivedCall, ArchivedUser, CallStore, Created, Inserted, LogChange,
        NewCall, Registered, Replaced, UserStore, Version,
    },
};

use super::call_store::samples::{after, ended, every_kind, id, inbound, outbound, start};

/// What the suite needs around an archive: the stores whose contents it lists,
/// empty.
///
/// What is all four is its own fixture; a type that holds such a store and what
/// it lives on, such as a temporary folder, implements this itself.
pub trait ArchiveFixture: Send + Sync {
    /// The archive that is tried.
    fn archive(&self) -> &dyn Archive;
    /// Where its calls are put.
    fn calls(&self) -> &dyn CallStore;
    /// Where its users are put.
    fn users(&self) -> &dyn UserStore;
    /// Where its accounts are put.
    fn accounts(&self) -> &dyn AccountStore;
}

impl<T: Archive + CallStore + UserStore + AccountStore> ArchiveFixture for T {
    fn archive(&self) -> &dyn Archive {
        self
    }

    fn calls(&self) -> &dyn CallStore {
        self
    }

    fn users(&self) -> &dyn UserStore {
        self
    }

    fn accounts(&self) -> &dyn AccountStore {
        self
    }
}

/// Gives a test for every promise of [`Archive`](voip_core::ports::Archive).
///
/// `$fresh` is an async function without arguments that gives an empty
/// [`ArchiveFixture`](crate::suites::archive::ArchiveFixture). The crate that
/// uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! archive_suite {
    ($fresh:path) => {
        $crate::archive_suite! {
            $fresh;
            every_call_is_listed_once_and_whole
            a_listed_call_comes_with_what_is_kept_about_it
            every_user_is_listed_once_with_their_devices
            every_account_is_listed_once
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fresh().await;
                $crate::suites::archive::$case(&fixture).await;
            }
        )+
    };
}

/// Users whose order is easy to get wrong; byte by byte they are in this one.
const USERS: [&str; 9] = [
    " ann", "Ann", "ann", "ann ", "ann.", "annA", "ann_", "zoe", "zoë",
];

/// Calls in every state come in the order of their ids, each once, as they
/// are, whatever the size of the pages.
pub async fn every_call_is_listed_once_and_whole(fixture: &dyn ArchiveFixture) {
    assert_eq!(calls(fixture, 10).await, [], "there is none");
    let mut expected = every_kind();
    for call in &expected {
        insert(fixture, call, &[], start()).await;
    }
    expected.sort_by_key(|call| *call.id.as_uuid().as_bytes());
    for limit in [1, 7, expected.len(), expected.len() + 1] {
        let listed = calls(fixture, limit).await;
        let listed: Vec<Call> = listed.into_iter().map(|listed| listed.call).collect();
        assert_eq!(listed.len(), expected.len(), "in pages of {limit}");
        for (listed, expected) in listed.iter().zip(&expected) {
            assert_eq!(listed, expected);
        }
    }
    let none = fixture.archive().calls_after(None, 0).await;
    assert_eq!(none.expect("storage is in order"), []);
    let last = expected.last().map(|call| call.id);
    let beyond = fixture.archive().calls_after(last, 10).await;
    assert_eq!(beyond.expect("storage is in order"), []);
}

/// With each call come its place in the logs and what is still to be done, and
/// nothing of another call.
pub async fn a_listed_call_comes_with_what_is_kept_about_it(fixture: &dyn ArchiveFixture) {
    let talking = outbound(2, "ann");
    let over = ended(&inbound(3, "ann"));
    let plain = outbound(4, "bob");
    let [due, later] = [1, 2].map(|minutes| start() + Duration::from_secs(60 * minutes));
    insert(fixture, &talking, &[Effect::HangUp, Effect::Connect], due).await;
    insert(fixture, &over, &[Effect::ReportMissed], later).await;
    insert(fixture, &plain, &[], due).await;
    let store = fixture.calls();
    let replaced = store.replace(&talking, Version(0), &[Effect::LookUp], later);
    assert_eq!(
        replaced.await.expect("storage is in order"),
        Replaced::Done(Version(1))
    );
    let settled = store.settle_effect(&talking.id, Effect::HangUp).await;
    settled.expect("storage is in order");
    let deleted_at = after(77);
    let owner = over.owner.clone().expect("ann's");
    let deleted = store.delete_log(&owner, &over.id, deleted_at).await;
    assert_eq!(deleted.expect("storage is in order"), LogChange::Made);

    let expected = [
        ArchivedCall {
            call: talking,
            deleted_at: None,
            effects: vec![(Effect::Connect, due), (Effect::LookUp, later)],
        },
        ArchivedCall {
            call: over.clone(),
            deleted_at: Some(deleted_at),
            effects: vec![(Effect::ReportMissed, later)],
        },
        ArchivedCall {
            call: plain,
            deleted_at: None,
            effects: Vec::new(),
        },
    ];
    for limit in [1, 2, 10] {
        assert_eq!(calls(fixture, limit).await, expected);
    }
    let restored = store.restore_log(&owner, &over.id).await;
    assert_eq!(restored.expect("storage is in order"), LogChange::Made);
    assert_eq!(calls(fixture, 2).await[1].deleted_at, None);
    // Beginning between two ids is fine.
    let rest = fixture.archive().calls_after(Some(id(0)), 10).await;
    assert_eq!(rest.expect("storage is in order").len(), 3);
}

/// Users come in the order of their ids, each once, with all of their devices
/// and nobody else's.
pub async fn every_user_is_listed_once_with_their_devices(fixture: &dyn ArchiveFixture) {
    assert_eq!(users(fixture, 10).await, [], "there is none");
    let mut expected = Vec::new();
    for (place, name) in USERS.into_iter().enumerate() {
        let user = User {
            id: user(name),
            phone: (place % 3 > 0).then(|| {
                let number = format!("+1555000{place:04}");
                number.parse().expect("a number")
            }),
            created_at: Timestamp::from_micros(1_700_000_000_123_457 + place as i64),
        };
        let devices = (0..place % 4).map(|device| Device {
            token: format!("token-{place}-{device}").parse().expect("a token"),
            platform: [Platform::Fcm, Platform::Apns][device % 2],
            last_seen: after(u64::try_from(10 - device).expect("positive")),
        });
        let devices: Vec<_> = devices.collect();
        expected.push(ArchivedUser { user, devices });
    }
    for archived in expected.iter().rev() {
        let first = archived.devices.first().cloned();
        register(fixture, &archived.user, first).await;
        for device in archived.devices.iter().skip(1) {
            register(fixture, &archived.user, Some(device.clone())).await;
        }
    }
    for limit in [1, 4, 100] {
        assert_eq!(users(fixture, limit).await, expected, "in pages of {limit}");
    }
}

/// Accounts come in the order of their users, each once, as they are.
pub async fn every_account_is_listed_once(fixture: &dyn ArchiveFixture) {
    assert_eq!(accounts(fixture, 10).await, [], "there is none");
    let expected: Vec<Account> = (0..)
        .zip(USERS)
        .map(|(place, name)| Account {
            user: user(name),
            email: format!("user{}@example.com", 100 - place)
                .parse()
                .expect("an e-mail address"),
            name: (place % 2 == 0).then(|| "Ann 山田".parse().expect("a name")),
            password: format!("$2b$10${place}").parse().expect("printable"),
            created_at: Timestamp::from_micros(1_700_000_000_123_457 + place),
        })
        .collect();
    for account in expected.iter().rev() {
        let created = fixture.accounts().create(account).await;
        assert_eq!(created.expect("storage is in order"), Created::Done);
    }
    for limit in [1, 4, 100] {
        assert_eq!(
            accounts(fixture, limit).await,
            expected,
            "in pages of {limit}"
        );
    }
}

fn user(name: &str) -> UserId {
    name.parse().expect("a short name")
}

async fn insert(fixture: &dyn ArchiveFixture, call: &Call, effects: &[Effect], due: Timestamp) {
    let new = NewCall {
        call: call.clone(),
        effects: effects.to_vec(),
        effects_due: due,
        key: None,
    };
    let inserted = fixture.calls().insert(new).await;
    assert_eq!(inserted.expect("storage is in order"), Inserted::New);
}

async fn register(fixture: &dyn ArchiveFixture, user: &User, device: Option<Device>) {
    let registered = fixture.users().register(user, device).await;
    assert_eq!(registered.expect("storage is in order"), Registered::Done);
}

/// More pages than any case has rows.
const PAGES: usize = 2_000;

/// Every call, read in pages.
async fn calls(fixture: &dyn ArchiveFixture, limit: usize) -> Vec<ArchivedCall> {
    let (mut all, mut after): (Vec<ArchivedCall>, Option<CallId>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = fixture.archive().calls_after(after, limit).await;
        let page = page.expect("storage is in order");
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(last.call.id);
        all.extend(page);
    }
    panic!("the list has no end");
}

/// Every user, read in pages.
async fn users(fixture: &dyn ArchiveFixture, limit: usize) -> Vec<ArchivedUser> {
    let (mut all, mut after): (Vec<ArchivedUser>, Option<UserId>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = fixture.archive().users_after(after.as_ref(), limit).await;
        let page = page.expect("storage is in order");
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(last.user.id.clone());
        all.extend(page);
    }
    panic!("the list has no end");
}

/// Every account, read in pages.
async fn accounts(fixture: &dyn ArchiveFixture, limit: usize) -> Vec<Account> {
    let (mut all, mut after): (Vec<Account>, Option<UserId>) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = fixture
            .archive()
            .accounts_after(after.as_ref(), limit)
            .await;
        let page = page.expect("storage is in order");
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(last.user.clone());
        all.extend(page);
    }
    panic!("the list has no end");
}
