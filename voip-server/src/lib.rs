//! The VoIP application backend, as a library and a thin binary.
//!
//! | room | what is in it |
//! |---|---|
//! | [`router()`] | the whole HTTP API on one page |
//! | [`App`] | what the routes need |
//! | [`Server`] | all of it running: listeners, simulator, background work |
//! | [`config`] | what can be set, and the only reader of the environment |
//! | `api` | the calls clients make |
//! | `webhooks` | the calls the provider makes |
//! | `socket` | WebSocket: who is connected, and who hears what |
//! | [`auth`] | who calls, and what they may do |
//! | [`dialer`] | the page in which users sign up, log in and call |
//! | `metrics` | what is counted and timed, and who may read it |
//! | `transfer` | bringing data over from earlier systems and other databases |
//! | `compose` | the only place that names every adapter |
//!
//! Running the whole server from a program of your own:
//!
//! ```no_run
//! use voip_server::{Server, config::{Config, Source}};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let settings = [("PORT", "0".to_owned()), ("WS_PORT", "0".to_owned())];
//! let server = Server::start(Config::read(&Source::of(settings))?).await?;
//! println!("listening on {}", server.addresses().http);
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Serving the API from an axum program of your own: build an [`App`] from
//! adapters of your choice, nest [`router()`] and keep a [`Background`] alive.

mod api;
mod app;
mod asyncapi;
pub mod auth;
mod background;
mod banner;
pub mod command;
mod compose;
pub mod config;
pub mod dialer;
mod lingering;
mod listener;
mod logging;
mod metrics;
mod openapi;
pub mod router;
mod server;
mod shared_health;
mod socket;
mod socketio;
mod transfer;
mod webhooks;

pub use app::{App, AppParts};
pub use background::Background;
pub use metrics::Metrics;
pub use router::{router, socket_router};
pub use server::{Addresses, Server, StartupError};
pub use shared_health::SharedHealth;
pub use socket::{Hub, converse};
pub use socketio::LegRooms;
