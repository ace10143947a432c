//! The suite of [`UserStore`]: [`user_store_suite!`](crate::user_store_suite)
//! gives an adapter a test for every promise of the port.

use std::time::Duration;

use voip_core::{
    Device, PhoneNumber, Platform, PushToken, Timestamp, User, UserId,
    ports::{Registered, UserStore},
};

/// What the suite needs around a user store: nothing but the store, empty.
///
/// Every store is its own fixture; a type that holds a store and what it lives
/// on, such as a temporary folder, implements this itself.
pub trait UserStoreFixture: Send + Sync {
    /// The store that is tried.
    fn users(&self) -> &dyn UserStore;
}

impl<T: UserStore> UserStoreFixture for T {
    fn users(&self) -> &dyn UserStore {
        self
    }
}

/// Gives a test for every promise of [`UserStore`](voip_core::ports::UserStore).
///
/// `$fresh` is an async function without arguments that gives an empty
/// [`UserStoreFixture`](crate::suites::user_store::UserStoreFixture). The crate
/// that uses the macro needs `tokio` with its features `macros` and
/// `rt-multi-thread`.
#[macro_export]
macro_rules! user_store_suite {
    ($fresh:path) => {
        $crate::user_store_suite! {
            $fresh;
            a_registered_user_is_found_by_name_and_by_number
            registering_again_updates
            a_number_of_another_user_is_taken
            a_user_may_have_many_devices
            a_token_moves_to_the_user_who_registered_it_last
            a_forgotten_device_stays_forgotten
            clearing_users_leaves_none
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $fresh().await;
                let store = $crate::suites::user_store::UserStoreFixture::users(&fixture);
                $crate::suites::user_store::$case(store).await;
            }
        )+
    };
}

/// Names that are easy to get wrong in storage. No two are the same, whatever
/// a database thinks of case, accents and blanks.
const NAMES: [&str; 9] = [
    "Zoe",
    "zoe",
    "Zoë",
    "Zoe\u{308}",
    "zoe ",
    "z_e",
    "山田 👩‍👩‍👧",
    "O'Brien\"\\%",
    "+15550002222",
];

/// A user is found by exactly their name and exactly their number.
pub async fn a_registered_user_is_found_by_name_and_by_number(store: &dyn UserStore) {
    for (place, name) in (0..).zip(NAMES) {
        let user = User {
            id: id(name),
            phone: Some(number(place)),
            created_at: Timestamp::from_micros(1_700_000_000_123_457 + i64::from(place)),
        };
        register(store, &user, None).await;
        assert_eq!(by_name(store, name).await, Some(user.clone()));
        assert_eq!(by_number(store, place).await, Some(user));
    }
    for (place, name) in (0..).zip(NAMES) {
        let found = by_number(store, place).await.expect("registered above");
        assert_eq!(found.id, id(name), "a later user takes nobody's place");
    }
    for count in 0..2 {
        // Any number of users may have no number.
        register(
            store,
            &User {
                phone: None,
                ..user(&format!("none{count}"), 0)
            },
            None,
        )
        .await;
    }
    assert_eq!(
        by_name(store, "none1").await.expect("registered").phone,
        None
    );
    for name in ["ZOE", "zoe  ", "zo", "z%", "anybody"] {
        assert_eq!(
            by_name(store, name).await,
            None,
            "{name:?} is nobody's name"
        );
    }
    assert_eq!(by_number(store, 500).await, None);
}

/// Registering again changes the number and frees the old one.
pub async fn registering_again_updates(store: &dyn UserStore) {
    let first = user("ann", 1);
    register(store, &first, Some(device("phone", 1))).await;
    let later = Timestamp::from_secs(1_800_000_000);
    register(
        store,
        &User {
            created_at: later,
            ..user("ann", 2)
        },
        None,
    )
    .await;
    let expected = User {
        created_at: first.created_at,
        ..user("ann", 2)
    };
    assert_eq!(
        by_name(store, "ann").await,
        Some(expected.clone()),
        "created when first seen"
    );
    assert_eq!(by_number(store, 2).await, Some(expected));
    assert_eq!(
        by_number(store, 1).await,
        None,
        "the old number rings nobody"
    );
    assert_eq!(
        devices(store, "ann").await,
        [device("phone", 1)],
        "devices stay"
    );

    register(store, &user("bob", 1), None).await;
    assert_eq!(
        by_number(store, 1).await.map(|user| user.id),
        Some(id("bob"))
    );
    register(
        store,
        &User {
            phone: None,
            ..user("ann", 2)
        },
        None,
    )
    .await;
    assert_eq!(by_number(store, 2).await, None);
    register(store, &user("ann", 2), None).await;
    register(store, &user("ann", 2), Some(device("phone", 2))).await;
    assert_eq!(
        devices(store, "ann").await,
        [device("phone", 2)],
        "last seen anew"
    );
}

/// A number rings one user; a registration that asks for another's changes
/// nothing at all.
pub async fn a_number_of_another_user_is_taken(store: &dyn UserStore) {
    register(store, &user("ann", 1), Some(device("phone", 1))).await;
    register(store, &user("bob", 2), None).await;
    for (name, token) in [("bob", "fresh"), ("bob", "phone"), ("cat", "fresh")] {
        let outcome = store.register(&user(name, 1), Some(device(token, 9))).await;
        assert_eq!(
            outcome.expect("storage is in order"),
            Registered::NumberTaken
        );
    }
    assert_eq!(by_number(store, 1).await, Some(user("ann", 1)));
    assert_eq!(
        by_name(store, "bob").await,
        Some(user("bob", 2)),
        "bob has his old number"
    );
    assert_eq!(by_number(store, 2).await, Some(user("bob", 2)));
    assert_eq!(by_name(store, "cat").await, None);
    assert_eq!(
        devices(store, "ann").await,
        [device("phone", 1)],
        "no token has moved"
    );
    assert_eq!(devices(store, "bob").await, []);
    assert_eq!(devices(store, "cat").await, []);
}

/// A user's devices are all kept, and listed the last seen first.
pub async fn a_user_may_have_many_devices(store: &dyn UserStore) {
    let longest = "~".repeat(PushToken::MAX_BYTES);
    for (token, seen) in [
        ("phone", 20),
        ("tablet", 30),
        (longest.as_str(), 10),
        ("Phone", 25),
    ] {
        register(store, &user("ann", 1), Some(device(token, seen))).await;
    }
    let watch = Device {
        platform: Platform::Apns,
        ..device("watch", 40)
    };
    register(store, &user("ann", 1), Some(watch.clone())).await;
    register(store, &user("bob", 2), Some(device("bobs", 50))).await;
    let (phone, other, tablet) = (
        device("phone", 20),
        device("Phone", 25),
        device("tablet", 30),
    );
    let expected = [
        watch.clone(),
        tablet.clone(),
        other.clone(),
        phone,
        device(&longest, 10),
    ];
    assert_eq!(devices(store, "ann").await, expected);

    register(store, &user("ann", 1), Some(device("phone", 60))).await;
    let expected = [
        device("phone", 60),
        watch,
        tablet,
        other,
        device(&longest, 10),
    ];
    assert_eq!(
        devices(store, "ann").await,
        expected,
        "seen again, it comes first, once"
    );
    assert_eq!(devices(store, "nobody").await, []);
}

/// A token is the address of one device, so it rings only who had it last.
pub async fn a_token_moves_to_the_user_who_registered_it_last(store: &dyn UserStore) {
    register(store, &user("ann", 1), Some(device("shared", 1))).await;
    register(store, &user("ann", 1), Some(device("own", 2))).await;
    let moved = Device {
        platform: Platform::Apns,
        ..device("shared", 3)
    };
    register(store, &user("bob", 2), Some(moved.clone())).await;
    assert_eq!(devices(store, "bob").await, [moved]);
    assert_eq!(
        devices(store, "ann").await,
        [device("own", 2)],
        "ann rings there no more"
    );
    register(store, &user("ann", 1), Some(device("shared", 4))).await;
    assert_eq!(
        devices(store, "ann").await,
        [device("shared", 4), device("own", 2)]
    );
    assert_eq!(devices(store, "bob").await, []);
}

/// A token that was forgotten is rung no more, until it is registered again.
pub async fn a_forgotten_device_stays_forgotten(store: &dyn UserStore) {
    register(store, &user("ann", 1), Some(device("phone", 1))).await;
    register(store, &user("ann", 1), Some(device("tablet", 2))).await;
    for _ in 0..2 {
        forget(store, "phone").await;
        assert_eq!(devices(store, "ann").await, [device("tablet", 2)]);
    }
    forget(store, "never seen").await;
    register(store, &user("ann", 3), None).await;
    assert_eq!(
        devices(store, "ann").await,
        [device("tablet", 2)],
        "not even after an update"
    );
    register(store, &user("ann", 3), Some(device("phone", 5))).await;
    assert_eq!(
        devices(store, "ann").await,
        [device("phone", 5), device("tablet", 2)]
    );
}

/// After clearing there is nothing of any user, and all can register afresh.
pub async fn clearing_users_leaves_none(store: &dyn UserStore) {
    assert_eq!(store.clear_users().await.expect("storage is in order"), 0);
    for place in 0..3 {
        let name = format!("user{place}");
        register(store, &user(&name, place), Some(device(&name, 1))).await;
        register(
            store,
            &user(&name, place),
            Some(device(&format!("{name}-2"), 1)),
        )
        .await;
    }
    assert_eq!(store.clear_users().await.expect("storage is in order"), 3);
    for place in 0..3 {
        let name = format!("user{place}");
        assert_eq!(by_name(store, &name).await, None);
        assert_eq!(by_number(store, place).await, None);
        assert_eq!(devices(store, &name).await, []);
    }
    register(store, &user("other", 0), None).await;
    assert_eq!(devices(store, "other").await, []);
    register(store, &user("user0", 1), None).await;
    assert_eq!(
        devices(store, "user0").await,
        [],
        "no device comes back with its user"
    );
}

fn id(name: &str) -> UserId {
    name.parse().expect("a short name")
}

fn number(place: u32) -> PhoneNumber {
    PhoneNumber::from_e164(&format!("+1555000{place:04}")).expect("a plus and eleven digits")
}

fn user(name: &str, place: u32) -> User {
    let created_at = Timestamp::from_secs(1_700_000_000);
    User {
        id: id(name),
        phone: Some(number(place)),
        created_at,
    }
}

fn device(token: &str, seen: u64) -> Device {
    let token = token.replace(' ', "-").parse().expect("visible ASCII");
    let last_seen = Timestamp::from_secs(1_700_000_000) + Duration::from_secs(seen);
    Device {
        token,
        platform: Platform::Fcm,
        last_seen,
    }
}

async fn register(store: &dyn UserStore, user: &User, device: Option<Device>) {
    let outcome = store
        .register(user, device)
        .await
        .expect("storage is in order");
    assert_eq!(outcome, Registered::Done);
}

async fn forget(store: &dyn UserStore, token: &str) {
    store
        .forget_device(&device(token, 0).token)
        .await
        .expect("storage is in order");
}

async fn by_name(store: &dyn UserStore, name: &str) -> Option<User> {
    store.user(&id(name)).await.expect("storage is in order")
}

async fn by_number(store: &dyn UserStore, place: u32) -> Option<User> {
    store
        .user_by_number(&number(place))
        .await
        .expect("storage is in order")
}

async fn devices(store: &dyn UserStore, name: &str) -> Vec<Device> {
    store.devices(&id(name)).await.expect("storage is in order")
}
