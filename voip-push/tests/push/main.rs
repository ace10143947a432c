//! The push adapters against servers that speak FCM's and Apple's protocols.

#![allow(
    clippy::unwrap_used,
    reason = "a fixture that cannot be set up fails its test"
)]

mod apns;
mod apns_errors;
mod broken_server;
mod devices;
mod fcm;
mod fcm_errors;
mod google_token;
mod keys;
mod log_book;
mod retrying;
mod services;
mod suites;
