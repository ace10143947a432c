//! Spans of time as the provider takes them: in whole seconds.

use std::time::Duration;

/// The ring times that the provider takes; a dial in a document has the same
/// as one by request. Others it would refuse or cut.
const RING_SECONDS: std::ops::RangeInclusive<u64> = 5..=600;

/// Seconds, rounded up: nothing rings or rests shorter than was asked for.
pub(crate) fn whole_seconds(span: Duration) -> u64 {
    span.as_secs()
        .saturating_add(u64::from(span.subsec_nanos() > 0))
}

/// How long a leg rings, within what the provider takes.
pub(crate) fn ring_seconds(span: Duration) -> u64 {
    whole_seconds(span).clamp(*RING_SECONDS.start(), *RING_SECONDS.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_rings_shorter_than_was_asked_for() {
        for (millis, seconds) in [
            (0, 5),
            (5_000, 5),
            (29_001, 30),
            (600_000, 600),
            (u64::MAX, 600),
        ] {
            assert_eq!(ring_seconds(Duration::from_millis(millis)), seconds);
        }
        assert_eq!(whole_seconds(Duration::from_millis(1)), 1);
    }
}
