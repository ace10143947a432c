use std::time::Duration;

use super::{Faults, Source};

/// How much is too much.
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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            frame_bytes: 16 * 1024,
            connections: 20_000,
            request_time: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(10),
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
        }
    }
}
