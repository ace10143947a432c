//! Twilio behind the ports of `voip-core`.
//!
//! - [`TwilioTelephony`] places and steers calls: [`Telephony`] as pure
//!   functions on either side of one await, where a [`Transport`] sends the
//!   request.
//! - [`TwilioWebhooks`] checks and reads the provider's requests and writes
//!   our plans as [`twiml`]: [`Webhooks`].
//! - [`AccessToken`] lets voice clients in.
//! - [`CallbackUrls`] knows where the provider calls us; whoever serves those
//!   addresses takes the paths from there.
//!
//! [`Telephony`]: voip_core::ports::Telephony
//! [`Webhooks`]: voip_core::ports::Webhooks
//!
//! ```
//! use std::sync::Arc;
//! use voip_core::{Plan, ports::Webhooks};
//! use voip_twilio::{AuthToken, CallbackUrls, TwilioConfig, TwilioTelephony, TwilioWebhooks};
//!
//! let config = Arc::new(TwilioConfig::new(
//!     "AC000000000000000000000000000000a1".parse()?,
//!     AuthToken::new("a1b2c3d4e5f60718293a4b5c6d7e8f90")?,
//!     CallbackUrls::new("https://voip.example.com".parse()?)?,
//! ));
//! let telephony = TwilioTelephony::over_network(Arc::clone(&config))?;
//! let webhooks = TwilioWebhooks::new(&config);
//! assert!(webhooks.write(&Plan::hang_up()).body.ends_with("<Response><Hangup/></Response>"));
//! # drop(telephony);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access_token;
mod auth_token;
mod callback_urls;
mod conference;
mod config;
mod date;
mod errors;
mod form;
mod http_transport;
mod notice;
mod plan_writer;
mod request;
mod response;
mod seconds;
mod sid;
pub mod signature;
mod telephony;
mod transport;
pub mod twiml;
mod webhooks;

pub use access_token::{AccessToken, Algorithm, MAX_TTL};
pub use auth_token::{AuthToken, InvalidSecret};
pub use callback_urls::{
    AGENT_JOIN_PATH, BRIDGE_ENDED_PATH, CALL_EVENTS_PATH, CALL_ID_FIELD, CALL_STATUS_PATH,
    CONFERENCE_EVENTS_PATH, CONFERENCE_FIELD, CONNECT_PATH, CallbackUrls, DIAL_ACTION_PATH,
    INBOUND_PATH, InvalidPublicUrl, STATUS_PATH, TURN_FIELD, VOICE_PATH,
};
pub use conference::{
    Conference, ConferenceFilter, ConferenceStatus, Participant, UnknownConferenceStatus,
};
pub use config::{ApiKey, TwilioConfig};
pub use http_transport::HttpTransport;
pub use plan_writer::CONTENT_TYPE;
pub use sid::{AccountSid, ApiKeySid, AppSid, InvalidSid, PushCredentialSid};
pub use telephony::TwilioTelephony;
pub use transport::{Failure, HttpReply, HttpRequest, Method, Transport, TransportError};
pub use webhooks::TwilioWebhooks;
