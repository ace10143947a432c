//! How much is too much, and what is done only once.

mod connections;
mod once;
#[path = "../surface/mod.rs"]
mod surface;

pub(crate) const ALICE: &str = "+15550001111";

/// The simulator's number that is engaged at once.
pub(crate) const BUSY: &str = "+15005550100";

/// The simulator's number that rings on.
pub(crate) const RINGS: &str = "+15005550101";
