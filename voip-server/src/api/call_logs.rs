use std::sync::Arc;

use axum::{
    extract::{Path, RawQuery, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use uuid::Uuid;
use voip_core::{
    Timestamp,
    ports::{LogCursor, LogEntry, LogFilter, LogQuery},
};

use super::{
    ApiError,
    log_line::LogLine,
    log_request::{self, DEFAULT_LIMIT},
};
use crate::App;

/// `GET /api/call-logs/{user}`: the calls of a user, newest first.
///
/// # Errors
/// 400 for a limit or cursor that cannot be used, 403 for somebody else's log.
#[utoipa::path(
    get,
    path = "/api/call-logs/{user}",
    tag = "calls",
    params(("user" = String, Path, description = "A user id, or a phone number."), ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000), ("cursor" = Option<String>, Query, description = "From the `Link` of the page before.")),
    responses(
        (status = 200, description = "A page of the log, newest first.", body = Vec<LogLine>, headers(("link" = Option<String>, description = "The next page, where there is one."))),
        (status = 400, description = "`invalid_user_id`, `invalid_limit`, `invalid_cursor`"),
        (status = 403, description = "`forbidden`"),
    ),
    security((), ("bearer" = [])),
)]
pub(crate) async fn call_logs(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = app.auth.caller(&headers, app.clock.now())?;
    let Path(name) = name.map_err(|_| {
        ApiError::bad_request("invalid_user_id", "the user in the path is not UTF-8 text")
    })?;
    let confined = app.auth.confined(&caller);
    if confined.is_some_and(|user| user.as_str() != name) {
        return Err(ApiError::forbidden());
    }
    let (limit, after) = page(query.as_deref().unwrap_or_default())?;
    let query = LogQuery {
        name: Arc::from(name.as_str()),
        // Under `required`, a number in the path gives nobody a look at the
        // calls of others.
        owned_only: confined.is_some(),
        filter: LogFilter::default(),
        after,
        // One more than wanted tells whether there is another page.
        limit: limit + 1,
    };
    let write = |entries| written_page(entries, limit);
    let page = match (limit, after) {
        (DEFAULT_LIMIT, None) => app.calls.first_log_page(&query, write).await?,
        _ => write(app.calls.log(&query).await?),
    };
    Ok(answer(&page))
}

/// A page as it is kept: the query of the next one, if there is one, a line
/// feed, the entries.
fn written_page(mut entries: Vec<LogEntry>, limit: usize) -> Bytes {
    let more = entries.len() > limit;
    entries.truncate(limit);
    let mut out = Vec::with_capacity(128 + entries.len() * 320);
    if let (true, Some(last)) = (more, entries.last()) {
        let cursor = last.place();
        out.extend_from_slice(format!("limit={limit}&cursor={cursor}").as_bytes());
    }
    out.push(b'\n');
    write_entries(&mut out, &entries);
    Bytes::from(out)
}

/// The answer of a page as it is kept.
pub(super) fn answer(page: &Bytes) -> Response {
    let end = page.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    let mut response = (StatusCode::OK, page.slice(end + 1..)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let next = [b"<?", &page[..end], b">; rel=\"next\""].concat();
    if let (true, Ok(next)) = (end > 0, HeaderValue::from_bytes(&next)) {
        headers.insert(header::LINK, next);
    }
    response
}

fn page(query: &str) -> Result<(usize, Option<LogCursor>), ApiError> {
    let (mut limit, mut after) = (DEFAULT_LIMIT, None);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "limit" => limit = log_request::limit(&value)?,
            "cursor" => after = Some(log_request::cursor(&value)?),
            _ => {}
        }
    }
    Ok((limit, after))
}

/// Writes the entries as a JSON array. By hand: a page has thousands of values
/// of which only four can need escaping.
fn write_entries(out: &mut Vec<u8>, entries: &[LogEntry]) {
    let mut moment = [0; Timestamp::LONGEST_TEXT];
    out.push(b'[');
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put("{\"call_id\":\"");
        put(entry
            .id
            .as_uuid()
            .as_hyphenated()
            .encode_lower(&mut Uuid::encode_buffer()));
        put("\",\"twilio_sid\":");
        match &entry.provider_id {
            Some(sid) => string(out, sid),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"from_user\":");
        string(out, &entry.from);
        out.extend_from_slice(b",\"to_user\":");
        string(out, &entry.to);
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put(",\"direction\":\"");
        put(entry.direction.as_str());
        put("\",\"status\":\"");
        put(entry.status.as_str());
        put("\",\"started_at\":\"");
        put(entry.created_at.write_to(&mut moment));
        put("\",\"ended_at\":");
        match entry.ended_at {
            Some(ended_at) => {
                put("\"");
                put(ended_at.write_to(&mut moment));
                put("\"}");
            }
            None => put("null}"),
        }
    }
    out.push(b']');
}

/// Writes a text as a JSON string.
pub(super) fn string(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        // A string always serialises, and a Vec always takes it.
        let _ = serde_json::to_writer(out, text);
    }
}

#[cfg(test)]
mod tests {
    use super::{super::log_line, *};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_written_as_json(text in "\\PC{0,12}|[\"\\\\\u{0}-\u{1f}a]{0,12}") {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }

    #[test]
    fn what_is_written_is_what_is_described() {
        for limit in [1, 9] {
            let entries = log_line::samples();
            let page = written_page(entries, limit);
            let end = page.iter().position(|byte| *byte == b'\n').unwrap();
            let written: serde_json::Value = serde_json::from_slice(&page[end + 1..]).unwrap();
            // Unknown fields are refused; missing ones show on the way back.
            let read: Vec<LogLine> = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), written);
        }
    }
}
