//! A push service in memory.

/// A push service in memory.
#[derive(Debug, Default)]
pub struct FakePush;
