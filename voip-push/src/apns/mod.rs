//! Apple's VoIP pushes.

mod config;
mod payload;
mod provider_token;
mod response;
mod sender;

pub use config::ApnsConfig;
pub use sender::ApnsSender;
