use std::io::Write as _;

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderValue, header};
use voip_core::{
    Error, UserId,
    ports::{LogEntry, LogQuery},
};

use super::{ApiError, log_request::LogRequest, own_call_logs::seconds};
use crate::{App, auth::LoggedIn};

/// How many entries are read, and held in memory, at a time.
const CHUNK: usize = 1_000;

/// The first line. RFC 4180 has lines end with CR LF.
const HEADER: &[u8] =
    b"id,call_sid,direction,from_number,to_number,status,duration,created_at,ended_at\r\n";

/// `GET /api/call-logs.csv`: the calls of the user who is logged in as a table,
/// newest first, all that the query asks for.
///
/// # Errors
/// 400 for a query that cannot be used.
#[utoipa::path(
    get,
    path = "/api/call-logs.csv",
    tag = "calls",
    params(("limit" = Option<u32>, Query, minimum = 1, maximum = 10000), ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before."), ("status" = Option<String>, Query, description = "One status, or several with commas between."), ("direction" = Option<String>, Query, description = "inbound or outbound."), ("number" = Option<String>, Query, description = "A party, in E.164."), ("since" = Option<String>, Query, description = "RFC 3339."), ("until" = Option<String>, Query, description = "RFC 3339."), ("format" = Option<String>, Query, description = "json or csv.")),
    responses(
        (status = 200, description = "The whole log as a table.", content_type = "text/csv", body = String),
        (status = 400, description = "`invalid_limit`, `invalid_cursor`, and such for the other fields"),
        (status = 403, description = "`not_a_user`"),
    ),
    security(("bearer" = [])),
)]
pub(crate) async fn call_log_csv(
    State(app): State<App>,
    LoggedIn(user): LoggedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let wanted = LogRequest::read(query.as_deref().unwrap_or_default())?;
    export(&app, &user, wanted).await
}

/// The table, sent as it is read. Where storage fails half-way the answer
/// breaks off, and clients see that it is not whole.
pub(super) async fn export(
    app: &App,
    user: &UserId,
    wanted: LogRequest,
) -> Result<Response, ApiError> {
    let left = wanted.limit.unwrap_or(usize::MAX);
    let mut reader = Reader {
        app: app.clone(),
        query: wanted.query(user, CHUNK),
        left,
    };
    // Storage that is out of order is an error, not an empty table.
    let first = reader.read().await?.unwrap_or_default();
    let first = Bytes::from([HEADER, &first].concat());
    let rest = stream::try_unfold(reader, async |mut reader| {
        let chunk = reader.read().await.inspect_err(|error| {
            tracing::error!(%error, "a call log broke off while it was sent");
        })?;
        Ok::<_, Error>(chunk.map(|chunk| (Bytes::from(chunk), reader)))
    });
    let whole = stream::once(async { Ok(first) });
    let body = Body::from_stream(futures_util::StreamExt::chain(whole, rest));
    let headers = [
        (
            header::CONTENT_TYPE,
            "text/csv; charset=utf-8; header=present",
        ),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"call-logs.csv\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
        // A browser is to save it, and to take it for nothing else.
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    let headers = headers.map(|(name, value)| (name, HeaderValue::from_static(value)));
    Ok((headers, body).into_response())
}

/// Reads a log chunk by chunk.
struct Reader {
    app: App,
    query: LogQuery,
    left: usize,
}

impl Reader {
    /// The next lines, as long as there are any.
    async fn read(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.query.limit = self.left.min(CHUNK);
        if self.query.limit == 0 {
            return Ok(None);
        }
        let entries = self.app.calls.log(&self.query).await?;
        // After less than was asked for comes nothing.
        self.left = match entries.len() {
            full if full == self.query.limit => self.left - full,
            _ => 0,
        };
        let Some(last) = entries.last() else {
            return Ok(None);
        };
        self.query.after = Some(last.place());
        let mut out = Vec::with_capacity(entries.len() * 200);
        for entry in &entries {
            line(&mut out, entry);
        }
        Ok(Some(out))
    }
}

fn line(out: &mut Vec<u8>, entry: &LogEntry) {
    let (id, direction, status) = (entry.id, entry.direction.as_str(), entry.status.as_str());
    // Writing to a Vec never fails.
    let _ = write!(out, "{id},");
    cell(out, entry.provider_id.as_deref().unwrap_or_default());
    let _ = write!(out, ",{direction},");
    cell(out, &entry.from);
    out.push(b',');
    cell(out, entry.to_number());
    let (duration, created_at) = (seconds(entry), entry.created_at);
    let _ = write!(out, ",{status},{duration},{created_at},");
    if let Some(ended_at) = entry.ended_at {
        let _ = write!(out, "{ended_at}");
    }
    out.extend_from_slice(b"\r\n");
}

/// Writes a text that others may have chosen, so that no spreadsheet computes
/// it: an apostrophe goes before whatever could begin a formula.
///
/// A plus and digits alone are a phone number. They compute nothing and stay as
/// they are, for the sake of programs that read them.
fn cell(out: &mut Vec<u8>, text: &str) {
    if text.strip_prefix('+').is_some_and(is_digits) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let quoted = text.contains([',', '"', '\r', '\n', ';', '\t', '\'']) || text.contains(begins);
    if !quoted {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    // Some take a semicolon or a tab for the end of a cell, whatever stands
    // around it, and a quotation mark for the end of the quotation.
    let mut at_start = true;
    for c in text.chars() {
        if at_start && begins(c) {
            out.push(b'\'');
        }
        if c == '"' {
            out.push(b'"');
        }
        at_start = matches!(c, ',' | ';' | '\t' | '\r' | '\n' | '"') || (at_start && c == ' ');
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    out.push(b'"');
}

/// Whether a cell that begins like this may be taken for a formula: see OWASP,
/// *CSV Injection*. The wide forms count as the others in some languages.
fn begins(c: char) -> bool {
    matches!(
        c,
        '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠'
    )
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        cell(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        for (text, expected) in [
            ("+15550001111", "+15550001111"),
            ("anonymous", "anonymous"),
            ("", ""),
            ("sip:ann@example.com", "\"sip:ann@example.com\""),
            ("=1+1", "\"'=1+1\""),
            ("+1+cmd|' /C calc'!A0", "\"'+1+cmd|' /C calc'!A0\""),
            ("+", "\"'+\""),
            ("-1", "\"'-1\""),
            ("@SUM(1)", "\"'@SUM(1)\""),
            ("\t=1", "\"'\t'=1\""),
            ("\r=1", "\"'\r'=1\""),
            (" =1", "\" '=1\""),
            ("＝1+1", "\"'＝1+1\""),
            ("a\",=1", "\"a\"\",'=1\""),
            ("a;=1", "\"a;'=1\""),
            ("a\"=1", "\"a\"\"'=1\""),
            ("a,b\r\nc", "\"a,b\r'\nc\""),
            ("+1555٠", "\"'+1555٠\""),
        ] {
            assert_eq!(written(text), expected, "{text:?}");
        }
    }

    /// What a program that knows RFC 4180 and no more reads.
    fn read(csv: &str) -> String {
        match csv.strip_prefix('"') {
            None => csv.to_owned(),
            Some(rest) => rest.strip_suffix('"').unwrap().replace("\"\"", "\""),
        }
    }

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_and_none_ends_early(
            text in "[-=+@＝\t\r\n,;\"' a1]{0,12}|\\PC{0,12}"
        ) {
            let csv = written(&text);
            // However a spreadsheet cuts it: in cells, or cells in cells.
            for part in csv.split([',', ';', '\t', '\r', '\n', '"']) {
                let number = part.strip_prefix('+').is_some_and(is_digits) && part == text;
                prop_assert!(number || !part.trim_start_matches(' ').starts_with(begins), "{:?}", csv);
            }
            if let Some(rest) = csv.strip_prefix('"') {
                let inner = rest.strip_suffix('"').unwrap().replace("\"\"", "");
                prop_assert!(!inner.contains('"'), "{:?}", csv);
            } else {
                prop_assert!(!csv.contains([',', ';', '"', '\r', '\n', '\t']), "{:?}", csv);
            }
            // Nothing is lost, and nothing but apostrophes is added.
            let plain = |text: &str| text.replace('\'', "");
            prop_assert_eq!(plain(&read(&csv)), plain(&text));
        }
    }
}
