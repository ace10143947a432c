//! The moment after which a ring, or its end, is worth nothing.

use std::time::Duration;

use voip_core::{Error, Retry, Timestamp, ports::Push};

/// The moment after which a push is worth nothing; a missed call has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RingDeadline(Option<Timestamp>);

impl RingDeadline {
    pub(crate) fn of(push: &Push) -> Self {
        match push {
            Push::IncomingCall { until, .. } | Push::RingOver { until, .. } => Self(Some(*until)),
            Push::MissedCall { .. } => Self(None),
        }
    }

    /// Whether it is too late at `moment`. The deadline itself is too late.
    pub(crate) fn passed(self, moment: Timestamp) -> bool {
        self.0.is_some_and(|until| moment >= until)
    }

    /// `timeout`, or what is left until the deadline where that is less.
    pub(crate) fn cap(self, timeout: Duration, now: Timestamp) -> Duration {
        self.0
            .map_or(timeout, |until| timeout.min(until.since(now)))
    }

    /// `error` as it is, unless the pause it asks for ends too late: then
    /// trying again is never useful.
    pub(crate) fn judge(self, error: Error, now: Timestamp) -> Error {
        match error.retry_after() {
            Some(pause) if self.passed(now + pause) => error.with_retry(Retry::Never),
            _ => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use voip_core::ErrorKind;

    const NOW: i64 = 1_700_000_000;

    fn deadline_in(seconds: i64) -> RingDeadline {
        RingDeadline(Some(Timestamp::from_secs(NOW + seconds)))
    }

    #[test]
    fn the_deadline_itself_is_too_late() {
        let now = Timestamp::from_secs(NOW);
        assert!(!deadline_in(1).passed(now));
        assert!(deadline_in(0).passed(now));
    }

    #[test]
    fn a_missed_call_is_never_too_late() {
        assert!(!RingDeadline(None).passed(Timestamp::from_secs(i64::MAX)));
    }

    #[test]
    fn a_pause_beyond_the_deadline_forbids_another_try() {
        let now = Timestamp::from_secs(NOW);
        let busy = || {
            let busy = Error::new(ErrorKind::RateLimited, "busy");
            busy.with_retry_after(Duration::from_secs(30))
        };
        assert_eq!(deadline_in(31).judge(busy(), now).retry(), Retry::Safe);
        assert_eq!(deadline_in(30).judge(busy(), now).retry(), Retry::Never);
        assert_eq!(RingDeadline(None).judge(busy(), now).retry(), Retry::Safe);
    }

    #[test]
    fn no_request_outlasts_the_ring() {
        let now = Timestamp::from_secs(NOW);
        let ten = Duration::from_secs(10);
        assert_eq!(deadline_in(3).cap(ten, now), Duration::from_secs(3));
        assert_eq!(deadline_in(30).cap(ten, now), ten);
        assert_eq!(RingDeadline(None).cap(ten, now), ten);
    }
}
