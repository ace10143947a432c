//! Moments as earlier systems wrote them.

use time::{
    Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset,
    format_description::well_known::Rfc2822,
};
use voip_core::Timestamp;

/// Reads a moment: RFC 3339 and what SQLite and MySQL make of it, with or
/// without seconds and zone; RFC 2822; or a number of seconds, milliseconds or
/// microseconds since 1970. `None` for anything else, and for MySQL's zero.
///
/// A moment without a zone is one at `offset`: SQLite's `CURRENT_TIMESTAMP`
/// writes UTC, other programs their local time.
pub(super) fn read(text: &str, offset: UtcOffset) -> Option<Timestamp> {
    let text = text.trim();
    let moment = number(text)
        .or_else(|| calendar(text, offset).map(Timestamp::from))
        .or_else(|| Some(OffsetDateTime::parse(text, &Rfc2822).ok()?.into()));
    moment.filter(|moment| moment.as_micros() > 0)
}

fn number(text: &str) -> Option<Timestamp> {
    /// The first number that is too late for seconds: in the year 5138.
    const LATE: f64 = 1e11;
    let digits = |byte: u8| byte.is_ascii_digit() || byte == b'.';
    if text.is_empty() || !text.bytes().all(digits) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let micros = if number < LATE {
        number * 1e6
    } else if number < LATE * 1e3 {
        number * 1e3
    } else {
        number
    };
    Some(Timestamp::from_micros(micros as i64))
}

fn calendar(text: &str, offset: UtcOffset) -> Option<OffsetDateTime> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = parts(date, '-')?;
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?);
    let rest = rest.trim_start_matches(['T', 't', ' ']);
    let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone);
    let moment = PrimitiveDateTime::new(date.ok()?, time(clock.trim())?);
    Some(moment.assume_offset(match zone {
        "" => offset,
        "Z" | "z" => UtcOffset::UTC,
        zone => self::offset(zone)?,
    }))
}

/// The time of day; midnight where there is none.
fn time(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::MIDNIGHT);
    }
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let [hour, minute, second] = match parts(clock, ':') {
        Some(all) => all,
        None => {
            let [hour, minute] = parts(clock, ':')?;
            [hour, minute, 0]
        }
    };
    let mut micros = 0;
    for place in 0..6 {
        let digit = fraction.as_bytes().get(place).unwrap_or(&b'0');
        micros = micros * 10 + u32::from(digit.checked_sub(b'0').filter(|digit| *digit < 10)?);
    }
    let small = |number: u32| u8::try_from(number).ok();
    // A second that was added to a day counts as the one before it.
    let second = second.min(59);
    Time::from_hms_micro(small(hour)?, small(minute)?, small(second)?, micros).ok()
}

/// Reads an offset from UTC, such as `+02:00`, `-0330` or `+1`.
pub(super) fn offset(text: &str) -> Option<UtcOffset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let [hours, minutes] = match (parts(rest, ':'), rest.len()) {
        (Some(both), _) => both,
        (None, 4) => {
            let (hours, minutes) = rest.split_at_checked(2)?;
            [parts::<1>(hours, ':')?[0], parts::<1>(minutes, ':')?[0]]
        }
        (None, _) => [parts::<1>(rest, ':')?[0], 0],
    };
    let small = |number: u32| Some(i8::try_from(number).ok()? * sign);
    UtcOffset::from_hms(small(hours)?, small(minutes)?, 0).ok()
}

/// So many numbers with `mark` between them.
fn parts<const N: usize>(text: &str, mark: char) -> Option<[u32; N]> {
    let mut numbers = [0; N];
    let mut words = text.split(mark);
    for number in &mut numbers {
        let word = words.next()?;
        if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *number = word.parse().ok()?;
    }
    words.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_moment_is_read_however_it_was_written() {
        let expected: Timestamp = "2023-11-14T22:13:20Z".parse().unwrap();
        for text in [
            "2023-11-14 22:13:20",
            "2023-11-14T22:13:20Z",
            "2023-11-14T22:13:20.000Z",
            " 2023-11-14 22:13:20.0 ",
            "2023-11-15T00:13:20+02:00",
            "2023-11-14 17:13:20 -0500",
            "2023-11-14 21:13:20-01",
            "Tue, 14 Nov 2023 22:13:20 +0000",
            "1700000000",
            "1700000000000",
            "1700000000000000",
            "1700000000.0",
        ] {
            assert_eq!(read(text, UtcOffset::UTC), Some(expected), "{text}");
        }
        let east = UtcOffset::from_hms(5, 30, 0).unwrap();
        assert_eq!(read("2023-11-15 03:43:20", east), Some(expected));
        assert_eq!(read("2023-11-14T22:13:20Z", east), Some(expected));
        let fine = read("2023-11-14 22:13:20.123456789", UtcOffset::UTC);
        assert_eq!(fine, Some(Timestamp::from_micros(1_700_000_000_123_456)));
        let day = read("2023-11-14", UtcOffset::UTC);
        assert_eq!(day, Some("2023-11-14T00:00:00Z".parse().unwrap()));
        assert_eq!(
            read("2023-11-14 22:13", UtcOffset::UTC),
            Some(expected - std::time::Duration::from_secs(20))
        );
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            " ",
            "null",
            "0",
            "0000-00-00 00:00:00",
            "yesterday",
            "2023-13-01 00:00:00",
            "2023-02-30 00:00:00",
            "2023-11-14 25:00:00",
            "2023-11-14 10:00:00+99:00",
            "1.2.3",
            "2023-11-14 10:00:00.x",
            "Invalid Date",
        ] {
            assert_eq!(read(text, UtcOffset::UTC), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_read_however_it_was_written() {
        for (text, seconds) in [
            ("+02:00", 7_200),
            ("-0330", -12_600),
            ("+1", 3_600),
            ("+00:00", 0),
        ] {
            assert_eq!(offset(text).unwrap().whole_seconds(), seconds, "{text}");
        }
        for text in ["", "2", "+", "+x", "02:00", "+99:00", "é"] {
            assert_eq!(offset(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}|[0-9TZ:. +-]{0,32}") {
            let _ = read(&text, UtcOffset::UTC);
            let _ = offset(&text);
        }

        #[test]
        fn what_we_write_is_read_back(micros in 1..=253_402_300_799_999_999_i64) {
            let moment = Timestamp::from_micros(micros);
            prop_assert_eq!(read(&moment.to_string(), UtcOffset::UTC), Some(moment));
        }
    }
}
