//! The page in which users sign up, log in and call: its files, which are part
//! of the program, and what it has to know of the server.

mod asset;
mod assets;
mod page;
mod policy;
mod setup;

pub(crate) use page::{is_page, routes};
pub use setup::{DialerSetup, PagePhone, VoiceSdk};
