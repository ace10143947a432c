//! Firebase Cloud Messaging, HTTP v1.

mod message;
mod response;
mod sender;

pub use sender::{FcmConfig, FcmSender};
