//! Redis absent, slow, paused, killed and emptied.

use std::time::{Duration, Instant};

use bytes::Bytes;
use voip_core::{
    ErrorKind,
    ports::{Allowance, Cache, LimitKey, Lookup, Quota, RateLimiter},
};
use voip_store::{RedisCache, RedisRateLimiter};
use voip_testkit::{FlakyProxy, servers::PrivateServer};

use super::shared::{fresh_prefix, link};

/// As long as anything may take to be in order again.
const HEALING: Duration = Duration::from_secs(3);

const TTL: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_absent_redis_costs_no_time() {
    let link = link("redis://127.0.0.1:1", &fresh_prefix());
    let cache = RedisCache::new(link.clone());
    let limiter = RedisRateLimiter::new(link.clone());
    let began = Instant::now();
    for _ in 0..1_000 {
        let error = cache.get("key").await.expect_err("nothing is there");
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let key = LimitKey::new("test", "ann");
        limiter
            .take(&key, Quota::a_minute(1))
            .await
            .expect_err("nothing is there");
        let removed = cache.remove(&["key".to_owned()]).await;
        removed.expect_err("nothing is there");
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert!(!link.is_up());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_costs_one_wait_and_ends_by_itself() {
    let Some(server) = PrivateServer::redis().await else {
        return;
    };
    let link = link(&server.url(), &fresh_prefix());
    link.connected().await;
    let limiter = RedisRateLimiter::new(link.clone());
    let key = LimitKey::new("test", "ann");
    let quota = Quota::an_hour(1_000_000);
    let allowed = limiter.take(&key, quota).await.expect("Redis is there");
    assert_eq!(allowed, Allowance::Allowed);

    server.pause();
    let began = Instant::now();
    for _ in 0..100 {
        limiter
            .take(&key, quota)
            .await
            .expect_err("nothing answers");
    }
    let took = began.elapsed();
    assert!(took < Duration::from_millis(900), "{took:?} for 100 tries");

    server.resume();
    let began = Instant::now();
    link.connected().await;
    assert!(began.elapsed() < HEALING, "{:?}", began.elapsed());
    limiter.take(&key, quota).await.expect("Redis is back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_failed_is_made_good_before_anything_is_found_again() {
    let Some(server) = PrivateServer::redis().await else {
        return;
    };
    let proxy = FlakyProxy::before(server.address()).await;
    let prefix = fresh_prefix();
    let (here, there) = (
        link(&proxy.instead_in(&server.url()), &prefix),
        link(&server.url(), &prefix),
    );
    here.connected().await;
    there.connected().await;
    let (cut_off, other) = (RedisCache::new(here.clone()), RedisCache::new(there));
    let Lookup::Miss(ticket) = other.get("key").await.expect("Redis is there") else {
        panic!("nothing was filled");
    };
    other
        .fill("key", ticket, Bytes::from_static(b"old"), TTL)
        .await
        .expect("Redis is there");
    assert_eq!(
        cut_off.get("key").await.expect("Redis is there"),
        Lookup::Hit("old".into())
    );

    proxy.blackhole();
    // Each of those that are removed together is made good.
    let removed = cut_off
        .remove(&["other".to_owned(), "key".to_owned()])
        .await;
    removed.expect_err("nothing answers");
    cut_off
        .get("key")
        .await
        .expect_err("it might be the old copy");
    proxy.heal().await;
    let began = Instant::now();
    loop {
        match (cut_off.get("key").await, other.get("key").await) {
            (Ok(Lookup::Hit(_)), _) => panic!("the old copy was found by who removed it"),
            (Ok(Lookup::Miss(_)), Ok(Lookup::Miss(_))) => break,
            // The one rests after the outage, the other may be quicker.
            _ => {}
        }
        assert!(began.elapsed() < 2 * HEALING, "it is not made good");
        // real time: the link connects again by its own clock.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_earlier_life_of_the_server_is_found() {
    let Some(mut server) = PrivateServer::redis().await else {
        return;
    };
    let link = link(&server.url(), &fresh_prefix());
    link.connected().await;
    let cache = RedisCache::new(link.clone());
    let Lookup::Miss(stale) = cache.get("key").await.expect("Redis is there") else {
        panic!("nothing was filled");
    };
    server.kill().await;
    let began = Instant::now();
    while link.is_up() {
        assert!(began.elapsed() < HEALING, "the end was not noticed");
        // real time: the end is heard of over a socket.
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.start_again().await;
    link.connected().await;
    // real time: for a moment after an outage the cache is left alone.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let value = Bytes::from_static(b"from before");
    cache
        .fill("key", stale, value, TTL)
        .await
        .expect("Redis is back");
    let found = cache.get("key").await.expect("Redis is back");
    assert!(matches!(found, Lookup::Miss(_)), "{found:?}");
}
