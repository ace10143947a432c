//! What the server databases have in common, whatever they speak: connections
//! with a deadline on everything, and reads and writes that wait together to
//! share a transaction and a journey to the server.
//!
//! A database's own part is a [`Driver`], which opens connections and knows what
//! errors mean, and as a [`Server`] has the `statements`; the [`ServerStore`] over
//! them keeps the promises of the ports.

mod accounts;
mod archive;
mod batch;
mod calls;
mod connections;
mod fault;
mod jobs;
mod lane;
mod lanes;
#[cfg(test)]
mod lanes_tests;
#[cfg(test)]
pub(crate) mod plans;
mod queue;
mod reading;
mod recalling;
mod settling;
mod statements;
mod store;
mod users;
mod writing;

pub(crate) use batch::{Batch, Written};
pub(crate) use connections::{Connections, Driver, Lease};
pub(crate) use fault::{Class, Fault};
pub(crate) use jobs::{Done, Find, Found, Replacing, Saved, Write};
pub(crate) use lanes::{Lanes, Work};
pub(crate) use settling::{Settle, Settling, Waiting};
pub(crate) use statements::{
    AccountTable, ArchiveTable, CallTable, Deleting, EffectTable, Finding, LogTable, Server,
    UserTable,
};
pub use store::ServerStore;
pub(crate) use store::Sizes;
