//! What somebody asks of their own call log, as a query.

use std::sync::Arc;

use voip_core::{
    CallStatus, Direction, PhoneNumber, Timestamp, UserId,
    ports::{LogCursor, LogFilter, LogQuery},
};

use super::ApiError;

/// How many entries a page has where the client asks for no number.
pub(super) const DEFAULT_LIMIT: usize = 1_000;

/// The most entries a page may have.
pub(super) const MAX_LIMIT: usize = 10_000;

/// A query, read. A name that is not known is left alone, and an empty value,
/// as forms send it, is none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LogRequest {
    pub(super) limit: Option<usize>,
    pub(super) after: Option<LogCursor>,
    pub(super) filter: LogFilter,
    /// Whether CSV is wanted.
    pub(super) csv: bool,
}

impl LogRequest {
    /// Reads a query.
    ///
    /// # Errors
    /// 400 for a value that cannot be used.
    pub(super) fn read(query: &str) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if value.is_empty() {
                continue;
            }
            let filter = &mut wanted.filter;
            match &*name {
                "limit" => wanted.limit = Some(limit(&value)?),
                "cursor" => wanted.after = Some(cursor(&value)?),
                "status" => statuses(&value, &mut filter.statuses)?,
                "direction" => filter.direction = Some(direction(&value)?),
                "number" => filter.party = Some(number(&value)?),
                "since" => filter.since = Some(moment("since", &value)?),
                "until" => filter.until = Some(moment("until", &value)?),
                "format" => wanted.csv = is_csv(&value)?,
                _ => {}
            }
        }
        Ok(wanted)
    }

    /// Whether this is the page that most ask for.
    pub(super) fn is_plain(&self) -> bool {
        let Self {
            limit,
            after,
            filter,
            csv,
        } = self;
        limit.is_none_or(|limit| limit == DEFAULT_LIMIT)
            && after.is_none()
            && filter.is_all()
            && !csv
    }

    /// The question about the log of `user`, for `limit` entries.
    pub(super) fn query(self, user: &UserId, limit: usize) -> LogQuery {
        LogQuery {
            name: Arc::from(user.as_str()),
            owned_only: true,
            filter: self.filter,
            after: self.after,
            limit,
        }
    }
}

/// The query for the page after the one that ends at `cursor`.
pub(super) fn next_page(filter: &LogFilter, limit: usize, cursor: &LogCursor) -> String {
    let LogFilter {
        statuses,
        direction,
        party,
        since,
        until,
    } = filter;
    let mut query = form_urlencoded::Serializer::new(String::new());
    for status in statuses {
        query.append_pair("status", status.as_str());
    }
    if let Some(direction) = direction {
        query.append_pair("direction", direction.as_str());
    }
    if let Some(party) = party {
        query.append_pair("number", party);
    }
    for (name, moment) in [("since", since), ("until", until)] {
        if let Some(moment) = moment {
            query.append_pair(name, &moment.to_string());
        }
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair("cursor", &cursor.to_string());
    query.finish()
}

/// Reads `limit`.
pub(super) fn limit(value: &str) -> Result<usize, ApiError> {
    let limit = value.parse().ok();
    limit
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            let message = format!("`limit` is a number from 1 to {MAX_LIMIT}");
            ApiError::bad_request("invalid_limit", message)
        })
}

/// Reads `cursor`.
pub(super) fn cursor(value: &str) -> Result<LogCursor, ApiError> {
    let invalid = |error: voip_core::ports::InvalidLogCursor| {
        ApiError::bad_request("invalid_cursor", error.to_string())
    };
    value.parse().map_err(invalid)
}

/// Adds one status, or several with commas between them.
fn statuses(value: &str, all: &mut Vec<CallStatus>) -> Result<(), ApiError> {
    for word in value.split(',') {
        let status: CallStatus = word.trim().parse().map_err(|_| {
            let words = CallStatus::ALL.map(CallStatus::as_str).join(", ");
            ApiError::bad_request("invalid_status", format!("`status` is one of {words}"))
        })?;
        if !all.contains(&status) {
            all.push(status);
        }
    }
    Ok(())
}

fn direction(value: &str) -> Result<Direction, ApiError> {
    [Direction::Inbound, Direction::Outbound]
        .into_iter()
        .find(|direction| direction.as_str() == value)
        .ok_or_else(|| {
            let message = "`direction` is inbound or outbound";
            ApiError::bad_request("invalid_direction", message)
        })
}

fn number(value: &str) -> Result<Arc<str>, ApiError> {
    // A plus that nobody has encoded arrives as a blank.
    let text = match value.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => format!("+{rest}"),
        Some(_) | None => value.to_owned(),
    };
    let number: PhoneNumber = text
        .parse()
        .map_err(|error: voip_core::InvalidPhoneNumber| {
            ApiError::bad_request("invalid_number", error.to_string())
        })?;
    Ok(Arc::from(number.expose()))
}

fn moment(name: &str, value: &str) -> Result<Timestamp, ApiError> {
    let text = if value.len() == "2026-01-05".len() {
        format!("{value}T00:00:00Z")
    } else {
        // As above; there is a plus before what the clock is ahead of UTC.
        value.replace(' ', "+")
    };
    text.parse().map_err(|_| {
        let message = format!(
            "`{name}` is a moment such as 2026-01-05T12:00:00Z, or a day of UTC such as 2026-01-05"
        );
        ApiError::bad_request("invalid_time", message)
    })
}

fn is_csv(value: &str) -> Result<bool, ApiError> {
    match value {
        "csv" => Ok(true),
        "json" => Ok(false),
        _ => {
            let message = "`format` is json or csv";
            Err(ApiError::bad_request("invalid_format", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_query_is_read_as_it_was_meant() {
        let query = "status=completed,busy&status=busy&direction=inbound\
                     &number=+1%20(555)%20000-1111&since=2026-01-05\
                     &until=2026-01-05T12:00:00+02:00&limit=5&format=csv&else=1";
        let read = LogRequest::read(query).unwrap();
        let expected = LogRequest {
            limit: Some(5),
            after: None,
            filter: LogFilter {
                statuses: vec![CallStatus::Completed, CallStatus::Busy],
                direction: Some(Direction::Inbound),
                party: Some(Arc::from("+15550001111")),
                since: Some("2026-01-05T00:00:00Z".parse().unwrap()),
                until: Some("2026-01-05T10:00:00Z".parse().unwrap()),
            },
            csv: true,
        };
        assert_eq!(read, expected);
        assert!(!read.is_plain());
        let empty = "status=&direction=&number=&since=&until=&limit=&cursor=&format=";
        assert_eq!(LogRequest::read(empty), Ok(LogRequest::default()));
        for plain in ["", "limit=1000", "format=json", "page=2", empty] {
            assert!(LogRequest::read(plain).unwrap().is_plain(), "{plain}");
        }
        for other in [
            "limit=999",
            "status=busy",
            "cursor=1.00000000000000000000000000000001",
        ] {
            assert!(!LogRequest::read(other).unwrap().is_plain(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_next_page_is_asked_for_as_this_one_was(
            statuses in prop::sample::subsequence(CallStatus::ALL.to_vec(), 0..9),
            inbound in prop::option::of(any::<bool>()),
            digits in prop::option::of("[2-9][0-9]{2}555[0-9]{4}"),
            since in prop::option::of(0..4_000_000_000_000_000_i64),
            until in prop::option::of(0..4_000_000_000_000_000_i64),
            limit in 1..=MAX_LIMIT,
            last in any::<u128>(),
        ) {
            let way = |inbound| if inbound { Direction::Inbound } else { Direction::Outbound };
            let filter = LogFilter {
                statuses,
                direction: inbound.map(way),
                party: digits.map(|digits| Arc::from(format!("+1{digits}"))),
                since: since.map(Timestamp::from_micros),
                until: until.map(Timestamp::from_micros),
            };
            let cursor = LogCursor {
                created_at: Timestamp::from_micros(7),
                id: voip_core::CallId::from_uuid(uuid::Uuid::from_u128(last)),
            };
            let read = LogRequest::read(&next_page(&filter, limit, &cursor)).unwrap();
            let expected = LogRequest { limit: Some(limit), after: Some(cursor), filter, csv: false };
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn whatever_is_asked_there_is_an_answer(query in "\\PC{0,40}", value in "\\PC{0,40}") {
            let _ = LogRequest::read(&query);
            for name in ["status", "direction", "number", "since", "until", "limit", "cursor"] {
                let _ = LogRequest::read(&format!("{name}={value}"));
            }
        }
    }
}
