//! Push adapters: the [`PushSender`](voip_core::ports::PushSender) port over
//! Firebase Cloud Messaging and Apple's VoIP pushes.
//!
//! | room | what is in it |
//! |---|---|
//! | [`FcmSender`] | one push to one Android or web device, over FCM HTTP v1 |
//! | [`ApnsSender`] | one push to one iOS device, over APNs |
//! | [`ServiceAccount`] | the Google key that FCM is paid with |
//! | [`Retrying`] | tries again what another sender could not do at once |
//! | [`PushServices`] | picks the sender for a device, and counts what none is set up for |
//!
//! Each sender attempts a push once. Put together, as a server does:
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//!
//! use voip_core::ports::SystemClock;
//! use voip_push::{FcmConfig, FcmSender, PushServices, RetryPolicy, Retrying, ServiceAccount};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Arc::new(SystemClock);
//! let config = FcmConfig {
//!     account: ServiceAccount::from_file("service-account.json")?,
//!     base_url: None,
//!     timeout: Duration::from_secs(10),
//! };
//! let fcm = Arc::new(FcmSender::new(config, clock.clone())?);
//! let fcm = Retrying::new(fcm, RetryPolicy::FCM, clock);
//! let push = PushServices::new(Some(Arc::new(fcm)), None);
//! # Ok(()) }
//! ```
//!
//! Tokens, keys and phone numbers are never logged, and no `Debug` shows them.
//! Nothing here spawns a task, and every future may be dropped halfway: at
//! worst, one request is left without a reader.

mod answer;
mod apns;
mod caller_text;
mod fcm;
mod google_token;
mod http_client;
mod minting;
mod retry_after;
mod retrying;
mod ring_deadline;
mod service_account;
mod services;

pub use apns::{ApnsConfig, ApnsSender};
pub use fcm::{FcmConfig, FcmSender};
pub use retrying::{RetryPolicy, Retrying};
pub use service_account::{InvalidServiceAccount, ServiceAccount};
pub use services::PushServices;
