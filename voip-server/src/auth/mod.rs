//! Who calls, and what they may do.

mod caller;
mod hashing_cost;
mod key_file;
mod logged_in;
mod origin;
mod passwords;
mod session;
mod session_cookie;
mod token;

pub(crate) use caller::bearer;
pub use caller::{Auth, Caller};
pub use hashing_cost::HashingCost;
pub(crate) use key_file::{fresh_key, key_beside, known_key_beside};
pub use logged_in::LoggedIn;
pub(crate) use origin::origin;
pub use passwords::Argon2Passwords;
pub(crate) use session::session;
pub use session_cookie::SessionCookie;
pub use token::{InvalidToken, Subject, Tokens};
