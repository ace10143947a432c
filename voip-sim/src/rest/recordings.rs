//! Recordings: starting, reading, pausing and deleting them, and the silence they hold.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::calls::Span;
use super::form::Form;
use super::paging::{Item, Listed, Page};
use super::{Media, RestError, RestReply, asked};
use crate::engine::{API_VERSION, Engine, LegId, Recording, RecordingId, Source, date};
use crate::inspect::{RecordingStatus, Status};

const LISTED: Listed = Listed {
    member: "recordings",
    sid_prefix: "RE",
    token_prefix: "RE",
};

/// Whose recordings a path is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Owner<'a> {
    Account,
    Call(&'a str),
    Conference(&'a str),
}

impl Owner<'_> {
    fn owns(self, recording: &Recording) -> bool {
        match self {
            Self::Account => true,
            Self::Call(sid) => recording.conference.is_none() && recording.call.as_str() == sid,
            Self::Conference(sid) => recording.conference.as_deref() == Some(sid),
        }
    }
}

/// The recording with this SID, if it is this one's. `Twilio.CURRENT` is the one that runs.
pub(super) fn find(engine: &Engine, owner: Owner<'_>, sid: &str) -> Option<RecordingId> {
    if sid == "Twilio.CURRENT" {
        let mut all = engine.recordings.iter().rev();
        let current = |(_, one): &(&RecordingId, &Recording)| owner.owns(one) && !one.is_over();
        return all.find(current).map(|(id, _)| *id);
    }
    let id = *engine.recordings_by_sid.get(sid)?;
    let recording = engine.recordings.get(&id)?;
    owner.owns(recording).then_some(id)
}

pub(super) fn fetch(engine: &Engine, now: OffsetDateTime, id: RecordingId) -> Option<RestReply> {
    let recording = engine.recordings.get(&id)?;
    Some(RestReply::json(
        200,
        value(engine, recording, now).to_string(),
    ))
}

pub(super) fn list(
    engine: &Engine,
    now: OffsetDateTime,
    owner: Owner<'_>,
    path: &str,
    query: &str,
) -> Result<RestReply, RestError> {
    let form = Form::parse(query.as_bytes());
    let page = Page::read(&form)?;
    let created = Span::read(&form, "DateCreated")?;
    let (call, conference) = (form.get("CallSid"), form.get("ConferenceSid"));
    // Newest first.
    let found: Vec<(&RecordingId, &Recording)> = engine
        .recordings
        .iter()
        .rev()
        .filter(|(_, recording)| {
            owner.owns(recording)
                && created.contains(Some(recording.created))
                && call.is_none_or(|call| recording.call.as_str() == call)
                && conference.is_none_or(|sid| recording.conference.as_deref() == Some(sid))
        })
        .collect();
    let items = Item::all(found.iter().map(|(id, one)| (one.sid.as_str(), id.place())));
    let window = page.window(engine, LISTED, &items);
    let shown = found[window.clone()].iter();
    let shown = shown
        .map(|(_, recording)| value(engine, recording, now))
        .collect();
    let envelope = page.envelope(LISTED, path, &form, &items, window, shown);
    Ok(RestReply::json(200, envelope))
}

/// Starts to record a call that is under way.
pub(super) fn start(
    engine: &mut Engine,
    now: OffsetDateTime,
    leg: LegId,
    body: &[u8],
) -> Result<RestReply, RestError> {
    let recorded = asked::recording(&Form::parse(body))?;
    if engine.leg(leg).status != Status::InProgress {
        let message = "the call is not in progress, and cannot be recorded";
        return Err(RestError::invalid(21220, message));
    }
    let id = engine.start_recording(now, leg, None, Source::StartedByApi, recorded);
    engine.ends_with(leg, id);
    let mut reply = fetch(engine, now, id).ok_or_else(RestError::internal)?;
    reply.status = 201;
    Ok(reply)
}

/// Pauses a recording, lets it run, or ends it.
pub(super) fn update(
    engine: &mut Engine,
    now: OffsetDateTime,
    id: RecordingId,
    body: &[u8],
) -> Result<RestReply, RestError> {
    match Form::parse(body).get("Status") {
        Some("paused") => engine.pause_recording(now, id, true),
        Some("in-progress") => engine.pause_recording(now, id, false),
        Some("stopped") => engine.end_recording(now, id),
        Some(_) | None => return Err(RestError::invalid(20422, "Status is not valid")),
    }
    fetch(engine, now, id).ok_or_else(RestError::internal)
}

/// Deletes a recording that is over.
pub(super) fn delete(engine: &mut Engine, id: RecordingId) -> Result<RestReply, RestError> {
    match engine.recordings.get(&id).is_some_and(Recording::is_over) {
        true => {
            engine.forget_recording(id);
            Ok(RestReply::no_content())
        }
        false => Err(RestError::not_complete(&engine.config.choices)),
    }
}

/// The sound itself: silence, as long as the recording.
pub(super) fn media(engine: &Engine, now: OffsetDateTime, id: RecordingId) -> Option<RestReply> {
    let recording = engine.recordings.get(&id)?;
    if recording.status != RecordingStatus::Completed {
        return None;
    }
    Some(RestReply {
        headers: vec![("Content-Type", "audio/x-wav".to_owned())],
        media: Some(Media {
            recording: recording.sid.clone(),
            seconds: recording.seconds(now),
            channels: recording.channels.count(),
        }),
        ..RestReply::json(200, String::new())
    })
}

fn value(engine: &Engine, recording: &Recording, now: OffsetDateTime) -> Value {
    let (account, sid) = (&engine.config.account_sid, &recording.sid);
    let uri = format!("/2010-04-01/Accounts/{account}/Recordings/{sid}");
    // Until it is over its length is not known.
    let seconds = recording
        .is_over()
        .then(|| recording.seconds(now).to_string());
    json!({
        "account_sid": account,
        "api_version": API_VERSION,
        "call_sid": recording.call.as_str(),
        "channels": recording.channels.count(),
        "conference_sid": recording.conference,
        "date_created": date(recording.created),
        "date_updated": date(recording.updated),
        "duration": seconds,
        "encryption_details": null,
        "error_code": null,
        "media_url": engine.recording_url(sid),
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "source": recording.source.as_str(),
        "start_time": date(recording.created),
        "status": recording.status.as_str(),
        "subresource_uris": {
            "add_on_results": format!("{uri}/AddOnResults.json"),
            "transcriptions": format!("{uri}/Transcriptions.json"),
        },
        "uri": format!("{uri}.json"),
    })
}
