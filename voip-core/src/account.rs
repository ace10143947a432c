//! Somebody who can log in.

use std::{fmt, str::FromStr, sync::Arc};

use crate::{Email, PasswordHash, Timestamp, UserId};

/// A user who can log in with an e-mail address and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whom it logs in.
    pub user: UserId,
    /// The address; no two accounts share one.
    pub email: Email,
    /// What they want to be called.
    pub name: Option<AccountName>,
    /// What their password is checked against.
    pub password: PasswordHash,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What somebody wants to be called: 1 to 200 characters without control
/// characters and without blanks around them. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountName(Arc<str>);

/// The text cannot be a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 200 characters of text without control characters")]
pub struct InvalidAccountName;

impl AccountName {
    /// The longest name, in characters.
    pub const MAX_CHARS: usize = 200;

    /// The name as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountName {
    type Err = InvalidAccountName;

    fn from_str(text: &str) -> Result<Self, InvalidAccountName> {
        let text = text.trim();
        let short = text.chars().nth(Self::MAX_CHARS).is_none();
        if text.is_empty() || !short || text.contains(char::is_control) {
            return Err(InvalidAccountName);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl fmt::Debug for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountName(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_any_short_text() {
        for (text, kept) in [
            (" Ann ", "Ann"),
            ("山田 太郎", "山田 太郎"),
            ("O'Brien", "O'Brien"),
        ] {
            assert_eq!(text.parse::<AccountName>().unwrap().expose(), kept);
        }
        assert!("é".repeat(200).parse::<AccountName>().is_ok());
        for text in ["", "  ", "a\0b", "a\nb", &"é".repeat(201)] {
            assert_eq!(
                text.parse::<AccountName>(),
                Err(InvalidAccountName),
                "{text:?}"
            );
        }
    }
}
