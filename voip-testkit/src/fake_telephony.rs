//! A telephony provider in memory.

/// A telephony provider in memory.
#[derive(Debug, Default)]
pub struct FakeTelephony;
