//! The databases of the two systems that this one replaces, read and never
//! written.
//!
//! - the SQLite file `voip.db` of the Node.js *VoIP Backend*: its users with
//!   their devices, and its call log;
//! - the MySQL schema `outbound_caller` of the *Outbound Caller*: its accounts
//!   with their bcrypt hashes, and its call log.
//!
//! Neither system ever fixed its schema: columns were added over time and are
//! called one thing here and another there. So a column is looked for under
//! several names, and most may be missing. What a row says is brought into our
//! form by the same rules for both; what cannot be is a [`Flaw`], and what was
//! decided for it a [`Remark`].

mod ending;
mod found;
mod identity;
mod moment;
#[cfg(feature = "mysql")]
mod outbound_caller;
mod row;
mod source;
mod voip_backend;

pub use found::{Flaw, Found, Page, Person, Remark};
pub use source::{LegacyOptions, LegacySource};
