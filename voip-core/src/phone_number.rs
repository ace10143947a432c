//! Phone numbers in E.164.

use std::{fmt, str::FromStr, sync::Arc};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// A phone number in E.164 form, such as `+15550100`.
///
/// Parsed and normalised by Google's rules; a number must be *possible* (right
/// length for its country), not necessarily assigned, because carriers open
/// new ranges before any table knows them. `Debug` shows no digits but the
/// last two; `Display` does not exist, [`expose`](Self::expose) does.
///
/// ```
/// use voip_core::PhoneNumber;
/// let number: PhoneNumber = "+1 (555) 000-1111".parse()?;
/// assert_eq!(number.expose(), "+15550001111");
/// assert_eq!(format!("{number:?}"), "PhoneNumber(…11)");
/// # Ok::<(), voip_core::InvalidPhoneNumber>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber(Arc<str>);

/// The text is not a phone number in international form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in international form, such as +15551234567")]
pub struct InvalidPhoneNumber;

impl PhoneNumber {
    /// The digits with their leading `+`.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A number that was normalised before, as read back from storage: only
    /// its form is looked at.
    ///
    /// # Errors
    /// When `text` is not a plus and 2 to 15 digits.
    pub fn from_e164(text: &str) -> Result<Self, InvalidPhoneNumber> {
        match text.as_bytes() {
            [b'+', digits @ ..]
                if (2..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) =>
            {
                Ok(Self(Arc::from(text)))
            }
            _ => Err(InvalidPhoneNumber),
        }
    }
}

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    fn from_str(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let text = text.trim();
        // Without the plus a number has no country; the longest written form
        // of 15 digits with separators stays well below the limit.
        if !text.starts_with('+') || text.len() > 40 {
            return Err(InvalidPhoneNumber);
        }
        // Letters would be read as keypad digits, an extension silently cut off.
        if !text
            .chars()
            .all(|c| c.is_ascii_digit() || "+ -().".contains(c))
        {
            return Err(InvalidPhoneNumber);
        }
        if is_plain_nanp(text) {
            return Ok(Self(Arc::from(text)));
        }
        normalised(text)
    }
}

/// The number that `text` says by Google's rules.
fn normalised(text: &str) -> Result<PhoneNumber, InvalidPhoneNumber> {
    let parsed = PHONE_NUMBER_UTIL
        .parse(text, None)
        .map_err(|_| InvalidPhoneNumber)?;
    if !PHONE_NUMBER_UTIL.is_possible_number(&parsed) {
        return Err(InvalidPhoneNumber);
    }
    let written = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
    Ok(PhoneNumber(Arc::from(&*written)))
}

/// Whether `text` is a number of the North American Numbering Plan in E.164
/// form: all have ten digits after `+1`, and an area code begins with 2 to 9. So
/// there is nothing to look up, and looking up is much of what starting a call
/// costs.
fn is_plain_nanp(text: &str) -> bool {
    match text.as_bytes() {
        [b'+', b'1', b'2'..=b'9', rest @ ..] => {
            rest.len() == 9 && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PhoneNumber(…{})",
            &self.0[self.0.len().saturating_sub(2)..]
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_written_form_gives_one_number() {
        for text in [
            "+15550001111",
            "+1 555 000 1111",
            " +1 (555) 000-1111 ",
            "+1.555.000.1111",
        ] {
            assert_eq!(
                text.parse::<PhoneNumber>().unwrap().expose(),
                "+15550001111",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "+",
            "15550001111",
            "+1",
            "+1555000111122",
            "+1555CALLNOW",
            "+999123456789",
        ] {
            assert!(text.parse::<PhoneNumber>().is_err(), "{text}");
        }
        assert!("+15550001111 ext. 5".parse::<PhoneNumber>().is_err());
        assert!("+1".repeat(4000).parse::<PhoneNumber>().is_err());
    }

    #[test]
    fn debug_keeps_the_number_to_itself() {
        let number: PhoneNumber = "+15550001111".parse().unwrap();
        assert!(!format!("{number:?}").contains("5550001"));
    }

    proptest! {
        #[test]
        fn what_is_not_looked_up_is_what_the_rules_say(text in "\\+1[2-9][0-9]{9}") {
            prop_assert!(is_plain_nanp(&text));
            prop_assert_eq!(text.parse::<PhoneNumber>(), normalised(&text));
        }

        #[test]
        fn parsing_never_panics_and_is_idempotent(text in "\\PC{0,30}|[+0-9 ().-]{0,25}") {
            if let Ok(number) = text.parse::<PhoneNumber>() {
                let again: PhoneNumber = number.expose().parse().unwrap();
                prop_assert_eq!(&again, &number);
                prop_assert_eq!(PhoneNumber::from_e164(number.expose()).unwrap(), number);
            }
        }
    }
}
