//! Everything about the simulator that touches sockets or the clock.

#[cfg(feature = "media")]
mod asides;
mod clients;
mod clock;
mod control;
mod cut;
mod deliver;
mod drive;
mod guard;
mod inspector;
mod journal;
#[cfg(feature = "media")]
mod listener;
mod openapi;
mod operations;
mod rest;
mod serve;
#[cfg(feature = "media")]
mod signal;
#[cfg(feature = "media")]
mod sounds;

pub(crate) use deliver::Postman;
pub(crate) use drive::{Shared, drive};
pub(crate) use serve::serve;
