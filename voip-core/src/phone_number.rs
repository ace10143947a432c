//! Phone numbers in E.164.

use std::{fmt, str::FromStr, sync::Arc};

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use crate::Country;

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

/// What kind of rate a call to a number has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    /// That of the country.
    Ordinary,
    /// Whoever is called is paid, too, by the minute or by the call.
    Premium,
    /// That of a satellite or other international network.
    Satellite,
}

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

    /// What kind of rate a call there has. Numbers that no table knows have an
    /// ordinary one.
    pub fn tariff(&self) -> Tariff {
        // The shared code of satellite phones, and those of networks without a
        // country, many of which are satellites' too. ITU-T E.164, annex to
        // Operational Bulletin 1114.
        const SATELLITE: [&str; 4] = ["+870", "+881", "+882", "+883"];
        // The international premium rate service; the premium-rate area code of
        // North America, where the table knows only assigned numbers; and the
        // exchanges of the kind there, in Barbados and on the Cayman Islands.
        const PREMIUM: [&str; 4] = ["+979", "+1900", "+1246976", "+1345976"];
        let starts = |codes: &[&str]| codes.iter().any(|code| self.0.starts_with(code));
        if starts(&SATELLITE) {
            return Tariff::Satellite;
        }
        // North America has no other premium-rate numbers than those, and two
        // dozen countries whose tables would be looked through for nothing.
        match starts(&PREMIUM) || !is_plain_nanp(&self.0) && self.is_listed_as_premium() {
            true => Tariff::Premium,
            false => Tariff::Ordinary,
        }
    }

    fn is_listed_as_premium(&self) -> bool {
        let kind = |parsed| PHONE_NUMBER_UTIL.get_number_type(&parsed);
        self.parsed().map(kind) == Some(PhoneNumberType::PremiumRate)
    }

    /// The country the number is in; where several share a calling code and no
    /// table knows the number, the biggest of them. None for numbers of
    /// networks without a country.
    pub fn country(&self) -> Option<Country> {
        let parsed = self.parsed()?;
        let known = PHONE_NUMBER_UTIL.get_region_for_number(&parsed);
        let biggest = || PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code);
        known.or_else(biggest).and_then(Country::of)
    }

    /// Whether the number is one of `country`: in it, or in a range that it
    /// shares with its neighbours, such as North America's free numbers.
    pub fn is_of(&self, country: Country) -> bool {
        let shared = || {
            let (parsed, region) = (self.parsed()?, country.region());
            let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region)?;
            let valid = || PHONE_NUMBER_UTIL.is_valid_number_for_region(&parsed, region);
            Some(code == parsed.country_code && valid())
        };
        self.country() == Some(country) || shared().unwrap_or(false)
    }

    fn parsed(&self) -> Option<rlibphonenumber::PhoneNumber> {
        PHONE_NUMBER_UTIL.parse(&self.0, None).ok()
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

    #[test]
    fn expensive_numbers_are_told_from_others() {
        let tariff = |text: &str| text.parse::<PhoneNumber>().unwrap().tariff();
        for text in [
            "+19002345678",
            "+19005550100",
            "+449098790000",
            "+499001234567",
            "+33899123456",
            "+979123456789",
        ] {
            assert_eq!(tariff(text), Tariff::Premium, "{text}");
        }
        for text in [
            "+870773111632",
            "+881612345678",
            "+88213123456",
            "+883510012345",
        ] {
            assert_eq!(tariff(text), Tariff::Satellite, "{text}");
        }
        for text in [
            "+15005550006",
            "+15550001111",
            "+12125550130",
            "+18005550199",
            "+442079460000",
            "+447400123456",
            "+4915123456789",
            "+919820012345",
        ] {
            assert_eq!(tariff(text), Tariff::Ordinary, "{text}");
        }
    }

    #[test]
    fn north_america_lists_no_premium_numbers_but_those_known_here() {
        let mut missed = Vec::new();
        for area in 200..1000 {
            for exchange in (200..1000).step_by(8) {
                let number = PhoneNumber(Arc::from(format!("+1{area}{exchange}4567")));
                assert!(is_plain_nanp(&number.0));
                let cheap = number.tariff() == Tariff::Ordinary;
                if cheap && number.is_listed_as_premium() {
                    missed.push(number.expose().to_owned());
                }
            }
        }
        assert_eq!(missed, [""; 0]);
    }

    #[test]
    fn a_number_is_in_a_country() {
        let is_of = |text: &str, country: &str| {
            let number: PhoneNumber = text.parse().unwrap();
            number.is_of(country.parse().unwrap())
        };
        for (text, country) in [
            ("+12125550130", "US"),
            // Reserved for tests and for stories: no table knows them.
            ("+15005550006", "US"),
            ("+15550001111", "US"),
            ("+14165550130", "CA"),
            ("+18092345678", "DO"),
            ("+442079460000", "GB"),
            ("+4915123456789", "DE"),
            ("+18005550199", "US"),
            ("+18002345678", "CA"),
        ] {
            assert!(is_of(text, country), "{text} {country}");
        }
        for (text, country) in [
            ("+18092345678", "US"),
            ("+14165550130", "US"),
            ("+442079460000", "US"),
            ("+881612345678", "US"),
            ("+12125550130", "DO"),
        ] {
            assert!(!is_of(text, country), "{text} {country}");
        }
        let network: PhoneNumber = "+881612345678".parse().unwrap();
        assert_eq!(network.country(), None);
    }

    proptest! {
        #[test]
        fn every_number_has_a_tariff_and_a_country_of_its_own(text in "\\+[1-9][0-9]{1,14}") {
            if let Ok(number) = text.parse::<PhoneNumber>() {
                number.tariff();
                if let Some(country) = number.country() {
                    prop_assert!(number.is_of(country));
                }
            }
        }

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
