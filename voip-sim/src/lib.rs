//! A Twilio Voice simulator: it takes REST calls, fetches and executes TwiML, moves call legs
//! through their states and sends signed webhooks, without a telephone in sight.
//!
//! There are two ways to use it.
//!
//! - [`engine::Engine`] is the whole provider as a pure value: no sockets, no threads, no clock.
//!   Tests drive it through hours of calls in milliseconds, deterministically from a seed.
//! - [`Simulator`] puts the engine behind HTTP, in real time, as a stand-in for the provider's own
//!   servers, with a page that shows what happens and takes part. The program `voip-sim` is that
//!   and command-line flags.
//!
//! `docs/simulator.md` is the manual: magic numbers, the control interface, what takes how long,
//! and what is left out.
//!
//! # Example
//!
//! An application speaks a sentence to whoever it calls:
//!
//! ```
//! use time::macros::datetime;
//! use voip_sim::engine::{Engine, EngineConfig};
//! use voip_sim::inspect::Status;
//! use voip_sim::rest::RestRequest;
//!
//! let account = "AC000000000000000000000000000000a1";
//! let mut engine = Engine::new(EngineConfig::new(account, "token"));
//! let reply = engine.rest(
//!     datetime!(2026-01-05 12:00 UTC),
//!     &RestRequest {
//!         method: "POST",
//!         path_and_query: &format!("/2010-04-01/Accounts/{account}/Calls.json"),
//!         // Basic, account SID and token.
//!         authorization: Some("Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDBhMTp0b2tlbg=="),
//!         body: b"To=%2B15005550104&From=%2B15005550006&Twiml=%3CResponse%3E%3CSay%3EHi%3C%2FSay%3E%3C%2FResponse%3E",
//!     },
//! );
//! assert_eq!(reply.status, 201);
//!
//! while let Some(due) = engine.next_due() {
//!     engine.advance(due);
//! }
//! let call = &engine.calls()[0];
//! assert_eq!(call.status, Status::Completed);
//! assert_eq!(call.said(), ["Hi"]);
//! ```

pub mod choices;
pub mod detection;
pub mod engine;
pub mod explain;
pub mod faults;
pub mod inspect;
pub mod magic_numbers;
pub mod phone;
pub mod rest;
pub mod scripts;
pub mod secret;
pub mod seed;
pub mod sid;
pub mod sound;
pub mod twiml;
pub mod voice;
pub mod webhook;

mod address;
#[cfg(feature = "media")]
mod browser;
mod call_handle;
mod client_module;
mod config;
mod connection;
mod keys;
mod seeded;
mod shell;
mod simulator;
#[cfg(feature = "media")]
mod tapes;

pub use call_handle::CallHandle;
pub use client_module::CLIENT_MODULE;
#[cfg(feature = "media")]
pub use config::MediaConfig;
pub use config::SimulatorConfig;
pub use simulator::Simulator;
