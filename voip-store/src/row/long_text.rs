use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

/// The longest text that is its own key, in bytes. Indexes of server databases
/// hold some 2 700 bytes a row, and some of our texts may be longer.
const LONGEST: usize = 255;

/// How much of a longer text its key begins with, for people who look.
const BEGINNING: usize = 128;

/// What an index knows a text by: the text, or where it is long, its beginning
/// and its SHA-256. At most 255 bytes; two texts have one key only if they are
/// the same.
pub(crate) fn key(text: &str) -> Cow<'_, str> {
    use std::fmt::Write as _;

    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let mut key = text[..text.floor_char_boundary(BEGINNING)].to_owned();
    key.push('…');
    for byte in Sha256::digest(text.as_bytes()) {
        // A String takes whatever is written.
        let _ = write!(key, "{byte:02x}");
    }
    Cow::Owned(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_their_own_keys_and_long_ones_keep_apart() {
        let longest = "é".repeat(127) + "x";
        assert_eq!(longest.len(), LONGEST);
        assert_eq!(key(&longest), longest);
        assert_eq!(key(""), "");
        let (one, other) = ("é".repeat(200), "é".repeat(199) + "e!");
        let long = "~".repeat(4096);
        let keys = [key(&one), key(&other), key(&long)];
        for key in &keys {
            assert!(key.len() <= LONGEST, "{} bytes", key.len());
        }
        assert_eq!(keys[0], key(&one), "always the same");
        assert_ne!(keys[0], keys[1]);
    }
}
