//! One socket of a browser.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::sync::mpsc;

use super::super::access::{Access, Denial};
use super::super::frame::{ClientFrame, ServerFrame};

/// Between two heartbeats. A browser gives up after 15 seconds without any frame.
pub(super) const BEAT: Duration = Duration::from_secs(5);

/// A browser that answers no heartbeat for so long is gone.
const DEAD: Duration = Duration::from_secs(20);

/// Frames that are kept for a browser that has not said who it is.
const HELD: usize = 64;

/// One socket.
pub(in super::super) struct Line {
    out: mpsc::Sender<String>,
    /// What the browser calls this server, where it made the name up itself.
    pub(super) edge: Option<String>,
    access: Option<Access>,
    registered: bool,
    expired: bool,
    held: Vec<ClientFrame>,
    last: Instant,
    grace: Duration,
}

impl Line {
    pub(in super::super) fn new(
        now: Instant,
        out: mpsc::Sender<String>,
        edge: Option<String>,
    ) -> Self {
        Self {
            out,
            edge,
            access: None,
            registered: false,
            expired: false,
            held: Vec::new(),
            last: now,
            grace: super::GRACE,
        }
    }

    /// Sends a frame. A browser that reads none is treated like one that answers none.
    pub(super) fn send(&self, frame: &ServerFrame) -> bool {
        self.out.try_send(frame.text()).is_ok()
    }

    pub(super) fn heard(&mut self, now: Instant) {
        self.last = now;
    }

    pub(super) fn is_dead(&self, now: Instant) -> bool {
        now - self.last >= DEAD || self.out.is_closed()
    }

    pub(super) fn let_in(&mut self, access: Access, grace: Duration) {
        self.access = Some(access);
        self.expired = false;
        self.grace = grace;
    }

    pub(super) fn access(&self) -> Option<&Access> {
        self.access.as_ref()
    }

    pub(super) fn grace(&self) -> Duration {
        self.grace
    }

    /// Whether the token has run out, and nobody was told.
    pub(super) fn expires(&self, now: OffsetDateTime) -> bool {
        let over = |access: &Access| access.expires <= now.unix_timestamp();
        !self.expired && self.access.as_ref().is_some_and(over)
    }

    pub(super) fn is_expired(&self) -> bool {
        self.expired
    }

    /// Tells the browser that its token has run out. Its calls go on; new ones need a new token.
    pub(super) fn expire(&mut self) {
        self.expired = true;
        self.send(&ServerFrame::Error {
            code: Denial::Expired.code(),
            message: Denial::Expired.to_string(),
            about: None,
        });
    }

    pub(super) fn register(&mut self, registered: bool) {
        self.registered = registered;
    }

    /// Whose calls arrive here, if any do.
    pub(super) fn registered(&self) -> Option<String> {
        let access = self.access.as_ref();
        let access = access.filter(|_| self.registered && !self.expired);
        access.map(|access| access.identity.clone())
    }

    pub(super) fn hold(&mut self, frame: ClientFrame) {
        if self.held.len() < HELD {
            self.held.push(frame);
        }
    }

    pub(super) fn held(&mut self) -> Vec<ClientFrame> {
        std::mem::take(&mut self.held)
    }
}
