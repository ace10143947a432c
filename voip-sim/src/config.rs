//! How a simulator with sockets is set up.

use std::net::{Ipv4Addr, SocketAddr};

use crate::engine::{Application, EngineConfig};
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

    /// Draws all randomness from this seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.engine.seed = seed;
        self
    }
}
