//! The REST interface, as pure functions over the engine.

mod calls;
mod create;
mod error;
mod form;
mod paging;
mod resource;
mod update;

pub(crate) use error::RestError;

use std::time::Duration;

use base64::Engine as _;
use time::OffsetDateTime;

use crate::engine::Engine;
use crate::faults::{RestFault, RestTarget};
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
}

/// What a request asks for.
enum Resource<'a> {
    Calls,
    Call(&'a str),
}

pub(crate) fn answer(
    engine: &mut Engine,
    now: OffsetDateTime,
    request: &RestRequest<'_>,
) -> RestReply {
    let fault = next_fault(engine, request);
    match fault {
        None => work(engine, now, request),
        Some(fault) => {
            let reply = match fault.does_the_work() {
                true => work(engine, now, request),
                false => RestReply::json(200, String::new()),
            };
            mistreat(reply, fault)
        }
    }
}

fn work(engine: &mut Engine, now: OffsetDateTime, request: &RestRequest<'_>) -> RestReply {
    let mut reply = match dispatch(engine, now, request) {
        Ok(reply) => reply,
        Err(error) => error.reply(),
    };
    let request_id = crate::sid::generate("RQ", &mut engine.seeded);
    reply.headers.push(("Twilio-Request-Id", request_id));
    reply
}

fn dispatch(
    engine: &mut Engine,
    now: OffsetDateTime,
    request: &RestRequest<'_>,
) -> Result<RestReply, RestError> {
    let (path, query) = split(request.path_and_query);
    if !authorized(engine, request.authorization) {
        return Err(RestError::unauthorized());
    }
    let not_found = || RestError::not_found(path);
    let prefix = format!("/2010-04-01/Accounts/{}/", engine.config.account_sid);
    let inside = path.strip_prefix(&prefix).ok_or_else(not_found)?;
    let resource = inside.strip_suffix(".json").ok_or_else(not_found)?;
    let resource = match resource.split('/').collect::<Vec<_>>()[..] {
        ["Calls"] => Resource::Calls,
        ["Calls", sid] => Resource::Call(sid),
        _ => return Err(not_found()),
    };
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
        _ => Err(RestError::method_not_allowed()),
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

/// The fault this request meets: the first scripted one that waits for its kind, else by rate.
fn next_fault(engine: &mut Engine, request: &RestRequest<'_>) -> Option<RestFault> {
    let (path, _) = split(request.path_and_query);
    let scripted = engine.scripted_rest_faults.iter().position(|(target, _)| {
        let post = request.method == "POST";
        match target {
            RestTarget::Any => true,
            RestTarget::Creates => post && path.ends_with("/Calls.json"),
            RestTarget::Updates => post && path.contains("/Calls/"),
            RestTarget::Reads => request.method == "GET",
        }
    });
    if let Some(index) = scripted {
        return engine
            .scripted_rest_faults
            .remove(index)
            .map(|(_, fault)| fault);
    }
    let fault = engine.faults.rest_fault?;
    let rate = engine.faults.rest;
    engine.seeded.chance(rate).then_some(fault)
}

fn mistreat(reply: RestReply, fault: RestFault) -> RestReply {
    match fault {
        RestFault::AnswerLate(after) => RestReply {
            delivery: ReplyDelivery::After(after),
            ..reply
        },
        RestFault::NeverAnswer | RestFault::Lost => RestReply {
            delivery: ReplyDelivery::Never,
            ..reply
        },
        RestFault::TooManyRequests => RestError::too_many_requests().reply(),
        RestFault::ServerError => RestError::internal().reply(),
        RestFault::BadGateway | RestFault::BadGatewayAfterwards => RestReply {
            status: 502,
            headers: vec![("Content-Type", "text/html".to_owned())],
            body: "<html><body>Bad Gateway</body></html>".to_owned(),
            delivery: ReplyDelivery::Now,
        },
    }
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
            delivery: ReplyDelivery::Now,
        }
    }

    /// 204: done, and nothing to say.
    pub(crate) fn no_content() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
            delivery: ReplyDelivery::Now,
        }
    }
}
