//! Who calls, and what they may do.

mod caller;
mod token;

pub use caller::{Auth, Caller};
pub use token::{InvalidToken, Subject, Tokens};
