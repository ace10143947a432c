//! Passwords, and which of them are too easy to guess.

mod guessable;

use std::{fmt, sync::Arc};

use crate::Email;

/// A password as somebody typed it, every character of it. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<str>);

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer than [`Password::MIN_CHARS`] characters.
    #[error("the password is too short: it needs at least 8 characters")]
    TooShort,
    /// More than [`Password::MAX_CHARS`] characters.
    #[error("the password is too long: it may have at most 128 characters")]
    TooLong,
    /// Among the first that anybody would try.
    #[error("this password is too easy to guess: it is a common one, a pattern, or your e-mail")]
    Guessable,
}

impl Password {
    /// The shortest password that can be chosen, in characters.
    pub const MIN_CHARS: usize = 8;

    /// The longest password that can be chosen, in characters.
    pub const MAX_CHARS: usize = 128;

    /// What somebody typed to log in: any text, for the rules may have been
    /// others when it was chosen.
    pub fn typed(text: &str) -> Self {
        Self(Arc::from(text))
    }

    /// What somebody chose for a new account.
    ///
    /// Characters are Unicode scalar values, and none is dropped or changed.
    ///
    /// # Errors
    /// See [`WeakPassword`].
    pub fn chosen(text: &str, email: &Email) -> Result<Self, WeakPassword> {
        // No text of fewer bytes has that many characters.
        let chars = text.chars().take(Self::MAX_CHARS + 1).count();
        if chars < Self::MIN_CHARS {
            return Err(WeakPassword::TooShort);
        }
        if chars > Self::MAX_CHARS {
            return Err(WeakPassword::TooLong);
        }
        if guessable::is_guessable(text, email) {
            return Err(WeakPassword::Guessable);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The password as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(text: &str) -> Result<Password, WeakPassword> {
        Password::chosen(text, &"ann.lee@example.com".parse().unwrap())
    }

    #[test]
    fn characters_count_not_bytes() {
        let word = |chars| "é山a😀".chars().cycle().take(chars).collect::<String>();
        assert_eq!(chosen(&word(7)), Err(WeakPassword::TooShort));
        assert_eq!(chosen("aéi😀"), Err(WeakPassword::TooShort));
        // A pattern of four would be too easy.
        let unlike = "xK4é山9q😀".to_owned();
        assert_eq!(chosen(&unlike).unwrap().expose(), unlike);
        let longest: String = unlike.clone() + &"éü".repeat(60);
        assert_eq!(longest.chars().count(), 128);
        assert_eq!(chosen(&longest).unwrap().expose(), longest);
        assert_eq!(chosen(&(longest + "x")), Err(WeakPassword::TooLong));
    }

    #[test]
    fn what_was_typed_is_taken_as_it_is() {
        let long = "x".repeat(5_000);
        for text in ["", "a", " blank ", "password", &long] {
            assert_eq!(Password::typed(text).expose(), text);
        }
    }

    proptest! {
        #[test]
        fn a_chosen_password_is_what_was_typed(text in "\\PC{0,140}|[a-z0-9 ]{6,12}") {
            let chars = text.chars().count();
            match chosen(&text) {
                Ok(password) => {
                    prop_assert!((8..=128).contains(&chars));
                    prop_assert_eq!(password.expose(), text);
                }
                Err(WeakPassword::TooShort) => prop_assert!(chars < 8),
                Err(WeakPassword::TooLong) => prop_assert!(chars > 128),
                Err(WeakPassword::Guessable) => prop_assert!((8..=128).contains(&chars)),
            }
        }

        #[test]
        fn random_passwords_are_not_called_guessable(text in "[A-Za-z0-9]{16,64}") {
            // Such a text is a pattern once in ages.
            prop_assert!(chosen(&text).is_ok());
        }
    }
}
