//! Everything about the simulator that touches sockets or the clock.

mod clients;
mod clock;
mod control;
mod deliver;
mod drive;
mod guard;
mod inspector;
mod journal;
mod openapi;
mod operations;
mod rest;
mod serve;

pub(crate) use deliver::Postman;
pub(crate) use drive::{Shared, drive};
pub(crate) use serve::serve;
