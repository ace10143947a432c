//! Logging in, in virtual time: limits, expiry, old accounts, and what an
//! answer's time tells.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use voip_core::{
    Account, AccountLimits, AccountPorts, Accounts, LogInError, Origin, Password, PasswordHash,
    Timestamp,
    ports::{AccountStore, Created, PasswordHasher, Verified},
};
use voip_server::auth::{Argon2Passwords, HashingCost};
use voip_store::{MemoryRateLimiter, MemoryStore};
use voip_testkit::ManualClock;

use crate::house::House;

const PASSWORD: &str = "correct horse battery staple";
const MINUTE: Duration = Duration::from_secs(60);

async fn post(house: &House, path: &str, body: Value) -> (u16, Value) {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.body(Body::from(body.to_string())).unwrap();
    let (status, body) = house.world.app.answer(request).await;
    (status, serde_json::from_slice(&body).unwrap())
}

async fn house_with(email: &str) -> House {
    let house = House::new(7);
    let body = json!({"email": email, "password": PASSWORD});
    assert_eq!(post(&house, "/api/signup", body).await.0, 201);
    house
}

async fn log_in(house: &House, email: &str, password: &str) -> (u16, Value) {
    post(
        house,
        "/api/login",
        json!({"email": email, "password": password}),
    )
    .await
}

#[tokio::test]
async fn of_any_minute_five_tries_are_answered_and_waiting_helps() {
    let house = house_with("ann@example.com").await;
    let clock = &house.world.clock;
    let wrong = async || {
        log_in(&house, "ann@example.com", "another password")
            .await
            .0
    };
    for _ in 0..5 {
        assert_eq!(wrong().await, 401);
        clock.advance(Duration::from_secs(10));
    }
    // 50 s after the first.
    for _ in 0..20 {
        assert_eq!(wrong().await, 429);
    }
    clock.advance(Duration::from_secs(10));
    let (status, body) = log_in(&house, "ann@example.com", PASSWORD).await;
    assert_eq!(status, 200, "the first try is a minute ago: {body}");
    assert_eq!(wrong().await, 429, "the others are not");
    clock.advance(MINUTE);
    assert_eq!(wrong().await, 401);
}

#[tokio::test]
async fn a_login_ends_when_its_time_is_over() {
    let house = house_with("ann@example.com").await;
    let (status, body) = log_in(&house, "ann@example.com", PASSWORD).await;
    assert_eq!(status, 200, "{body}");
    let bearer = format!("Bearer {}", body["token"].as_str().unwrap());
    let ask = async || {
        let request = Request::get("/api/getToken").header("authorization", &bearer);
        let request = request.body(Body::empty()).unwrap();
        house.world.app.answer(request).await.0
    };
    // This house has no key for voice tokens, so 501 is as far as it goes.
    assert_eq!(ask().await, 501);
    house
        .world
        .clock
        .advance(12 * 60 * MINUTE - Duration::from_secs(1));
    assert_eq!(ask().await, 501);
    house.world.clock.advance(Duration::from_secs(1));
    assert_eq!(ask().await, 401);
}

/// Five hundred tries each at the real cost would take a minute; at the least
/// cost the same work is done, and whatever else differs shows the more. That a
/// dear hash is made for an unknown e-mail too is tried where the server runs
/// as it is delivered.
#[tokio::test]
async fn the_time_of_an_answer_does_not_tell_whether_there_is_an_account() {
    let house = house_with("ann@example.com").await;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..500 {
        for (times, email) in times.iter_mut().zip(["ann@example.com", "bob@example.com"]) {
            let start = Instant::now();
            assert_eq!(log_in(&house, email, "another password").await.0, 401);
            times.push(start.elapsed());
        }
        house.world.clock.advance(MINUTE);
    }
    let [wrong, unknown] = times.map(|mut times| {
        times.sort();
        times[250]
    });
    let apart = wrong.abs_diff(unknown);
    assert!(
        apart < Duration::from_millis(5),
        "{wrong:?} and {unknown:?}"
    );
}

/// Remembers what passwords were checked against.
#[derive(Debug)]
struct Watched {
    hasher: Argon2Passwords,
    checked: Mutex<Vec<PasswordHash>>,
}

#[async_trait]
impl PasswordHasher for Watched {
    async fn hash(&self, password: &Password) -> voip_core::Result<PasswordHash> {
        self.hasher.hash(password).await
    }

    async fn verify(
        &self,
        password: &Password,
        hash: &PasswordHash,
    ) -> voip_core::Result<Verified> {
        self.checked.lock().unwrap().push(hash.clone());
        self.hasher.verify(password, hash).await
    }

    fn decoy(&self) -> PasswordHash {
        self.hasher.decoy()
    }
}

/// The service alone, with one old account: `ann@example.com`.
struct Office {
    accounts: Accounts,
    store: Arc<MemoryStore>,
    hasher: Arc<Watched>,
    ann: Account,
}

async fn office(hash: PasswordHash) -> Office {
    let clock = Arc::new(ManualClock::default());
    let store = Arc::new(MemoryStore::default());
    let hasher = Arc::new(Watched {
        hasher: Argon2Passwords::new(HashingCost::cheapest()).unwrap(),
        checked: Mutex::default(),
    });
    let ann = Account {
        user: "ann".parse().unwrap(),
        email: "ann@example.com".parse().unwrap(),
        name: None,
        password: hash,
        created_at: Timestamp::from_secs(1_600_000_000),
    };
    assert_eq!(store.create(&ann).await.unwrap(), Created::Done);
    let ports = AccountPorts {
        accounts: Arc::clone(&store) as _,
        hasher: Arc::clone(&hasher) as _,
        limiter: Arc::new(MemoryRateLimiter::new(Arc::clone(&clock) as _)),
        clock,
    };
    let accounts = Accounts::new(ports, AccountLimits::default());
    Office {
        accounts,
        store,
        hasher,
        ann,
    }
}

fn from(address: &str) -> Origin {
    Origin::of(address.parse().unwrap())
}

fn bcrypt_of(password: &str) -> PasswordHash {
    bcrypt::hash(password, 4).unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_old_account_is_hashed_anew_once_its_password_is_at_hand() {
    let Office {
        accounts,
        store,
        ann,
        ..
    } = office(bcrypt_of("old one")).await;
    let stored = async || store.account_of(&ann.user).await.unwrap().unwrap().password;
    let log_in = async |password: &str| {
        accounts
            .log_in(&ann.email, &Password::typed(password), None)
            .await
    };
    assert!(matches!(log_in("wrong one").await, Err(LogInError::Wrong)));
    assert_eq!(
        stored().await,
        ann.password,
        "a wrong password changes nothing"
    );
    assert_eq!(log_in("old one").await.unwrap().user, ann.user);
    let fresh = stored().await;
    assert!(fresh.expose().starts_with("$argon2id$"));
    log_in("old one").await.unwrap();
    assert_eq!(stored().await, fresh, "once is enough");
    assert!(matches!(log_in("wrong one").await, Err(LogInError::Wrong)));
}

#[tokio::test]
async fn an_unknown_email_takes_the_same_check_as_a_wrong_password() {
    let office = office(bcrypt_of("old one")).await;
    let wrong = Password::typed("another password");
    for email in ["ann@example.com", "bob@example.com"] {
        let email = email.parse().unwrap();
        let outcome = office
            .accounts
            .log_in(&email, &wrong, Some(&from("192.0.2.1")))
            .await;
        assert!(matches!(outcome, Err(LogInError::Wrong)), "{outcome:?}");
    }
    let checked = office.hasher.checked.lock().unwrap().clone();
    assert_eq!(checked, [office.ann.password, office.hasher.decoy()]);
}

#[tokio::test]
async fn a_stranger_locks_nobody_out_and_many_of_them_are_bounded() {
    let office = office(bcrypt_of("old one")).await;
    let log_in = async |address: &str, password: &str| {
        let password = Password::typed(password);
        let origin = from(address);
        office
            .accounts
            .log_in(&office.ann.email, &password, Some(&origin))
            .await
    };
    for _ in 0..50 {
        assert!(log_in("192.0.2.1", "a guess").await.is_err());
    }
    let stranger = log_in("192.0.2.1", "old one").await;
    assert!(matches!(stranger, Err(LogInError::TooOften(_))));
    assert!(log_in("198.51.100.7", "old one").await.is_ok());
    // Six tries so far, and thirty in all.
    let mut answered = 0;
    for host in 0..50 {
        match log_in(&format!("203.0.113.{host}"), "a guess").await {
            Err(LogInError::Wrong) => answered += 1,
            Err(LogInError::TooOften(_)) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answered, 24);
}

#[tokio::test]
async fn a_site_of_ipv6_is_no_crowd_of_strangers() {
    let office = office(bcrypt_of("old one")).await;
    let mut answered = 0;
    for network in 0..50 {
        let origin = from(&format!("2001:db8:1:{network:x}::1"));
        let guess = Password::typed("a guess");
        let outcome = office
            .accounts
            .log_in(&office.ann.email, &guess, Some(&origin));
        answered += usize::from(matches!(outcome.await, Err(LogInError::Wrong)));
    }
    assert_eq!(answered, 25);
    let owner = from("2001:db8:2::1");
    let password = Password::typed("old one");
    let outcome = office
        .accounts
        .log_in(&office.ann.email, &password, Some(&owner));
    assert!(outcome.await.is_ok());
}
