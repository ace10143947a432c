//! Conferences: reading them, and ending one.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::calls::Span;
use super::form::Form;
use super::paging::{Item, Listed, Page};
use super::{RestError, RestReply};
use crate::engine::{API_VERSION, Engine, Room, RoomId, date};
use crate::inspect::RoomStatus;

const LISTED: Listed = Listed {
    member: "conferences",
    sid_prefix: "CF",
    token_prefix: "CF",
};

#[derive(Serialize)]
struct Conference<'a> {
    sid: &'a str,
    account_sid: &'a str,
    api_version: &'a str,
    friendly_name: &'a str,
    region: &'a str,
    status: &'a str,
    date_created: String,
    date_updated: String,
    reason_conference_ended: Option<&'a str>,
    call_sid_ending_conference: Option<&'a str>,
    subresource_uris: BTreeMap<&'a str, String>,
    uri: String,
}

/// The conference with this SID, over or not, if it was there then.
pub(super) fn find(engine: &Engine, then: OffsetDateTime, sid: &str) -> Option<RoomId> {
    let id = *engine.rooms_by_sid.get(sid)?;
    (engine.room(id).created <= then).then_some(id)
}

pub(super) fn fetch(engine: &Engine, now: OffsetDateTime, id: RoomId) -> RestReply {
    let then = engine.rooms_as_of(now);
    RestReply::json(200, value(engine, engine.room(id), then).to_string())
}

pub(super) fn list(
    engine: &Engine,
    now: OffsetDateTime,
    path: &str,
    query: &str,
) -> Result<RestReply, RestError> {
    let form = Form::parse(query.as_bytes());
    let page = Page::read(&form)?;
    let status = match form.get("Status") {
        None => None,
        Some(word) => Some(
            RoomStatus::parse(word)
                .ok_or_else(|| RestError::invalid(20422, "Status is not valid"))?,
        ),
    };
    let name = form.get("FriendlyName");
    let created = Span::read(&form, "DateCreated")?;
    let updated = Span::read(&form, "DateUpdated")?;
    let then = engine.rooms_as_of(now).min(engine.lists_as_of(now));
    // Newest first.
    let found: Vec<(&RoomId, &Room)> = engine
        .rooms
        .iter()
        .rev()
        .filter(|(_, room)| {
            room.created <= then
                && status.is_none_or(|status| room.status_at(then) == status)
                && name.is_none_or(|name| room.name == name)
                && created.contains(Some(room.created))
                && updated.contains(Some(room.updated))
        })
        .collect();
    let items = Item::all(
        found
            .iter()
            .map(|(id, room)| (room.sid.as_str(), id.place())),
    );
    let window = page.window(engine, LISTED, &items);
    let rooms = found[window.clone()].iter();
    let rooms = rooms.map(|(_, room)| value(engine, room, then)).collect();
    let envelope = page.envelope(LISTED, path, &form, &items, window, rooms);
    Ok(RestReply::json(200, envelope))
}

/// Ends a conference for everybody, or lets everybody hear something; one that is over stays as
/// it is.
pub(super) fn update(
    engine: &mut Engine,
    now: OffsetDateTime,
    id: RoomId,
    body: &[u8],
) -> Result<RestReply, RestError> {
    let form = Form::parse(body);
    let ends = match form.get("Status") {
        None => false,
        Some("completed") => engine.room(id).status != RoomStatus::Completed,
        Some(_) => return Err(RestError::invalid(20422, "Status is not valid")),
    };
    let announced = form.target("AnnounceUrl", "AnnounceMethod")?;
    if ends {
        engine.close_room(now, id);
    } else if let Some(target) = announced
        && engine.room(id).status != RoomStatus::Completed
    {
        engine.announce(now, id, None, &target);
    }
    let shown = value(engine, engine.room(id), now);
    Ok(RestReply::json(200, shown.to_string()))
}

fn value(engine: &Engine, room: &Room, then: OffsetDateTime) -> Value {
    let account = &engine.config.account_sid;
    let uri = format!("/2010-04-01/Accounts/{account}/Conferences/{}", room.sid);
    let status = room.status_at(then);
    let end = room.end.as_ref();
    let end = end.filter(|_| status == RoomStatus::Completed);
    let conference = Conference {
        sid: &room.sid,
        account_sid: account,
        api_version: API_VERSION,
        friendly_name: &room.name,
        region: "us1",
        status: status.as_str(),
        date_created: date(room.created),
        date_updated: date(room.updated),
        reason_conference_ended: end.map(|end| end.reason),
        call_sid_ending_conference: end.and_then(|end| end.by.as_ref()).map(|by| by.as_str()),
        subresource_uris: [
            ("participants", "Participants"),
            ("recordings", "Recordings"),
        ]
        .map(|(name, segment)| (name, format!("{uri}/{segment}.json")))
        .into(),
        uri: format!("{uri}.json"),
    };
    serde_json::to_value(conference).expect("texts and nulls are always JSON")
}
