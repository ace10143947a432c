//! The one source of randomness: everything it yields follows from the seed.

use std::time::Duration;

/// A small generator (SplitMix64, Steele, Lea and Flood 2014). It is written out here, and not
/// taken from a library, so that a printed seed still gives the same run after an upgrade.
#[derive(Debug, Clone)]
pub(crate) struct Seeded {
    state: u64,
}

impl Seeded {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// True with this probability; rates outside 0 to 1 count as the nearer end.
    pub(crate) fn chance(&mut self, rate: f64) -> bool {
        // A rate of zero draws nothing, so that switching a fault off leaves the rest of a run
        // as it was.
        if rate <= 0.0 || rate.is_nan() {
            return false;
        }
        // The upper 53 bits are what a double holds exactly.
        let drawn = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < rate
    }

    /// A span from zero up to `longest`, in whole milliseconds.
    pub(crate) fn within(&mut self, longest: Duration) -> Duration {
        let longest = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX - 1);
        Duration::from_millis(self.next() % longest.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_run() {
        let (mut one, mut two) = (Seeded::new(7), Seeded::new(7));
        assert!((0..100).all(|_| one.next() == two.next()));
    }

    #[test]
    fn a_chance_comes_about_as_often_as_its_rate_says() {
        let mut seeded = Seeded::new(3);
        let hits = (0..10_000).filter(|_| seeded.chance(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
        assert!((0..100).all(|_| seeded.chance(1.0)));
        assert!((0..100).all(|_| !seeded.chance(0.0)));
    }

    #[test]
    fn a_span_stays_within_its_bound() {
        let mut seeded = Seeded::new(5);
        let bound = Duration::from_millis(20);
        assert!((0..1000).all(|_| seeded.within(bound) <= bound));
        assert_eq!(seeded.within(Duration::ZERO), Duration::ZERO);
    }
}
