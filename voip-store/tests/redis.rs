//! The adapters on Redis keep the promises of their ports, and get over its
//! absence.
#![cfg(feature = "redis")]

#[path = "redis/absence.rs"]
mod absence;
#[path = "redis/events.rs"]
mod events;
#[path = "redis/shared.rs"]
mod shared;
#[path = "redis/suites.rs"]
mod suites;
