//! The REST interface, as pure functions over the engine.

mod asked;
mod calls;
mod conferences;
mod create;
mod error;
mod faulty;
mod form;
mod invite;
mod media;
mod operation;
mod paging;
mod participants;
mod recordings;
mod resource;
mod update;

pub use media::Media;

pub(crate) use error::RestError;

use operation::Resource;
use recordings::Owner;

use std::time::Duration;

use base64::Engine as _;
use time::OffsetDateTime;

use crate::engine::Engine;
use crate::sid::CallSid;

/// One request to the REST interface.
#[derive(Clone, Copy)]
pub struct RestRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The request target as received, query included.
    pub path_and_query: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    /// The body, form-encoded.
    pub body: &'a [u8],
}

/// The answer to a REST request.
#[derive(Clone, PartialEq, Eq)]
pub struct RestReply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
    /// A sound that is sent in its place.
    pub media: Option<Media>,
    /// When it is to be sent.
    pub delivery: ReplyDelivery,
}

/// When a reply is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyDelivery {
    /// At once.
    Now,
    /// After this long.
    After(Duration),
    /// Never: the connection stays open and silent.
    Never,
    /// Never: the connection is reset at once.
    Reset,
}

pub(crate) fn answer(
    engine: &mut Engine,
    now: OffsetDateTime,
    request: &RestRequest<'_>,
) -> RestReply {
    let mut reply = match faulty::next_fault(engine, request) {
        None => work(engine, now, request),
        Some(fault) => faulty::answer(engine, now, request, fault),
    };
    if let (429, Some(seconds)) = (reply.status, engine.config.choices.retry_after_seconds) {
        reply.headers.push(("Retry-After", seconds.to_string()));
    }
    reply
}

fn work(engine: &mut Engine, now: OffsetDateTime, request: &RestRequest<'_>) -> RestReply {
    let mut reply = match dispatch(engine, now, request) {
        Ok(reply) => reply,
        Err(error) => error.reply(),
    };
    let request_id = crate::sid::generate("RQ", &mut engine.seeded);
    reply.headers.push(("Twilio-Request-Id", request_id));
    let concurrent = ("Twilio-Concurrent-Requests", "1".to_owned());
    let duration = ("Twilio-Request-Duration", "0.001".to_owned());
    reply.headers.extend([concurrent, duration]);
    reply
}

fn dispatch(
    engine: &mut Engine,
    now: OffsetDateTime,
    request: &RestRequest<'_>,
) -> Result<RestReply, RestError> {
    let (path, query) = split(request.path_and_query);
    let resource = Resource::of(path, &engine.config.account_sid);
    // As with the vendor, whoever knows the address of a recording may hear it.
    let open = matches!(resource, Ok(Resource::Media(_)));
    if !open && !authorized(engine, request.authorization) {
        return Err(RestError::unauthorized());
    }
    let resource = resource?;
    let not_found = || RestError::not_found(path);
    match (resource, request.method) {
        (Resource::Calls, "GET") => calls::list(engine, now, path, query),
        (Resource::Calls, "POST") => create::create(engine, now, request.body),
        (Resource::Call(sid), method) => {
            let id = CallSid::parse(sid)
                .and_then(|sid| engine.by_sid.get(&sid).copied())
                .ok_or_else(not_found)?;
            match method {
                "GET" => Ok(calls::fetch(engine, now, id)),
                "POST" => update::update(engine, now, id, request.body),
                "DELETE" => calls::delete(engine, id),
                _ => Err(RestError::method_not_allowed()),
            }
        }
        (Resource::Conferences, "GET") => conferences::list(engine, now, path, query),
        (Resource::Conference(sid), method) => {
            let then = seen_by(engine, method, now);
            let id = conferences::find(engine, then, sid).ok_or_else(not_found)?;
            match method {
                "GET" => Ok(conferences::fetch(engine, now, id)),
                "POST" => conferences::update(engine, now, id, request.body),
                _ => Err(RestError::method_not_allowed()),
            }
        }
        (Resource::Participants(sid), "GET") => {
            let then = engine.rooms_as_of(now);
            let room = conferences::find(engine, then, sid).ok_or_else(not_found)?;
            participants::list(engine, now, room, path, query)
        }
        (Resource::Participant(sid, who), method) => {
            // Changes reach whoever is there, also where reads lag behind.
            let then = seen_by(engine, method, now);
            let room = conferences::find(engine, then, sid)
                .filter(|room| participants::is_open(engine, *room))
                .ok_or_else(not_found)?;
            if method == "GET" {
                return participants::fetch(engine, now, room, &who).ok_or_else(not_found);
            }
            if method == "DELETE"
                && let Some(leg) = participants::find_coming(engine, room, &who)
            {
                engine.end(now, leg, crate::engine::EndedBy::Api);
                return Ok(RestReply::no_content());
            }
            let leg = participants::find(engine, room, &who, now).ok_or_else(not_found)?;
            match method {
                "POST" => participants::update(engine, now, room, leg, request.body),
                "DELETE" => Ok(participants::remove(engine, now, leg)),
                _ => Err(RestError::method_not_allowed()),
            }
        }
        (Resource::Participants(room), "POST") => {
            let room = operation::decoded(room);
            invite::invite(engine, now, &room, request.body, path)
        }
        (Resource::Recordings(owner), "GET") => {
            known(engine, owner).ok_or_else(not_found)?;
            recordings::list(engine, now, owner, path, query)
        }
        (Resource::Recordings(Owner::Call(sid)), "POST") => {
            let leg = engine.by_sid.get(sid).copied().ok_or_else(not_found)?;
            recordings::start(engine, now, leg, request.body)
        }
        (Resource::Recording(owner, sid), method) => {
            let id = recordings::find(engine, owner, sid).ok_or_else(not_found)?;
            match method {
                "GET" => recordings::fetch(engine, now, id).ok_or_else(not_found),
                "POST" => recordings::update(engine, now, id, request.body),
                "DELETE" => recordings::delete(engine, id),
                _ => Err(RestError::method_not_allowed()),
            }
        }
        (Resource::Media(sid), "GET" | "HEAD") => recordings::find(engine, Owner::Account, sid)
            .and_then(|id| recordings::media(engine, now, id))
            .ok_or_else(not_found),
        (
            Resource::Calls
            | Resource::Conferences
            | Resource::Participants(_)
            | Resource::Recordings(_)
            | Resource::Media(_),
            _,
        ) => Err(RestError::method_not_allowed()),
    }
}

/// What a request for a conference sees: reads lag behind, changes meet the present.
fn seen_by(engine: &Engine, method: &str, now: OffsetDateTime) -> OffsetDateTime {
    match method {
        "GET" => engine.rooms_as_of(now),
        _ => now,
    }
}

/// Whether there is such a call or conference.
fn known(engine: &Engine, owner: Owner<'_>) -> Option<()> {
    match owner {
        Owner::Account => Some(()),
        Owner::Call(sid) => engine.by_sid.get(sid).map(|_| ()),
        Owner::Conference(sid) => engine.rooms_by_sid.get(sid).map(|_| ()),
    }
}

/// Path and query of a request target.
fn split(target: &str) -> (&str, &str) {
    target.split_once('?').unwrap_or((target, ""))
}

fn authorized(engine: &Engine, header: Option<&str>) -> bool {
    let Some(credentials) = header
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Basic"))
        .and_then(|(_, encoded)| {
            base64::engine::general_purpose::STANDARD
                .decode(encoded.trim())
                .ok()
        })
        .and_then(|bytes| String::from_utf8(bytes).ok())
    else {
        return false;
    };
    let Some((user, password)) = credentials.split_once(':') else {
        return false;
    };
    let config = &engine.config;
    (user == config.account_sid && password == config.auth_token.expose())
        || config
            .api_keys
            .iter()
            .any(|key| user == key.sid && password == key.secret.expose())
}

/// Shows no body: a resource holds numbers, and a reply may end up in a log.
impl std::fmt::Debug for RestReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RestReply")
            .field("status", &self.status)
            .field("delivery", &self.delivery)
            .finish_non_exhaustive()
    }
}

impl RestReply {
    pub(crate) fn json(status: u16, body: String) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json;charset=utf-8".to_owned())],
            body,
            media: None,
            delivery: ReplyDelivery::Now,
        }
    }

    /// 204: done, and nothing to say.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
            media: None,
            delivery: ReplyDelivery::Now,
        }
    }
}
