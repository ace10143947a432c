//! How sound is written for its way between two machines.

use super::RATE;
use super::opus;

/// What browsers and this mixer both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    /// µ-law: every sample for itself ([`mulaw`](super::mulaw)).
    Pcmu,
    /// What browsers would rather have for voices ([`opus`]).
    Opus,
}

impl Coding {
    /// All, ours first.
    pub(crate) const ALL: [Self; 2] = [Self::Pcmu, Self::Opus];

    /// Its name in a description; letters large and small are the same.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Opus => "opus",
        }
    }

    /// What its times are counted in: so many a second.
    pub(crate) const fn clock(self) -> u32 {
        match self {
            Self::Pcmu => RATE,
            Self::Opus => opus::CLOCK,
        }
    }
}
