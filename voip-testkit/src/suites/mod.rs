//! One conformance suite a port, a function a promise, a macro a suite.

pub mod account_store;
pub mod archive;
pub mod cache;
pub mod call_store;
pub mod event_bus;
pub mod password_hasher;
pub mod push_sender;
pub mod rate_limiter;
pub mod telephony;
pub mod user_store;
pub mod webhooks;
