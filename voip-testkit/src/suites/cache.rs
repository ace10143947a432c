//! The suite of [`Cache`]: [`cache_suite!`](crate::cache_suite) gives an
//! adapter a test for every promise of the port.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use voip_core::ports::{Cache, FillTicket, Lookup};

/// What the suite needs around a cache.
#[async_trait]
pub trait CacheFixture: Send + Sync {
    /// The cache that is tried, with nothing in it and room for some copies
    /// of 100 KB.
    fn cache(&self) -> &dyn Cache;

    /// Lets so much time pass for the cache: moves its clock, or waits.
    async fn pass(&self, time: Duration);
}

/// Gives a test for every promise of [`Cache`](voip_core::ports::Cache).
///
/// `$fresh` is an async function without arguments that gives a fresh
/// [`CacheFixture`](crate::suites::cache::CacheFixture). The crate that uses
/// the macro needs `tokio` with its features `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! cache_suite {
    ($fresh:path) => {
        $crate::cache_suite! {
            $fresh;
            what_was_filled_is_found
            a_copy_is_gone_after_its_time
            a_removed_copy_is_gone
            several_copies_are_removed_at_once
            a_ticket_from_before_a_removal_fills_nothing
            keys_do_not_disturb_each_other
        }
    };
    ($fresh:path; $($case:ident)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::suites::cache::$case(&$fresh().await).await;
            }
        )+
    };
}

/// Longer than any case takes, even by a real clock.
const LONG: Duration = Duration::from_secs(3600);

/// A copy is handed out as it was filled, time and again.
pub async fn what_was_filled_is_found(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    for (key, value) in [
        ("key", &b"value"[..]),
        ("empty", b""),
        ("call_logs:Zo\u{eb}", b"\xff\x00 not text"),
        ("large", &[7; 100_000]),
    ] {
        let ticket = miss(cache, key).await;
        fill(cache, key, ticket, value, LONG).await;
        for _ in 0..3 {
            assert_eq!(hit(cache, key).await, value, "{key}");
        }
    }
    // Whoever missed at the same time may fill too; the later copy counts.
    let (first, second) = (miss(cache, "twice").await, miss(cache, "twice").await);
    fill(cache, "twice", first, b"first", LONG).await;
    fill(cache, "twice", second, b"second", LONG).await;
    assert_eq!(hit(cache, "twice").await, "second");
}

/// A copy is there until its time is over and not longer; a new filling counts
/// anew.
pub async fn a_copy_is_gone_after_its_time(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    let short = Duration::from_secs(2);
    let ticket = miss(cache, "key").await;
    fill(cache, "key", ticket, b"old", short).await;
    let ticket = miss(cache, "long").await;
    fill(cache, "long", ticket, b"stays", LONG).await;
    fixture.pass(short / 4).await;
    assert_eq!(hit(cache, "key").await, "old", "its time is not over");
    fixture.pass(short).await;
    let ticket = miss(cache, "key").await;
    assert_eq!(hit(cache, "long").await, "stays");

    fill(cache, "key", ticket, b"new", short).await;
    fixture.pass(short / 4).await;
    assert_eq!(hit(cache, "key").await, "new");
    fixture.pass(short).await;
    miss(cache, "key").await;
}

/// A copy is gone once its removal has returned.
pub async fn a_removed_copy_is_gone(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    for round in 0..3 {
        let ticket = miss(cache, "key").await;
        fill(cache, "key", ticket, b"value", LONG).await;
        assert_eq!(hit(cache, "key").await, "value", "round {round}");
        remove(cache, "key").await;
        miss(cache, "key").await;
        remove(cache, "key").await; // One that is not there is fine.
    }
}

/// One removal takes all the copies it names, there or not, and no other.
pub async fn several_copies_are_removed_at_once(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    let keys = ["one", "two", "three", "four"];
    for key in keys {
        let ticket = miss(cache, key).await;
        fill(cache, key, ticket, key.as_bytes(), LONG).await;
    }
    let removed = ["one", "nobody", "three", "four", "one"].map(str::to_owned);
    let stale = miss(cache, "nobody").await;
    let outcome = cache.remove(&removed).await;
    outcome.expect("the cache is in order");
    for key in keys {
        match key {
            "two" => assert_eq!(hit(cache, key).await, key),
            _ => drop(miss(cache, key).await),
        }
    }
    fill(cache, "nobody", stale, b"stale", LONG).await;
    miss(cache, "nobody").await;
    let nothing = cache.remove(&[]).await;
    nothing.expect("removing nothing is fine");
}

/// What was read before a removal cannot be put in after it.
pub async fn a_ticket_from_before_a_removal_fills_nothing(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    // The key has never been there, was there, and was removed just before.
    for round in 0..3 {
        let stale = miss(cache, "key").await;
        remove(cache, "key").await;
        fill(cache, "key", stale, b"stale", LONG).await;
        let fresh = miss(cache, "key").await;
        fill(cache, "key", stale, b"stale", LONG).await;
        miss(cache, "key").await;
        fill(cache, "key", fresh, b"fresh", LONG).await;
        assert_eq!(hit(cache, "key").await, "fresh", "round {round}");
        fill(cache, "key", stale, b"stale", LONG).await;
        assert_eq!(hit(cache, "key").await, "fresh", "round {round}");
        remove(cache, "key").await;
    }
    // A copy whose time is over voids no ticket; its removal still does.
    let ticket = miss(cache, "key").await;
    fill(cache, "key", ticket, b"short", Duration::from_secs(1)).await;
    fixture.pass(Duration::from_secs(2)).await;
    let stale = miss(cache, "key").await;
    remove(cache, "key").await;
    fill(cache, "key", stale, b"stale", LONG).await;
    miss(cache, "key").await;
}

/// What happens to one key is nothing to another.
pub async fn keys_do_not_disturb_each_other(fixture: &impl CacheFixture) {
    let cache = fixture.cache();
    let keys = [
        "a",
        "A",
        "a:",
        ":a",
        "a b",
        "Zo\u{eb}",
        "Zoe\u{308}",
        "*",
        "?",
        "",
    ];
    for key in keys {
        let ticket = miss(cache, key).await;
        fill(cache, key, ticket, key.as_bytes(), LONG).await;
    }
    remove(cache, "*").await;
    remove(cache, "a").await;
    for key in keys {
        match key {
            "*" | "a" => drop(miss(cache, key).await),
            _ => assert_eq!(hit(cache, key).await, key, "{key:?}"),
        }
    }
}

async fn hit(cache: &dyn Cache, key: &str) -> Bytes {
    match cache.get(key).await.expect("the cache is in order") {
        Lookup::Hit(value) => value,
        Lookup::Miss(_) => panic!("{key:?} is not there"),
    }
}

async fn miss(cache: &dyn Cache, key: &str) -> FillTicket {
    match cache.get(key).await.expect("the cache is in order") {
        Lookup::Hit(value) => panic!("{key:?} is there: {value:?}"),
        Lookup::Miss(ticket) => ticket,
    }
}

async fn fill(cache: &dyn Cache, key: &str, ticket: FillTicket, value: &[u8], ttl: Duration) {
    let value = Bytes::copy_from_slice(value);
    cache
        .fill(key, ticket, value, ttl)
        .await
        .expect("the cache is in order");
}

async fn remove(cache: &dyn Cache, key: &str) {
    cache
        .remove(&[key.to_owned()])
        .await
        .expect("the cache is in order");
}
