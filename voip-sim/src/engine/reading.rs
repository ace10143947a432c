//! What readers see: the present, or the past where reads lag behind.

use std::time::Duration;

use time::OffsetDateTime;

use super::{Engine, Surplus};

impl Engine {
    /// The moment that reading one call shows.
    pub(crate) fn calls_as_of(&self, now: OffsetDateTime) -> OffsetDateTime {
        now - self.faults.read_lag
    }

    /// The moment that lists show.
    pub(crate) fn lists_as_of(&self, now: OffsetDateTime) -> OffsetDateTime {
        if self.lists_nothing {
            // Before anything that can be listed.
            return OffsetDateTime::UNIX_EPOCH;
        }
        now - self.faults.read_lag.max(self.faults.list_lag)
    }

    /// The moment that reading conferences shows.
    pub(crate) fn rooms_as_of(&self, now: OffsetDateTime) -> OffsetDateTime {
        now - self.conference_lag()
    }

    /// The moment that reading participants shows.
    pub(crate) fn participants_as_of(&self, now: OffsetDateTime) -> OffsetDateTime {
        now - self.conference_lag()
    }

    fn conference_lag(&self) -> Duration {
        self.faults.read_lag.max(self.faults.conference_lag)
    }

    /// Whether another call may be placed over REST now.
    pub(crate) fn may_place(&mut self, now: OffsetDateTime) -> bool {
        match self.config.surplus {
            Surplus::Refuse => self.has_slot(now),
            Surplus::Queue => true,
        }
    }

    /// How long a call that is placed now waits for its turn; it counts from then on.
    pub(crate) fn take_slot(&mut self, now: OffsetDateTime) -> Duration {
        let Some(limit) = self.config.calls_per_second else {
            return Duration::ZERO;
        };
        let mut at = now;
        if !self.has_slot(now) {
            let limit = usize::try_from(limit.get()).unwrap_or(usize::MAX);
            // The one whose second has to be over first.
            let index = self.placed.len().saturating_sub(limit);
            at = self
                .placed
                .get(index)
                .map_or(now, |at| *at + Duration::from_secs(1));
        }
        self.placed.push_back(at);
        (at - now).unsigned_abs()
    }

    fn has_slot(&mut self, now: OffsetDateTime) -> bool {
        let Some(limit) = self.config.calls_per_second else {
            return true;
        };
        let second = now - Duration::from_secs(1);
        while self.placed.front().is_some_and(|at| *at <= second) {
            self.placed.pop_front();
        }
        self.placed.len() < usize::try_from(limit.get()).unwrap_or(usize::MAX)
    }
}
