//! The one place where the simulator reads the time.

use time::OffsetDateTime;
use tokio::time::Instant;

/// Wall time at the start, and the monotonic clock from there: the engine's time never jumps, and
/// follows a paused test clock.
#[derive(Clone)]
pub(super) struct ShellClock {
    wall: OffsetDateTime,
    started: Instant,
}

impl ShellClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulator stands for an outside party and depends on no port of ours"
    )]
    pub(super) fn start() -> Self {
        Self {
            wall: OffsetDateTime::now_utc(),
            started: Instant::now(),
        }
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        self.wall + self.started.elapsed()
    }

    /// When the monotonic clock shows that time.
    pub(super) fn instant(&self, at: OffsetDateTime) -> Instant {
        self.started + (at - self.wall).max(time::Duration::ZERO).unsigned_abs()
    }
}
