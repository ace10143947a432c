//! Twilio behind the ports of `voip-core`.

pub mod signature;
