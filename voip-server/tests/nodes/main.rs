//! Several servers on one database and one Redis.
//!
//! Left out where `scripts/services` has not started the databases, and where
//! the machine has no Redis.

#![allow(clippy::print_stdout)] // Seeds and figures, for whoever reads a failure.

mod answering;
mod balancer;
mod cluster;
mod database;
mod hearing;
mod killing;
mod limits;
mod outage;
#[path = "../process/mod.rs"]
mod process;
mod redis_faults;
mod stopping;
mod storage_faults;
