//! Countries, as telephone numbers know them.

use std::{fmt, str::FromStr};

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

/// A country or territory with telephone numbers of its own, by its ISO 3166
/// two-letter code.
///
/// ```
/// use voip_core::Country;
/// let country: Country = "gb".parse()?;
/// assert_eq!(country.to_string(), "GB");
/// # Ok::<(), voip_core::UnknownCountry>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country(Region);

/// The text is no country's two-letter code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the two-letter code (ISO 3166) of a country with telephone numbers, such as US or GB")]
pub struct UnknownCountry;

impl Country {
    /// The country of a region; none for what belongs to no country, such as
    /// satellite networks.
    pub(crate) fn of(region: Region) -> Option<Self> {
        (region != Region::World).then_some(Self(region))
    }

    pub(crate) fn region(self) -> Region {
        self.0
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Self, UnknownCountry> {
        let region = Region::from_code(text).map_err(|_| UnknownCountry)?;
        // Two letters that no country has are a region, too, without numbers.
        match PHONE_NUMBER_UTIL.get_country_code_for_region(region) {
            Some(_) => Self::of(region).ok_or(UnknownCountry),
            None => Err(UnknownCountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.as_region_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Country({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_countries_are_read_and_nothing_else() {
        for (text, country) in [("US", "US"), ("de", "DE"), ("Fr", "FR")] {
            let read: Country = text.parse().unwrap();
            assert_eq!(read.to_string(), country);
        }
        for text in ["", "U", "USA", "001", "XX", "UK", "+1", "é"] {
            assert_eq!(text.parse::<Country>(), Err(UnknownCountry), "{text}");
        }
    }
}
