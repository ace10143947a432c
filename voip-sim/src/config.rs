//! How a simulator with sockets is set up.

#[cfg(feature = "media")]
use std::net::IpAddr;
use std::net::{Ipv4Addr, SocketAddr};

use crate::engine::{ApiKey, Application, EngineConfig};
use crate::secret::AuthToken;

/// Everything [`Simulator::start`](crate::Simulator::start) needs to know.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Where to listen. Loopback and a free port unless changed: the control interface asks
    /// nobody who they are.
    pub bind: SocketAddr,
    /// The simulated provider itself.
    pub engine: EngineConfig,
    /// Whether webhooks may go to other machines. They are signed with a real-looking token and
    /// carry numbers, so this is off unless asked for.
    pub allow_remote_webhooks: bool,
    /// How browsers are heard.
    #[cfg(feature = "media")]
    pub media: MediaConfig,
}

/// How browsers are heard.
#[cfg(feature = "media")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaConfig {
    /// The UDP port of all their sound; 0 takes a free one.
    pub port: u16,
    /// The address that browsers are told to send it to, where the simulator listens on all of
    /// this machine's addresses. Else it is the one it listens on.
    pub address: IpAddr,
    /// Whether keys may come with the sound (RFC 4733). Without, browsers send them as messages.
    pub telephone_events: bool,
}

#[cfg(feature = "media")]
impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            port: 0,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            telephone_events: true,
        }
    }
}

/// An account that needs no secrecy: everything is on loopback.
impl Default for SimulatorConfig {
    fn default() -> Self {
        Self::new("AC00000000000000000000000000000000", "simulated-auth-token")
    }
}

impl SimulatorConfig {
    /// A provider with this account, on loopback and a free port.
    pub fn new(account_sid: impl Into<String>, auth_token: impl Into<AuthToken>) -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            engine: EngineConfig::new(account_sid, auth_token),
            allow_remote_webhooks: false,
            #[cfg(feature = "media")]
            media: MediaConfig::default(),
        }
    }

    /// Listens there; port 0 takes a free one.
    #[must_use]
    pub fn bind(mut self, addr: SocketAddr) -> Self {
        self.bind = addr;
        self
    }

    /// Asks this address what to do with inbound calls.
    #[must_use]
    pub fn voice_url(mut self, url: impl Into<String>) -> Self {
        self.engine.number.voice_url = Some(url.into());
        self
    }

    /// Tells this address how inbound calls ended.
    #[must_use]
    pub fn status_url(mut self, url: impl Into<String>) -> Self {
        self.engine.number.status_url = Some(url.into());
        self
    }

    /// Lets voice clients call through this TwiML App.
    #[must_use]
    pub fn application(mut self, application: Application) -> Self {
        self.engine.application = Some(application);
        self
    }

    /// Takes REST requests, and access tokens of voice clients, that were signed with this key.
    #[must_use]
    pub fn api_key(mut self, sid: impl Into<String>, secret: impl Into<AuthToken>) -> Self {
        self.engine.api_keys.push(ApiKey {
            sid: sid.into(),
            secret: secret.into(),
        });
        self
    }

    /// Draws all randomness from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.engine.seed = seed;
        self
    }
}
