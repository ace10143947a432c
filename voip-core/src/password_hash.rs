//! What a password is checked against.

use std::{fmt, str::FromStr, sync::Arc};

/// What a password is checked against, as the
/// [`PasswordHasher`](crate::ports::PasswordHasher) wrote it, or an earlier
/// system. Nothing but the hasher reads it; `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

/// The text cannot be a password's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password's hash is 1 to 512 bytes of printable ASCII without blanks")]
pub struct InvalidPasswordHash;

impl PasswordHash {
    /// The longest hash, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// The hash as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for PasswordHash {
    type Err = InvalidPasswordHash;

    fn from_str(text: &str) -> Result<Self, InvalidPasswordHash> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(Arc::from(text)))
        } else {
            Err(InvalidPasswordHash)
        }
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
