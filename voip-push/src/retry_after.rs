//! The `Retry-After` header (RFC 9110, section 10.2.3).

use std::time::{Duration, UNIX_EPOCH};

use reqwest::header::{HeaderMap, RETRY_AFTER};
use voip_core::Timestamp;

/// How long the headers ask us to wait, in seconds or as an HTTP date; nothing
/// where they say nothing readable.
pub(crate) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let date = httpdate::parse_http_date(text)
        .ok()?
        .duration_since(UNIX_EPOCH)
        .ok()?;
    let date = Timestamp::from_secs(i64::try_from(date.as_secs()).ok()?);
    Some(date.since(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    fn pause(text: &[u8]) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_bytes(text).ok()?);
        // Tue, 14 Nov 2023 22:13:20 GMT
        read(&headers, Timestamp::from_secs(1_700_000_000))
    }

    #[test]
    fn seconds_and_dates_are_read_alike() {
        assert_eq!(pause(b"30"), Some(Duration::from_secs(30)));
        assert_eq!(
            pause(b"Tue, 14 Nov 2023 22:13:50 GMT"),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            pause(b"Tuesday, 14-Nov-23 22:13:50 GMT"),
            Some(Duration::from_secs(30))
        );
    }

    #[test]
    fn a_date_gone_by_is_no_wait() {
        assert_eq!(
            pause(b"Tue, 14 Nov 2023 22:13:00 GMT"),
            Some(Duration::ZERO)
        );
    }

    #[test]
    fn nonsense_asks_for_nothing() {
        for text in ["", "soon", "-5", "1.5", "99999999999999999999999"] {
            assert_eq!(pause(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_survived(text: Vec<u8>) {
            let _ = pause(&text);
        }
    }
}
