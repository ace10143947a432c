use std::num::NonZero;

use argon2::Params;

/// What a hash costs and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingCost {
    /// Memory of one hash, in KiB. Default 19 456 (19 MiB).
    pub memory_kib: u32,
    /// Passes over that memory. Default 2.
    pub passes: u32,
    /// How many hashes are made at a time. Default half of the processor's
    /// cores, at least one.
    pub at_a_time: usize,
    /// How many wait for their turn. Default 32 for each one in the making:
    /// about two seconds.
    pub waiting: usize,
}

impl Default for HashingCost {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let at_a_time = (cores / 2).max(1);
        Self {
            memory_kib: Params::DEFAULT_M_COST,
            passes: Params::DEFAULT_T_COST,
            at_a_time,
            waiting: 32 * at_a_time,
        }
    }
}

impl HashingCost {
    /// The least that Argon2 knows: for tests, which hash a lot.
    pub fn cheapest() -> Self {
        Self {
            memory_kib: Params::MIN_M_COST,
            passes: Params::MIN_T_COST,
            ..Self::default()
        }
    }
}
