//! Real browsers on the simulator's line: the vendor's SDK, unmodified, and our own client, with
//! real sound.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod house;
mod outgoing;
mod page;
