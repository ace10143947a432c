//! Calling somebody into a conference.

use std::time::Duration;

use time::OffsetDateTime;

use super::form::Form;
use super::{RestError, RestReply, asked, create, participants};
use crate::address::Address;
use crate::engine::{Engine, FirstDocument, NewLeg};
use crate::inspect::{Direction, RoomStatus, Status};
use crate::phone::Outcome;
use crate::sid::is_sid;
use crate::twiml::{
    Channels, Conference, Method, Recorded, StatusSubscription, Target, Track, Wait,
};

/// The vendor lets it ring this much longer than it was told.
const EXTRA_RINGING: Duration = Duration::from_secs(5);

/// Calls somebody into a room, named by SID or by friendly name.
pub(super) fn invite(
    engine: &mut Engine,
    now: OffsetDateTime,
    room: &str,
    body: &[u8],
    path: &str,
) -> Result<RestReply, RestError> {
    let form = Form::parse(body);
    if engine.live_legs() >= engine.config.max_live_calls {
        return Err(RestError::too_many_requests());
    }
    let live = match is_sid("CF", room) {
        true => {
            let id = engine.rooms_by_sid.get(room).copied();
            let open = id.filter(|id| engine.room(*id).status != RoomStatus::Completed);
            Some(open.ok_or_else(|| RestError::not_found(path))?)
        }
        false => engine.live_room(room),
    };
    let name = match live {
        Some(id) => engine.room(id).name.clone(),
        None => room.to_owned(),
    };
    let to = create::called(&form)?;
    let from = create::caller(engine, &form)?;
    if matches!(to, Address::Phone(_)) && !from.starts_with('+') {
        let message = "a telephone can only be called from a number";
        return Err(RestError::invalid(21212, message));
    }
    let script = engine.script_of(&to);
    if script.outcome == Outcome::Invalid {
        let message = "the number called does not appear to be valid";
        return Err(RestError::invalid(21217, message));
    }
    let label = form.get("Label").map(str::to_owned);
    let taken = |live| {
        let room = engine.room(live);
        let expected = room
            .expected
            .iter()
            .map(|expected| &expected.conference.label);
        let mut labels = room
            .members
            .iter()
            .map(|member| &member.label)
            .chain(expected);
        label.is_some() && labels.any(|other| *other == label)
    };
    if live.is_some_and(taken) {
        return Err(RestError::invalid(
            16025,
            "the participant's label is taken",
        ));
    }
    let conference = conference(&form, name, label)?;
    let ring_timeout = form.seconds("Timeout", 5..=600, 21208)?;
    let time_limit = form.seconds("TimeLimit", 1..=86_400, 20422)?;
    let status_callback = create::status_callback(&form)?;
    let room_callbacks = room_callbacks(&form)?;
    let extras = asked::extras(&form, "AmdStatusCallback")?;
    // Last, so that only calls that are placed count.
    if !engine.may_place(now) {
        return Err(RestError::too_many_requests());
    }
    let recorded = conference.recorded.clone();
    let new = NewLeg {
        direction: Direction::OutboundApi,
        status: Status::Queued,
        from,
        parent: None,
        first: FirstDocument::Room(Box::new(conference.clone())),
        fallback: None,
        status_callback,
        ring_timeout: ring_timeout.unwrap_or(Duration::from_secs(60)) + EXTRA_RINGING,
        time_limit: time_limit.unwrap_or(Duration::from_secs(14_400)),
        parameters: match &to {
            Address::Client { parameters, .. } => parameters.clone(),
            Address::Phone(_) | Address::Sip(_) => Vec::new(),
        },
        script,
        to: to.text(),
        application_sid: None,
        extras,
    };
    let id = match live {
        Some(id) => id,
        None => engine.add_room(now, &conference.name, room_callbacks, recorded),
    };
    let leg = engine.place_api_call(now, new);
    engine.expect_in_room(now, leg, id, conference);
    participants::created(engine, id, leg).ok_or_else(RestError::internal)
}

fn conference(form: &Form, name: String, label: Option<String>) -> Result<Conference, RestError> {
    let is = |name: &str, usual: bool| match form.get(name) {
        None => usual,
        Some(word) => word.eq_ignore_ascii_case("true"),
    };
    let wait = match form.target("WaitUrl", "WaitMethod")? {
        None => Wait::Music,
        Some(target) => Wait::Document(target),
    };
    let max = form.seconds("MaxParticipants", 2..=250, 20422)?;
    let recorded = match form.get("ConferenceRecord") {
        Some("true" | "record-from-start") => Some(Recorded {
            from_ringing: false,
            channels: Channels::Mono,
            track: Track::Both,
            status: form
                .target(
                    "ConferenceRecordingStatusCallback",
                    "ConferenceRecordingStatusCallbackMethod",
                )?
                .map(|Target { url, method }| StatusSubscription {
                    url,
                    method,
                    events: vec!["completed".to_owned()],
                }),
        }),
        Some(_) | None => None,
    };
    Ok(Conference {
        name,
        label,
        muted: is("Muted", false),
        start_on_enter: is("StartConferenceOnEnter", true),
        end_on_exit: is("EndConferenceOnExit", false),
        wait,
        max_participants: max
            .map_or(Some(250), |max| usize::try_from(max.as_secs()).ok())
            .unwrap_or(250),
        status: None,
        coach: form
            .get("CallSidToCoach")
            .filter(|_| is("Coaching", true))
            .map(str::to_owned),
        recorded,
    })
}

fn room_callbacks(form: &Form) -> Result<Option<StatusSubscription>, RestError> {
    let target = form.target("ConferenceStatusCallback", "ConferenceStatusCallbackMethod")?;
    let Some(Target { url, method }) = target else {
        return Ok(None);
    };
    let method: Method = method;
    let mut events: Vec<String> = form
        .all("ConferenceStatusCallbackEvent")
        .flat_map(str::split_whitespace)
        .map(str::to_owned)
        .collect();
    if events.is_empty() {
        events = vec!["start".to_owned(), "end".to_owned()];
    }
    Ok(Some(StatusSubscription {
        url,
        method,
        events,
    }))
}
