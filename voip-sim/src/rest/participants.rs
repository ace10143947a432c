//! Participants of a conference: reading, holding, muting and removing them.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;

use super::form::{Form, check_url};
use super::paging::{Item, Listed, Page};
use super::{RestError, RestReply};
use crate::engine::{Engine, Exit, Expected, LegId, Member, Room, RoomId, date};
use crate::inspect::{RoomStatus, Status};
use crate::twiml::{Method, Target};

/// Participants have no SID; what pages call them is the call SID with other letters.
const LISTED: Listed = Listed {
    member: "participants",
    sid_prefix: "CA",
    token_prefix: "CP",
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
    queue_time: Option<String>,
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
    if let Some(leg) = find(engine, room, who, then) {
        return shown(engine, room, leg, then);
    }
    let room = engine.room(room);
    let named = |expected: &&Expected| {
        expected.since <= then
            && (expected.call.as_str() == who || expected.conference.label.as_deref() == Some(who))
    };
    let expected = room.expected.iter().find(named)?;
    let value = coming(engine, room, expected, false);
    Some(RestReply::json(200, value.to_string()))
}

/// The leg with this call SID or label that is being called into a room.
pub(super) fn find_coming(engine: &Engine, room: RoomId, who: &str) -> Option<LegId> {
    let expected = engine.room(room).expected.iter();
    let mut named = expected.filter(|expected| {
        expected.call.as_str() == who || expected.conference.label.as_deref() == Some(who)
    });
    named.next().map(|expected| expected.leg)
}

/// The answer to calling somebody into a room.
pub(super) fn created(engine: &Engine, room: RoomId, leg: LegId) -> Option<RestReply> {
    let room = engine.room(room);
    let expected = room.expected.iter().find(|expected| expected.leg == leg)?;
    let value = coming(engine, room, expected, true);
    Some(RestReply::json(201, value.to_string()))
}

/// A participant that is being called.
fn coming(engine: &Engine, room: &Room, expected: &Expected, created: bool) -> Value {
    let (account, call) = (&engine.config.account_sid, expected.call.as_str());
    let leg = engine.leg(expected.leg);
    let conference = &expected.conference;
    let participant = Participant {
        account_sid: account,
        call_sid: call,
        conference_sid: &room.sid,
        label: conference.label.as_deref(),
        call_sid_to_coach: conference.coach.as_deref(),
        coaching: conference.coach.is_some(),
        muted: conference.muted,
        hold: false,
        start_conference_on_enter: conference.start_on_enter,
        end_conference_on_exit: conference.end_on_exit,
        status: match leg.status {
            Status::Queued => "queued",
            Status::Initiated => "connecting",
            Status::Ringing => "ringing",
            Status::InProgress => "connected",
            Status::Completed => "complete",
            Status::Busy | Status::NoAnswer | Status::Failed | Status::Canceled => "failed",
        },
        queue_time: created.then(|| leg.queue_time.as_millis().to_string()),
        date_created: date(expected.since),
        date_updated: date(leg.updated),
        uri: uri(account, room, call),
    };
    serde_json::to_value(participant).expect("texts and nulls are always JSON")
}

fn uri(account: &str, room: &Room, call: &str) -> String {
    let conference = &room.sid;
    format!("/2010-04-01/Accounts/{account}/Conferences/{conference}/Participants/{call}.json")
}

/// Whoever is connecting to or in a conference that is not over; there is no history. They stand
/// in the order of their legs, so that nobody changes places by entering.
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
    let members = room.members.iter().filter(|member| {
        member.joined <= then
            && muted.is_none_or(|muted| member.muted.at(then) == muted)
            && hold.is_none_or(|hold| member.hold.at(then) == hold)
            && coaching.is_none_or(|coaching| member.coaches.is_some() == coaching)
    });
    let expected = room.expected.iter().filter(|expected| {
        expected.since <= then
            && muted.is_none_or(|muted| expected.conference.muted == muted)
            && hold != Some(true)
            && coaching.is_none_or(|coaching| expected.conference.coach.is_some() == coaching)
    });
    let mut found: Vec<(LegId, &str, Value)> = expected
        .map(|expected| {
            let value = coming(engine, room, expected, false);
            (expected.leg, expected.call.as_str(), value)
        })
        .collect();
    found.extend(members.map(|member| {
        let value = value(engine, room, member, then);
        (member.leg, member.call.as_str(), value)
    }));
    // Newest first.
    found.sort_by_key(|(leg, ..)| std::cmp::Reverse(*leg));
    let items = Item::all(found.iter().map(|(leg, sid, _)| (*sid, leg.place())));
    let window = page.window(engine, LISTED, &items);
    let shown = found[window.clone()].iter();
    let shown = shown.map(|(.., value)| value.clone()).collect();
    let envelope = page.envelope(LISTED, path, &form, &items, window, shown);
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
    let announced = form.target("AnnounceUrl", "AnnounceMethod")?;
    let coaching = coaching(engine, room, leg, &form)?;
    // Anything but the word counts as false.
    let flag = |name: &str| form.get(name).map(|word| word.eq_ignore_ascii_case("true"));
    if let Some(muted) = flag("Muted") {
        engine.set_muted(now, leg, muted);
    }
    if let Some(ends) = flag("EndConferenceOnExit") {
        engine.set_end_on_exit(now, leg, ends);
    }
    if let Some(coached) = coaching {
        engine.set_coached(now, leg, coached.as_deref());
    }
    if let Some(hold) = flag("Hold") {
        engine.set_hold(now, leg, hold, music);
    }
    if let Some(target) = announced {
        engine.announce(now, room, Some(leg), &target);
    }
    shown(engine, room, leg, now).ok_or_else(RestError::internal)
}

/// Whom a participant is to coach from now on: `Some(None)` is nobody any more, `None` leaves that
/// as it is. Naming somebody is enough, and whoever was named before need not be named again.
fn coaching(
    engine: &Engine,
    room: RoomId,
    leg: LegId,
    form: &Form,
) -> Result<Option<Option<String>>, RestError> {
    let named = form.get("CallSidToCoach").map(str::to_owned);
    match (form.get("Coaching"), named) {
        (None, None) => Ok(None),
        (None, Some(call)) => Ok(Some(Some(call))),
        (Some(word), named) if word.eq_ignore_ascii_case("true") => {
            let before = engine.room(room).member(leg);
            let before = before.and_then(|member| Some(member.coaches.as_ref()?.to_string()));
            let message = "CallSidToCoach is required with Coaching";
            let coached = named.or(before);
            coached
                .map(|call| Some(Some(call)))
                .ok_or_else(|| RestError::invalid(20422, message))
        }
        (Some(_), _) => Ok(Some(None)),
    }
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
        call_sid_to_coach: member.coaches.as_ref().map(|call| call.as_str()),
        coaching: member.coaches.is_some(),
        muted: member.muted.at(then),
        hold: member.hold.at(then),
        start_conference_on_enter: member.start_on_enter,
        end_conference_on_exit: member.end_on_exit,
        status: "connected",
        queue_time: None,
        date_created: date(member.joined),
        date_updated: date(member.updated),
        uri: uri(account, room, call),
    };
    serde_json::to_value(participant).expect("texts and nulls are always JSON")
}
