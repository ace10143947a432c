//! Percent-encoding, as `encodeURIComponent` has it: a plus sign means itself.

/// Decodes a text; what is not well-formed stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let digits = bytes.get(place + 1..place + 3).filter(|_| *byte == b'%');
        let hex = digits.and_then(|digits| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()
        });
        decoded.push(hex.unwrap_or(*byte));
        place += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_plus_sign_means_itself() {
        assert_eq!(decoded("%2B1%20555+x"), "+1 555+x");
        assert_eq!(decoded("100%"), "100%");
        assert_eq!(decoded("%zz%e2%82%ac"), "%zz€");
        assert_eq!(decoded("%ff"), "%ff");
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(text in ".*") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            prop_assert_eq!(decoded(&encoded), text);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            decoded(&text);
        }
    }
}
