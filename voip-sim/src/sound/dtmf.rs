//! Keys of a telephone, as tones and as events in RTP (RFC 4733).

/// The keys by the code of their event.
const KEYS: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#', 'A', 'B', 'C', 'D',
];

/// The two pitches of a key, in hertz (ITU-T Q.23).
pub(crate) fn pitches(key: char) -> Option<(f64, f64)> {
    const ROWS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];
    const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
    const HIGH: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    ROWS.iter().zip(LOW).find_map(|(row, low)| {
        let column = row.find(key)?;
        Some((low, HIGH[column]))
    })
}

/// Makes keys of reports. Each key is told by many, and its end three times; they have in common
/// when it began.
#[derive(Debug, Default)]
pub(crate) struct Keypad {
    last: Option<u64>,
}

impl Keypad {
    /// A report of an event that began at this RTP time: the key, when it is the first to be
    /// heard of it. Reports of older keys are late and tell nothing.
    pub(crate) fn report(&mut self, event: u8, began: u64) -> Option<char> {
        if self.last.is_some_and(|last| began <= last) {
            return None;
        }
        let key = KEYS.get(usize::from(event)).copied()?;
        self.last = Some(began);
        Some(key)
    }
}

/// The keys of a text, in order; what is no key is left out.
pub(crate) fn keys(text: &str) -> String {
    let known = |key: &char| KEYS.contains(key);
    text.chars()
        .map(|key| key.to_ascii_uppercase())
        .filter(known)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_key_has_a_code_and_pitches_of_its_own() {
        let mut seen: Vec<_> = KEYS.iter().filter_map(|key| pitches(*key)).collect();
        seen.dedup();
        assert_eq!(seen.len(), KEYS.len());
        assert_eq!(pitches('1'), Some((697.0, 1209.0)));
        assert_eq!(pitches('w'), None);
    }

    #[test]
    fn the_same_key_twice_is_two_keys() {
        let mut keypad = Keypad::default();
        assert_eq!(keypad.report(11, 160), Some('#'));
        assert_eq!(keypad.report(11, 160), None);
        assert_eq!(keypad.report(11, 4_000), Some('#'));
        assert_eq!(keypad.report(11, 160), None);
        assert_eq!(keypad.report(16, 8_000), None);
    }

    proptest! {
        /// However often and in whatever order the reports of one key come, it is one key.
        #[test]
        fn as_many_keys_as_were_pressed(
            pressed in proptest::collection::vec(0_u8..16, 1..20),
            repeats in proptest::collection::vec(1_usize..8, 20),
        ) {
            let mut keypad = Keypad::default();
            let mut heard = String::new();
            for (index, (event, times)) in pressed.iter().zip(&repeats).enumerate() {
                for _ in 0..*times {
                    heard.extend(keypad.report(*event, index as u64 * 1_840));
                }
            }
            let wanted: String = pressed.iter().map(|event| KEYS[usize::from(*event)]).collect();
            prop_assert_eq!(heard, wanted);
        }

        #[test]
        fn a_text_yields_its_keys(text in ".*") {
            prop_assert!(keys(&text).chars().all(|key| pitches(key).is_some()));
        }
    }
}
