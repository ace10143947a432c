//! The forms in which the provider writes moments.

use std::time::Duration;

use time::{
    OffsetDateTime, PrimitiveDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc2822},
    macros::format_description,
};
use voip_core::Timestamp;

/// The preferred date of HTTP (RFC 9110, section 5.6.7).
const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);

/// A date of a resource or a webhook, such as
/// `Tue, 31 Aug 2010 20:36:28 +0000`.
pub(crate) fn rfc2822(text: &str) -> Option<Timestamp> {
    OffsetDateTime::parse(text, &Rfc2822)
        .ok()
        .map(Timestamp::from)
}

/// A `Retry-After` header: seconds, or a date to be seen against the date of
/// the same answer, so that no clock of ours matters.
pub(crate) fn retry_after(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let (then, now) = (http_date(value)?, http_date(date?.trim())?);
    Some((then - now).try_into().unwrap_or(Duration::ZERO))
}

fn http_date(text: &str) -> Option<PrimitiveDateTime> {
    PrimitiveDateTime::parse(text, HTTP_DATE).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_resources_are_read() {
        let moment = rfc2822("Tue, 31 Aug 2010 20:36:28 +0000").unwrap();
        assert_eq!(moment.to_string(), "2010-08-31T20:36:28Z");
        assert_eq!(rfc2822("2010-08-31"), None);
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:30 GMT");
        let seconds = Duration::from_secs;
        assert_eq!(retry_after("3", None), Some(seconds(3)));
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:37 GMT", date),
            Some(seconds(7))
        );
        assert_eq!(
            retry_after("Sun, 06 Nov 1994 08:49:07 GMT", date),
            Some(seconds(0))
        );
        assert_eq!(retry_after("Sun, 06 Nov 1994 08:49:37 GMT", None), None);
        assert_eq!(retry_after("soon", date), None);
        assert_eq!(retry_after("-1", date), None);
    }
}
