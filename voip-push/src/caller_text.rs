//! The caller as a push carries it.

/// The longest caller, in bytes. FCM takes 4096 bytes of data and APNs 5120 of
/// body. Even where each byte becomes a six-byte JSON escape, this much leaves
/// room for everything else.
const MAX_BYTES: usize = 512;

/// `caller`, cut to what a push can carry, never inside a character.
pub(crate) fn fitting(caller: &str) -> &str {
    &caller[..caller.floor_char_boundary(MAX_BYTES)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cut_caller_is_the_beginning_of_the_caller(caller in "\\PC{0,700}") {
            let cut = fitting(&caller);
            prop_assert!(cut.len() <= MAX_BYTES && caller.starts_with(cut));
            prop_assert!(cut.len() == caller.len() || cut.len() > MAX_BYTES - 4);
        }
    }

    #[test]
    fn a_character_is_never_halved() {
        let caller = format!("{}é", "a".repeat(MAX_BYTES - 1));
        assert_eq!(fitting(&caller).len(), MAX_BYTES - 1);
    }
}
