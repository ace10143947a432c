//! For people who write adapters or test against the ports of `voip-core`.
//!
//! - **Suites**: one conformance suite a port. An adapter adds one line, such
//!   as [`call_store_suite!`], and gets a test for every promise in the port's
//!   *Contract*.
//! - **Fakes**: stand-ins that pass the same suites.
//! - **Time**: [`ManualClock`] moves when it is told to, and in a [`World`]
//!   whole days of calls pass in milliseconds.
//! - **Faults**: [`servers`] of one's own to stop, pause and kill, and a
//!   [`FlakyProxy`] before them.
//! - **Pages**: a real [`Browser`], where the machine has one, and pages of it in
//!   the hands of a test: [`Chromium`].

// A case of a suite panics where a promise is broken; that is what it is for.
#![allow(clippy::missing_panics_doc, clippy::unwrap_used)]

mod browser;
mod fake_push;
mod fake_telephony;
mod flaky_proxy;
mod manual_clock;
mod pages;
pub mod servers;
pub mod suites;
mod world;

pub use browser::Browser;
pub use fake_push::{FakePush, SentPush};
pub use fake_telephony::{FakeTelephony, NextDial, TelephonyRecord};
pub use flaky_proxy::FlakyProxy;
pub use manual_clock::ManualClock;
pub use pages::{BLANK, Chromium, PHONE, Page, microphone};
pub use world::{AppUnderTest, Provider, World};
