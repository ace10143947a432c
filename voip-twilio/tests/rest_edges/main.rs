//! The edges of the REST API, over real sockets.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod answers;
mod connections;
mod fixture;
mod lists;
