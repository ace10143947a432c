//! Moments in time.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    time::Duration,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A moment, in microseconds since 1970-01-01T00:00:00 UTC.
///
/// Written as RFC 3339 in UTC, in JSON too.
///
/// ```
/// use voip_core::Timestamp;
/// let then = Timestamp::from_micros(1_700_000_000_000_000);
/// assert_eq!(then.to_string(), "2023-11-14T22:13:20Z");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The latest moment that has an RFC 3339 form: the end of the year 9999.
    const MAX_MICROS: i64 = 253_402_300_799_999_999;

    /// The moment `micros` microseconds after 1970 began, held to the years
    /// 1970 to 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(0, Self::MAX_MICROS))
    }

    /// The moment `seconds` seconds after 1970 began.
    pub fn from_secs(seconds: i64) -> Self {
        Self::from_micros(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970 began.
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970 began.
    pub fn as_secs(self) -> i64 {
        self.0 / 1_000_000
    }

    /// The time from `earlier` to this moment; zero when it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// The longest RFC 3339 form, in bytes.
    pub const LONGEST_TEXT: usize = 27;

    /// Writes the RFC 3339 form into `text` and returns what was written, for
    /// whoever prints thousands of them.
    pub fn write_to(self, text: &mut [u8; Self::LONGEST_TEXT]) -> &str {
        let micros = self.0.unsigned_abs();
        let (seconds, micros) = (micros / 1_000_000, (micros % 1_000_000) as u32);
        let (days, second) = ((seconds / 86_400) as u32, (seconds % 86_400) as u32);
        let (year, month, day) = date(days);
        *text = *b"0000-00-00T00:00:00.000000Z";
        digits(&mut text[0..4], year);
        digits(&mut text[5..7], month);
        digits(&mut text[8..10], day);
        digits(&mut text[11..13], second / 3_600);
        digits(&mut text[14..16], second / 60 % 60);
        digits(&mut text[17..19], second % 60);
        let length = match micros {
            0 => {
                text[19] = b'Z';
                20
            }
            micros => {
                digits(&mut text[20..26], micros);
                Self::LONGEST_TEXT
            }
        };
        // Digits and the marks between them.
        std::str::from_utf8(&text[..length]).unwrap_or_default()
    }

    /// This moment as the `time` crate's type.
    pub fn to_datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(moment: OffsetDateTime) -> Self {
        let micros = moment.unix_timestamp_nanos() / 1_000;
        Self::from_micros(i64::try_from(micros).unwrap_or(0))
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(span))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, span: Duration) -> Self {
        let span = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_sub(span))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; Self::LONGEST_TEXT];
        f.write_str(self.write_to(&mut text))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment in RFC 3339 form, such as 2026-01-05T12:00:00Z")]
pub struct InvalidTimestamp;

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| InvalidTimestamp)?;
        Ok(moment.into())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The year, month and day of the Gregorian calendar, so many days after 1970
/// began. Years are counted from March, so that the day that not every year has
/// is their last.
fn date(days: u32) -> (u32, u32, u32) {
    const DAYS_BEFORE_1970: u32 = 719_468;
    const DAYS_OF_400_YEARS: u32 = 146_097;
    let days = days + DAYS_BEFORE_1970;
    let (era, day) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (400 * era + year + next_year, month, day)
}

fn digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(micros in 0..=Timestamp::MAX_MICROS) {
            let moment = Timestamp::from_micros(micros);
            let json = serde_json::to_string(&moment).unwrap();
            prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), moment);
        }

        #[test]
        fn it_is_written_as_the_calendar_has_it(micros in 0..=Timestamp::MAX_MICROS) {
            let moment = Timestamp::from_micros(micros - micros % 1_000_000);
            let text = moment.to_datetime().format(&Rfc3339).unwrap();
            prop_assert_eq!(moment.to_string(), text);
        }

        #[test]
        fn any_arithmetic_stays_in_range(micros: i64, span: u64) {
            let moment = Timestamp::from_micros(micros);
            let _ = (moment + Duration::from_micros(span)).to_string();
            let _ = (moment - Duration::from_micros(span)).to_string();
        }
    }

    #[test]
    fn every_day_of_two_centuries_is_written_as_the_calendar_has_it() {
        for day in 0..200 * 366 {
            let moment = Timestamp::from_secs(day * 86_400);
            let date = moment.to_datetime().date();
            assert_eq!(moment.to_string(), format!("{date}T00:00:00Z"));
        }
    }

    #[test]
    fn time_since_something_later_is_zero() {
        let (early, late) = (Timestamp::from_secs(5), Timestamp::from_secs(7));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.since(early), Duration::from_secs(2));
    }
}
