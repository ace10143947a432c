//! What the benches and the load driver have in common.
//!
//! - [`Signer`] makes webhooks such as the provider sends, signed.
//! - [`sample`] makes calls and users.
//!
//! The driver is the program `load`; `docs/performance.md` says how to run it
//! and what its figures mean. The benches are in `benches/`.
//!
//! ```
//! use voip_benches::{Signer, sample};
//! use voip_core::CallStatus;
//!
//! let signer = Signer::new("token", "http://127.0.0.1:8080");
//! let webhook = signer.status(&sample::placed_call(7), CallStatus::Ringing);
//! assert!(webhook.body.contains("CallStatus=ringing"));
//! ```

pub mod sample;
mod signer;

pub use signer::{Signer, Webhook};
