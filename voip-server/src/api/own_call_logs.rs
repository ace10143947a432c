use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use bytes::Bytes;
use http::{HeaderValue, header};
use uuid::Uuid;
use voip_core::{
    Timestamp,
    ports::{LogEntry, LogFilter},
};

use super::{
    ApiError, call_log_csv,
    call_logs::{answer, string},
    log_line::OwnLog,
    log_request::{DEFAULT_LIMIT, LogRequest, next_page},
};
use crate::{App, auth::LoggedIn};

/// `GET /api/call-logs`: the calls of the user who is logged in, newest first.
///
/// # Errors
/// 400 for a query that cannot be used.
#[utoipa::path(
    get,
    path = "/api/call-logs",
    tag = "calls",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 10000), ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."), ("status" = Option<String>, Query, description = "One status, or several with commas between."), ("direction" = Option<String>, Query, description = "inbound or outbound."), ("number" = Option<String>, Query, description = "A party, in E.164."), ("since" = Option<String>, Query, description = "RFC 3339."), ("until" = Option<String>, Query, description = "RFC 3339."), ("format" = Option<String>, Query, description = "json or csv.")),
    responses(
        (status = 200, description = "A page of the log, newest first.", content((OwnLog = "application/json"), (String = "text/csv")), headers(("link" = Option<String>, description = "The next page, where there is one."))),
        (status = 400, description = "`invalid_limit`, `invalid_cursor`, and such for the other fields"),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn own_call_logs(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let wanted = LogRequest::read(query.as_deref().unwrap_or_default())?;
    if wanted.csv {
        return call_log_csv::export(&app, &user, wanted).await;
    }
    let limit = wanted.limit.unwrap_or(DEFAULT_LIMIT);
    // One more than wanted tells whether there is another page.
    let page = if wanted.is_plain() {
        let write = |entries| written_page(entries, &LogFilter::default(), limit);
        app.calls
            .first_own_log_page(&user, limit + 1, write)
            .await?
    } else {
        let query = wanted.query(&user, limit + 1);
        let entries = app.calls.log(&query).await?;
        written_page(entries, &query.filter, limit)
    };
    let mut response = answer(&page);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// A page as it is kept: the query of the next one, if there is one, a line
/// feed, the answer.
fn written_page(mut entries: Vec<LogEntry>, filter: &LogFilter, limit: usize) -> Bytes {
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(LogEntry::place);
    let mut out = Vec::with_capacity(256 + entries.len() * 280);
    if let Some(cursor) = &next {
        out.extend_from_slice(next_page(filter, limit, cursor).as_bytes());
    }
    out.push(b'\n');
    out.extend_from_slice(b"{\"success\":true,\"message\":\"your calls, newest first\",\"logs\":");
    write_entries(&mut out, &entries);
    match &next {
        Some(cursor) => out.extend_from_slice(format!(",\"nextCursor\":\"{cursor}\"}}").as_bytes()),
        None => out.extend_from_slice(b",\"nextCursor\":null}"),
    }
    Bytes::from(out)
}

/// Writes the entries as a JSON array. By hand: a page has thousands of values
/// of which only three can need escaping.
fn write_entries(out: &mut Vec<u8>, entries: &[LogEntry]) {
    let mut moment = [0; Timestamp::LONGEST_TEXT];
    out.push(b'[');
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put("{\"id\":\"");
        put(entry
            .id
            .as_uuid()
            .as_hyphenated()
            .encode_lower(&mut Uuid::encode_buffer()));
        put("\",\"call_sid\":");
        match &entry.provider_id {
            Some(sid) => string(out, sid),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"from_number\":");
        string(out, &entry.from);
        out.extend_from_slice(b",\"to_number\":");
        string(out, entry.to_number());
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        put(",\"direction\":\"");
        put(entry.direction.as_str());
        put("\",\"status\":\"");
        put(entry.status.as_str());
        put("\",\"duration\":");
        put(&seconds(entry).to_string());
        put(",\"created_at\":\"");
        put(entry.created_at.write_to(&mut moment));
        put("\"}");
    }
    out.push(b']');
}

/// How long people were connected, in whole seconds: none while the call goes
/// on, and where nobody was.
pub(super) fn seconds(entry: &LogEntry) -> u64 {
    entry.duration.map_or(0, |duration| duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{super::log_line, *};

    #[test]
    fn what_is_written_is_what_is_described() {
        for limit in [1, 9] {
            let entries = log_line::samples();
            let page = written_page(entries, &LogFilter::default(), limit);
            let end = page.iter().position(|byte| *byte == b'\n').unwrap();
            let written: serde_json::Value = serde_json::from_slice(&page[end + 1..]).unwrap();
            // Unknown fields are refused; missing ones show on the way back.
            let read: OwnLog = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&read).unwrap(), written);
        }
    }
}
