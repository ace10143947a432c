//! Adapters on a Redis server, for several nodes.
//!
//! One [`RedisLink`] carries the commands of all of them over one connection.
//! While the server is away every command fails at once, and everything goes
//! on without it: the cache is passed by, events reach the node's own clients,
//! tries are counted by each node (see
//! [`RateLimiterWithFallback`](crate::RateLimiterWithFallback)).
//!
//! Redis 6 and later, and what speaks like it. No key is without a time after
//! which it is gone; all begin with a prefix.

mod bus;
mod cache;
mod connection;
mod failure;
mod letter;
mod limiter;
mod link;
mod outbox;
mod owed;
mod peers;
mod removals;
mod subscriber;
mod url;

pub use bus::RedisBus;
pub use cache::RedisCache;
pub use limiter::RedisRateLimiter;
pub use link::{RedisLink, RedisOptions};
pub use url::{InvalidRedisUrl, RedisUrl};
