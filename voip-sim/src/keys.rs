//! Keys that are sent into a call.

/// The longest series of keys one request may send.
const MOST: usize = 32;

/// Whether this is a series of keys and pauses that can be sent: at most 32 of the digits,
/// `A` to `D`, `#`, `*`, `w` and `W`.
pub(crate) fn can_be_sent(keys: &str) -> bool {
    keys.chars().count() <= MOST
        && keys
            .chars()
            .all(|key| "0123456789ABCDabcd#*wW".contains(key))
}
