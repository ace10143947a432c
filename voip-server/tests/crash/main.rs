//! What a server that is killed has acknowledged is not lost.

mod one_call;
#[path = "../process/mod.rs"]
mod process;
mod storm;

use std::time::Duration;

/// How long a ringing phone of the tests rings before it is answered: never,
/// as far as they are concerned.
pub(crate) const LONG: Duration = Duration::from_secs(300);
