//! What the server databases have in common, whatever they speak: connections
//! with a deadline on everything, and reads and writes that wait together to
//! share a transaction and a journey to the server.
//!
//! A database's own part is a [`Driver`], which opens connections and knows
//! what errors mean, and a [`Work`], which carries out a batch of jobs.

mod batch;
mod connections;
mod fault;
mod jobs;
mod lane;
mod lanes;
#[cfg(test)]
mod lanes_tests;
mod queue;
mod settling;

pub(crate) use batch::{Batch, Written};
pub(crate) use connections::{Connections, Driver, Lease};
pub(crate) use fault::{Class, Fault};
pub(crate) use jobs::{Done, Find, Replacing, Saved, Write};
pub(crate) use lanes::{Lanes, Work};
pub(crate) use settling::{Settle, Settling, Waiting};
