//! Sound as telephones have it: one channel, 8000 samples of 16 bits a second.

pub mod level;
pub mod mulaw;
pub mod wav;

#[cfg(feature = "media")]
pub(crate) mod coding;
#[cfg(feature = "media")]
pub(crate) mod dtmf;
#[cfg(feature = "media")]
pub(crate) mod generator;
#[cfg(feature = "media")]
pub(crate) mod mixer;
#[cfg(feature = "media")]
pub(crate) mod opus;

/// Samples a second.
pub const RATE: u32 = 8_000;

/// Samples that are sent at a time: 20 milliseconds.
pub const FRAME: usize = 160;
