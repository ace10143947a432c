//! Browsers on the line: the signalling of the vendor's voice SDK, and sound over WebRTC.
//!
//! A browser is a voice client that answers by hand. What becomes of its calls the engine knows
//! alone; here they get a wire:
//!
//! - [`frame`] reads and writes what goes over the WebSocket, [`access`] checks who may.
//! - [`switchboard`] keeps the sockets and the calls, and tells each what the engine says of it.
//! - [`description`] reads what a page would like, [`session`] is one WebRTC connection with its
//!   [`microphone`], [`studio`] has all of them and the mixer.
//! - [`exchange`] is the task around both, with the UDP socket and the clock.

mod access;
mod description;
mod exchange;
mod frame;
mod microphone;
mod session;
mod studio;
mod switchboard;

pub(crate) use exchange::{Command, Exchange, ExchangeHandle};
pub(crate) use frame::Message;
