//! The name of a user's voice client at the provider.

use std::{fmt, str::FromStr, sync::Arc};

use crate::UserId;

/// The name under which a user's voice client registers at the provider.
///
/// Voice SDKs allow letters, digits and `_`, at most 121 of them, so a
/// [`UserId`] is written as follows, and read back from it exactly:
///
/// - letters and digits stand for themselves;
/// - any other byte of the UTF-8 form becomes `_` and two lower-case hex
///   digits, so `_` itself is `_5f`.
///
/// A user id whose written form is longer has no voice identity; ids of up to
/// 40 bytes always have one.
///
/// ```
/// use voip_core::{UserId, VoiceIdentity};
/// let user: UserId = "ann.b@example".parse()?;
/// let identity = VoiceIdentity::of(&user).expect("short enough");
/// assert_eq!(identity.as_str(), "ann_2eb_40example");
/// assert_eq!(identity.user(), Some(user));
/// # Ok::<(), voip_core::InvalidUserId>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VoiceIdentity(Arc<str>);

/// The text cannot be a voice identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a voice identity is 1 to 121 letters, digits and '_'")]
pub struct InvalidVoiceIdentity;

impl VoiceIdentity {
    /// The longest identity, in characters.
    pub const MAX_CHARS: usize = 121;

    /// The identity of `user`, unless its written form is too long.
    pub fn of(user: &UserId) -> Option<Self> {
        let mut text = String::with_capacity(user.as_str().len());
        for byte in user.as_str().bytes() {
            if byte.is_ascii_alphanumeric() {
                text.push(char::from(byte));
            } else {
                text.push('_');
                text.push(char::from(HEX[usize::from(byte >> 4)]));
                text.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
        (text.len() <= Self::MAX_CHARS).then(|| Self(Arc::from(text)))
    }

    /// The user with this identity; `None` where [`of`](Self::of) makes no
    /// such identity.
    pub fn user(&self) -> Option<UserId> {
        let mut bytes = Vec::with_capacity(self.0.len());
        let mut rest = self.0.as_bytes();
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            if first != b'_' {
                bytes.push(first);
                continue;
            }
            let (pair, after) = rest.split_at_checked(2)?;
            rest = after;
            let byte = unhex(pair[0])? << 4 | unhex(pair[1])?;
            if byte.is_ascii_alphanumeric() {
                return None;
            }
            bytes.push(byte);
        }
        String::from_utf8(bytes).ok()?.parse().ok()
    }

    /// The identity as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VoiceIdentity {
    type Err = InvalidVoiceIdentity;

    fn from_str(text: &str) -> Result<Self, InvalidVoiceIdentity> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.bytes().all(allowed) {
            return Err(InvalidVoiceIdentity);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Debug for VoiceIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VoiceIdentity(…)")
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

fn unhex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_user_that_fits_comes_back(text in "\\PC{1,40}") {
            let Ok(user) = text.parse::<UserId>() else { return Ok(()) };
            if let Some(identity) = VoiceIdentity::of(&user) {
                prop_assert!(identity.as_str().parse::<VoiceIdentity>().is_ok());
                prop_assert_eq!(identity.user(), Some(user));
            } else {
                prop_assert!(text.len() > 40);
            }
        }

        #[test]
        fn every_identity_belongs_to_one_user_at_most(text in "[A-Za-z0-9_]{1,121}") {
            let identity: VoiceIdentity = text.parse().unwrap();
            if let Some(user) = identity.user() {
                prop_assert_eq!(VoiceIdentity::of(&user), Some(identity));
            }
        }
    }

    #[test]
    fn forty_bytes_of_anything_fit() {
        let user: UserId = "é".repeat(20).parse().unwrap();
        assert_eq!(VoiceIdentity::of(&user).unwrap().as_str().len(), 120);
    }
}
