//! Several servers on one database and one Redis.
//!
//! Left out where the machine has no PostgreSQL or no Redis.

mod answering;
mod cluster;
mod hearing;
mod limits;
mod outage;
#[path = "../process/mod.rs"]
mod process;
mod stopping;
