//! The control interface: the journal, whole and as it goes on.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use futures_util::stream;

use super::control::{Answer, json, parse_sid};
use super::drive::Shared;

/// Entries that are taken out of the journal at a time.
const AT_ONCE: usize = 256;

/// The most entries one request is given.
const MOST: usize = 10_000;

/// The place in `?after=`; without one, or with one that is no number, the beginning.
fn after(uri: &Uri) -> u64 {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let place = pairs.find(|(name, _)| name == "after");
    place.and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

/// What has happened, oldest first.
pub(super) async fn journal(State(shared): State<Shared>, uri: Uri) -> Response {
    let entries = shared.look(|engine, _| engine.journal(after(&uri), MOST));
    json(StatusCode::OK, &serde_json::json!({ "entries": entries }))
}

/// What has happened to one leg.
pub(super) async fn timeline(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    let entries = shared.look(|engine, _| engine.timeline(&sid));
    Ok(json(
        StatusCode::OK,
        &serde_json::json!({ "entries": entries }),
    ))
}

/// What happens from now on, as server-sent events: first what is in the journal after the given
/// place (`?after=`, or `Last-Event-ID` when a browser comes back), then each new entry. Nothing
/// is kept for a slow reader: one who falls behind the journal misses what it forgot.
pub(super) async fn events(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let after = last
        .and_then(|place| place.parse().ok())
        .unwrap_or_else(|| after(&uri));
    Sse::new(follow(shared, after))
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response()
}

fn follow(shared: Shared, after: u64) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = shared.changes();
    let waiting = Vec::new().into_iter();
    stream::unfold(
        (shared, changes, waiting, after),
        async |(shared, mut changes, mut waiting, mut after)| {
            loop {
                if let Some(event) = waiting.next() {
                    return Some((Ok(event), (shared, changes, waiting, after)));
                }
                changes.borrow_and_update();
                let entries = shared.look(|engine, _| engine.journal(after, AT_ONCE));
                if let Some(last) = entries.last() {
                    after = last.seq;
                    let events = entries.iter().map(|entry| {
                        let event = Event::default().id(entry.seq.to_string());
                        event.json_data(entry).expect("entries are always JSON")
                    });
                    waiting = events.collect::<Vec<_>>().into_iter();
                    continue;
                }
                changes.changed().await.ok()?;
            }
        },
    )
}
