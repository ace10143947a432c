//! People and the devices that ring for them.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{PhoneNumber, Timestamp, UserId};

/// Somebody who can be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their name.
    pub id: UserId,
    /// The number that rings them; no two users share one.
    pub phone: Option<PhoneNumber>,
    /// When they were first registered.
    pub created_at: Timestamp,
}

/// A device that is rung by push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Where its pushes go; a token belongs to one user at a time.
    pub token: PushToken,
    /// Which push service reaches it.
    pub platform: Platform,
    /// When it was last registered.
    pub last_seen: Timestamp,
}

/// A push service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple's VoIP pushes.
    Apns,
}

impl Platform {
    /// The service's word on the wire and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fcm => "fcm",
            Self::Apns => "apns",
        }
    }
}

impl FromStr for Platform {
    type Err = UnknownPlatform;

    fn from_str(text: &str) -> Result<Self, UnknownPlatform> {
        match text {
            "fcm" | "android" | "web" => Ok(Self::Fcm),
            "apns" | "ios" => Ok(Self::Apns),
            _ => Err(UnknownPlatform),
        }
    }
}

/// The word names no push service we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a platform is one of fcm, android, web, apns, ios")]
pub struct UnknownPlatform;

/// A device's address at its push service; a secret, so `Debug` hides it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PushToken(Arc<str>);

/// The text cannot be a push token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a push token is 1 to 4096 bytes of printable ASCII without blanks")]
pub struct InvalidPushToken;

impl PushToken {
    /// The longest token, in bytes. The services fix no length.
    pub const MAX_BYTES: usize = 4096;

    /// The token as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for PushToken {
    type Err = InvalidPushToken;

    fn from_str(text: &str) -> Result<Self, InvalidPushToken> {
        if text.is_empty()
            || text.len() > Self::MAX_BYTES
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(InvalidPushToken);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Debug for PushToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PushToken(…)")
    }
}
