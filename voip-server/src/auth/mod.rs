//! Who calls, and what they may do.

mod caller;
mod logged_in;
mod token;

pub use caller::{Auth, Caller};
pub use logged_in::LoggedIn;
pub use token::{InvalidToken, Subject, Tokens};
