//! Participants of a conference: reading, holding, muting and removing them.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::form::{Form, check_url};
use super::paging::{Listed, Page};
use super::{RestError, RestReply};
use crate::engine::{Engine, Exit, LegId, Member, Room, RoomId, date};
use crate::inspect::RoomStatus;
use crate::twiml::{Method, Target};

/// Participants have no SID; what pages call them is the call SID with other letters.
const LISTED: Listed = Listed {
    member: "participants",
    sid_prefix: "CP",
};

#[derive(Serialize)]
struct Participant<'a> {
    account_sid: &'a str,
    call_sid: &'a str,
    conference_sid: &'a str,
    label: Option<&'a str>,
    call_sid_to_coach: Option<&'a str>,
    coaching: bool,
    muted: bool,
    hold: bool,
    start_conference_on_enter: bool,
    end_conference_on_exit: bool,
    status: &'a str,
    queue_time: Option<&'a str>,
    date_created: String,
    date_updated: String,
    uri: String,
}

/// The participant with this call SID or label, unless reads do not show it yet.
pub(super) fn find(
    engine: &Engine,
    room: RoomId,
    who: &str,
    then: OffsetDateTime,
) -> Option<LegId> {
    let members = &engine.room(room).members;
    let named = |member: &&Member| {
        member.joined <= then
            && (member.call.as_str() == who || member.label.as_deref() == Some(who))
    };
    members.iter().find(named).map(|member| member.leg)
}

pub(super) fn fetch(
    engine: &Engine,
    now: OffsetDateTime,
    room: RoomId,
    who: &str,
) -> Option<RestReply> {
    let then = engine.participants_as_of(now);
    shown(engine, room, find(engine, room, who, then)?, then)
}

/// Whoever is connecting to or in a conference that is not over; there is no history.
pub(super) fn list(
    engine: &Engine,
    now: OffsetDateTime,
    room: RoomId,
    path: &str,
    query: &str,
) -> Result<RestReply, RestError> {
    let form = Form::parse(query.as_bytes());
    let page = Page::read(&form)?;
    let flag = |name: &str| form.get(name).map(|word| word == "true");
    let (muted, hold, coaching) = (flag("Muted"), flag("Hold"), flag("Coaching"));
    let then = engine.participants_as_of(now).min(engine.lists_as_of(now));
    let room = engine.room(room);
    // Newest first.
    let found: Vec<&Member> = room
        .members
        .iter()
        .rev()
        .filter(|member| {
            member.joined <= then
                && muted.is_none_or(|muted| member.muted.at(then) == muted)
                && hold.is_none_or(|hold| member.hold.at(then) == hold)
                && coaching != Some(true)
        })
        .collect();
    let sids: Vec<&str> = found.iter().map(|member| member.call.as_str()).collect();
    let window = page.window(&sids);
    let members = found[window.clone()].iter();
    let members = members
        .map(|member| value(engine, room, member, then))
        .collect();
    let envelope = page.envelope(LISTED, path, &form, &sids, window, members);
    Ok(RestReply::json(200, envelope))
}

/// Changes a participant. There is no `Status` here: legs are removed by `DELETE`, or ended.
pub(super) fn update(
    engine: &mut Engine,
    now: OffsetDateTime,
    room: RoomId,
    leg: LegId,
    body: &[u8],
) -> Result<RestReply, RestError> {
    let form = Form::parse(body);
    // Everything is checked before anything is changed.
    let music = match form.get("HoldUrl") {
        None => None,
        Some(url) => {
            check_url("HoldUrl", url)?;
            // Unlike everywhere else, the default is `GET`.
            let method = match form.get("HoldMethod") {
                None => Method::Get,
                Some(_) => form.method("HoldMethod")?,
            };
            Some(Target {
                url: url.to_owned(),
                method,
            })
        }
    };
    // Anything but the word counts as false.
    let flag = |name: &str| form.get(name).map(|word| word.eq_ignore_ascii_case("true"));
    if let Some(muted) = flag("Muted") {
        engine.set_muted(now, leg, muted);
    }
    if let Some(ends) = flag("EndConferenceOnExit") {
        engine.set_end_on_exit(now, leg, ends);
    }
    if let Some(hold) = flag("Hold") {
        engine.set_hold(now, leg, hold, music);
    }
    shown(engine, room, leg, now).ok_or_else(RestError::internal)
}

pub(super) fn remove(engine: &mut Engine, now: OffsetDateTime, leg: LegId) -> RestReply {
    engine.step_out(now, leg, Exit::Removed);
    RestReply::no_content()
}

/// Whether a conference can still have participants.
pub(super) fn is_open(engine: &Engine, room: RoomId) -> bool {
    engine.room(room).status != RoomStatus::Completed
}

fn shown(engine: &Engine, room: RoomId, leg: LegId, then: OffsetDateTime) -> Option<RestReply> {
    let room = engine.room(room);
    let value = value(engine, room, room.member(leg)?, then);
    Some(RestReply::json(200, value.to_string()))
}

fn value(engine: &Engine, room: &Room, member: &Member, then: OffsetDateTime) -> Value {
    let account = &engine.config.account_sid;
    let call = member.call.as_str();
    let participant = Participant {
        account_sid: account,
        call_sid: call,
        conference_sid: &room.sid,
        label: member.label.as_deref(),
        call_sid_to_coach: None,
        coaching: false,
        muted: member.muted.at(then),
        hold: member.hold.at(then),
        start_conference_on_enter: member.start_on_enter,
        end_conference_on_exit: member.end_on_exit,
        status: "connected",
        queue_time: None,
        date_created: date(member.joined),
        date_updated: date(member.updated),
        uri: format!(
            "/2010-04-01/Accounts/{account}/Conferences/{}/Participants/{call}.json",
            room.sid
        ),
    };
    serde_json::to_value(participant).expect("texts and nulls are always JSON")
}
