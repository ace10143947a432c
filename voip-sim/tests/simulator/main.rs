//! Whole flows through the simulator: in virtual time over the engine, and one over real HTTP.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

mod announcements;
mod choices;
mod client;
mod conference;
mod control;
mod detection;
mod dial;
mod dialer;
mod endings;
mod faults;
mod fixture;
mod handle;
mod inbound;
mod inverse;
mod invites;
mod keys;
mod outbound;
mod participants;
mod queues;
mod races;
mod recordings;
mod rest;
mod scripts;
mod shell;
mod twiml;
mod vectors;
