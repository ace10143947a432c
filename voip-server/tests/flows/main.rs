//! Whole flows in virtual time: the application, the simulated provider and
//! clients, without a socket and without waiting.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod accounts;
mod agent;
mod answering;
mod any_order;
mod connecting;
mod connections;
mod device;
mod dialling;
mod faults;
mod hold_storm;
mod holding;
mod house;
mod inbound;
mod line;
mod mishaps;
mod named_scripts;
mod outbound;
mod spending;
mod unclear_dials;
