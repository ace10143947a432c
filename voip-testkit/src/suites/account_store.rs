//! The suite of [`AccountStore`]:
//! [`account_store_suite!`](crate::account_store_suite) gives an adapter a test
//! for every promise of the port.

use futures_util::future::join_all;
use voip_core::{
    Account, Email, PasswordHash, Timestamp, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};

/// What the suite needs around an account store: nothing but the store, empty.
///
/// Every store is its own fixture; a type that holds a store and what it lives
/// on, such as a temporary folder, implements this itself.
pub trait AccountStoreFixture: Send + Sync {
    /// The store that is tried.
    fn accounts(&self) -> &dyn AccountStore;
}

impl<T: AccountStore> AccountStoreFixture for T {
    fn accounts(&self) -> &dyn AccountStore {
        self
    }
}

/// Gives a test for every promise of [`AccountStore`](voip_core::ports::AccountStore).
///
/// `$fresh` is an async function without arguments that gives an empty
/// [`AccountStoreFixture`](crate::suites::account_store::AccountStoreFixture).
/// The crate that uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! account_store_suite {
    ($fresh:path) => {
        $crate::account_store_suite! {
            $fresh;
            a_created_account_is_found_by_email_and_by_user
            an_email_of_another_account_is_taken
            a_user_has_one_account
            one_of_many_who_want_an_email_gets_it
            a_password_is_replaced_only_where_it_is_still_the_one_held
            clearing_accounts_leaves_none
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fresh().await;
                let store = $crate::suites::account_store::AccountStoreFixture::accounts(&fixture);
                $crate::suites::account_store::$case(store).await;
            }
        )+
    };
}

/// Addresses that are easy to mix up; no two are one.
const EMAILS: [&str; 5] = [
    "ann@example.com",
    "ann+1@example.com",
    "ann_@example.com",
    "ann%@example.com",
    "o'brien@example.com",
];

/// Users that are easy to mix up; no two are one.
const USERS: [&str; 5] = ["ann", "Ann", "an_", "山田 👩‍👩‍👧", "O'Brien\"\\%"];

/// An account is found by exactly its e-mail and exactly its user, as it was.
pub async fn a_created_account_is_found_by_email_and_by_user(store: &dyn AccountStore) {
    let created: Vec<Account> = (0..)
        .zip(USERS.into_iter().zip(EMAILS))
        .map(|(place, (user, email))| Account {
            name: (place % 2 == 0).then(|| "Ann 山田".parse().expect("a name")),
            password: hash(&format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdA${place}")),
            created_at: Timestamp::from_micros(1_700_000_000_123_457 + place),
            ..account(user, email)
        })
        .collect();
    for account in &created {
        assert_eq!(create(store, account).await, Created::Done);
    }
    for account in &created {
        assert_eq!(
            by_email(store, account.email.expose()).await.as_ref(),
            Some(account)
        );
        assert_eq!(
            by_user(store, account.user.as_str()).await.as_ref(),
            Some(account)
        );
    }
    for nobody in ["ann@example.co", "ann@example.com.au", "nn@example.com"] {
        assert_eq!(by_email(store, nobody).await, None, "{nobody}");
    }
    for nobody in ["ANN", "ann ", "a%", "nobody"] {
        assert_eq!(by_user(store, nobody).await, None, "{nobody}");
    }
}

/// Two accounts cannot share an e-mail; the first stays as it was.
pub async fn an_email_of_another_account_is_taken(store: &dyn AccountStore) {
    let first = account("ann", "ann@example.com");
    assert_eq!(create(store, &first).await, Created::Done);
    let second = Account {
        password: hash("another"),
        ..account("bob", "ann@example.com")
    };
    assert_eq!(create(store, &second).await, Created::EmailTaken);
    assert_eq!(by_email(store, "ann@example.com").await, Some(first));
    assert_eq!(by_user(store, "bob").await, None, "nothing was changed");
}

/// A user cannot have two accounts; the first stays as it was.
pub async fn a_user_has_one_account(store: &dyn AccountStore) {
    let first = account("ann", "ann@example.com");
    assert_eq!(create(store, &first).await, Created::Done);
    let second = account("ann", "other@example.com");
    assert_eq!(create(store, &second).await, Created::UserTaken);
    assert_eq!(by_user(store, "ann").await, Some(first));
    assert_eq!(
        by_email(store, "other@example.com").await,
        None,
        "nothing was changed"
    );
}

/// Of many who sign up with one e-mail at once, one does.
pub async fn one_of_many_who_want_an_email_gets_it(store: &dyn AccountStore) {
    let wanted: Vec<Account> = (0..16)
        .map(|place| account(&format!("user{place}"), "ann@example.com"))
        .collect();
    let outcomes = join_all(wanted.iter().map(|account| create(store, account))).await;
    let done = outcomes.iter().filter(|outcome| **outcome == Created::Done);
    assert_eq!(done.count(), 1, "{outcomes:?}");
    let holder = by_email(store, "ann@example.com")
        .await
        .expect("one of them");
    for (account, outcome) in wanted.iter().zip(outcomes) {
        match outcome {
            Created::Done => assert_eq!(*account, holder),
            Created::EmailTaken => assert_eq!(by_user(store, account.user.as_str()).await, None),
            Created::UserTaken => panic!("every user is another"),
        }
    }
}

/// Who replaces a hash says which one; one that is no longer there is not
/// replaced, nor is anybody else's.
pub async fn a_password_is_replaced_only_where_it_is_still_the_one_held(store: &dyn AccountStore) {
    let ann = account("ann", "ann@example.com");
    let bob = account("bob", "bob@example.com");
    for account in [&ann, &bob] {
        assert_eq!(create(store, account).await, Created::Done);
    }
    let (old, new, late) = (ann.password.clone(), hash("new"), hash("late"));
    let replace = async |user: &str, held: &PasswordHash, fresh: &PasswordHash| {
        let replaced = store.replace_password(&id(user), held, fresh).await;
        replaced.expect("storage is in order")
    };
    assert_eq!(replace("ann", &old, &new).await, PasswordReplaced::Done);
    let renewed = Account {
        password: new.clone(),
        ..ann
    };
    assert_eq!(by_user(store, "ann").await, Some(renewed.clone()));
    assert_eq!(replace("ann", &old, &late).await, PasswordReplaced::NotHeld);
    assert_eq!(
        replace("nobody", &old, &late).await,
        PasswordReplaced::NotHeld
    );
    assert_eq!(by_email(store, "ann@example.com").await, Some(renewed));
    assert_eq!(
        by_user(store, "bob").await,
        Some(bob),
        "the same hash, another account"
    );
    assert_eq!(replace("ann", &new, &late).await, PasswordReplaced::Done);
}

/// After clearing there is no account, and every e-mail is free.
pub async fn clearing_accounts_leaves_none(store: &dyn AccountStore) {
    assert_eq!(
        store.clear_accounts().await.expect("storage is in order"),
        0
    );
    for (user, email) in USERS.into_iter().zip(EMAILS) {
        assert_eq!(create(store, &account(user, email)).await, Created::Done);
    }
    let cleared = store.clear_accounts().await.expect("storage is in order");
    assert_eq!(cleared, USERS.len() as u64);
    for (user, email) in USERS.into_iter().zip(EMAILS) {
        assert_eq!(by_user(store, user).await, None);
        assert_eq!(by_email(store, email).await, None);
    }
    assert_eq!(
        create(store, &account("new", EMAILS[0])).await,
        Created::Done
    );
}

fn id(user: &str) -> UserId {
    user.parse().expect("a short name")
}

fn email(text: &str) -> Email {
    text.parse().expect("an e-mail address")
}

fn hash(text: &str) -> PasswordHash {
    text.parse().expect("printable ASCII")
}

fn account(user: &str, address: &str) -> Account {
    Account {
        user: id(user),
        email: email(address),
        name: None,
        password: hash("$2b$10$the.same.for.everybody"),
        created_at: Timestamp::from_secs(1_700_000_000),
    }
}

async fn create(store: &dyn AccountStore, account: &Account) -> Created {
    store.create(account).await.expect("storage is in order")
}

async fn by_email(store: &dyn AccountStore, address: &str) -> Option<Account> {
    let found = store.account_by_email(&email(address)).await;
    found.expect("storage is in order")
}

async fn by_user(store: &dyn AccountStore, user: &str) -> Option<Account> {
    store
        .account_of(&id(user))
        .await
        .expect("storage is in order")
}
