//! Real browsers on the simulator's line: the vendor's SDK, unmodified, and our own client, with
//! real sound.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

#[macro_use]
mod each_client;

mod beside;
mod devices;
mod hearing;
mod house;
mod incoming;
mod keys;
mod losses;
mod opus;
mod outgoing;
mod registering;
mod taking_over;
mod talking;
mod transports;
mod types;
