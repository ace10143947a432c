//! The server as an operator runs it: the real binary in a process of its own,
//! with the simulated provider in the test's process, so that it outlives the
//! server's.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test file takes what it needs"
)]

mod client;
mod dice;
mod machine;
mod ports;
mod provider;
mod seen;
mod socket;
mod storm;
mod waiting;
mod witness;

pub(crate) use client::{Client, Row};
pub(crate) use dice::Dice;
pub(crate) use machine::{JWT_SECRET, Machine, Process, Ran};
pub(crate) use ports::free_port;
pub(crate) use provider::{ACCOUNT, AUTH_TOKEN, OURS, Provider};
pub(crate) use seen::Seen;
pub(crate) use socket::Socket;
pub(crate) use storm::{Acknowledged, Storm};
pub(crate) use waiting::until;
pub(crate) use witness::{Witness, accepted};

/// The user that calls come in for, and their number.
pub(crate) const USER: &str = "Manoj";
/// See [`USER`].
pub(crate) const USERS_NUMBER: &str = "+12125550001";
/// Somebody out there who calls.
pub(crate) const CALLER: &str = "+14155550111";
