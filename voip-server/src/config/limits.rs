use std::time::Duration;

use super::{AuthMode, Faults, Source};

/// Who may read the figures of `/metrics`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricsAccess {
    /// Whoever shows a service token.
    Token,
    /// They, and whoever asks from this machine without a proxy.
    Local,
    /// Everybody.
    Open,
}

/// How much is too much, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body_bytes: usize,
    /// Largest WebSocket message, in bytes.
    pub frame_bytes: usize,
    /// Most connections at a time; more wait to be accepted.
    pub connections: usize,
    /// Longest time for one HTTP request.
    pub request_time: Duration,
    /// How long requests in flight may go on after a stop is asked for.
    pub shutdown_grace: Duration,
    /// Who may read the figures.
    pub metrics: MetricsAccess,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            frame_bytes: 16 * 1024,
            connections: 20_000,
            request_time: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
            metrics: MetricsAccess::Token,
        }
    }
}

impl Limits {
    /// Most sockets at a time: a tenth of the connections is left for requests,
    /// so that the provider always finds a place.
    pub(crate) fn sockets(&self) -> usize {
        (self.connections - self.connections.div_ceil(10)).max(1)
    }

    pub(super) fn read(source: &Source, faults: &mut Faults) -> Self {
        let default = Self::default();
        Self {
            body_bytes: source.parsed("MAX_BODY_BYTES", default.body_bytes, faults),
            frame_bytes: source.parsed("MAX_FRAME_BYTES", default.frame_bytes, faults),
            connections: source
                .parsed("MAX_CONNECTIONS", default.connections, faults)
                .max(1),
            request_time: source.seconds("REQUEST_TIMEOUT_SECONDS", default.request_time, faults),
            shutdown_grace: source.seconds(
                "SHUTDOWN_GRACE_SECONDS",
                default.shutdown_grace,
                faults,
            ),
            metrics: default.metrics,
        }
    }
    /// Who may read the figures, where clients must prove who they are or not.
    pub(super) fn read_metrics(&mut self, source: &Source, mode: AuthMode, faults: &mut Faults) {
        self.metrics = match source.text("METRICS_ACCESS").as_deref() {
            None if mode == AuthMode::Open => MetricsAccess::Local,
            None | Some("token") => MetricsAccess::Token,
            Some("local") => MetricsAccess::Local,
            Some("open") => MetricsAccess::Open,
            Some(_) => {
                faults.add("METRICS_ACCESS", "must be token, local or open");
                MetricsAccess::Token
            }
        };
    }
}
