//! The control interface: what people at the far ends do, and what an onlooker sees.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::drive::Shared;
use crate::address::is_e164;
use crate::engine::{Application, DriveError, NumberConfig};
use crate::faults::{Faults, RestFault, RestTarget};
use crate::phone::{Outcome, PhoneScript};
use crate::sid::{CallSid, is_sid};
use crate::twiml::Method;

/// A refusal: an HTTP status, a stable word, and a sentence.
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    error: String,
}

pub(super) type Answer = Result<Response, Refusal>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCall {
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    digits: String,
}

/// A telephone's script; everything but the outcome may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    outcome: Outcome,
    ring_seconds: Option<f64>,
    hang_up_after_seconds: Option<f64>,
    press: Option<Press>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    after_seconds: f64,
    keys: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Number {
    voice_url: Option<String>,
    voice_method: Option<String>,
    fallback_url: Option<String>,
    fallback_method: Option<String>,
    status_url: Option<String>,
    status_method: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewApplication {
    sid: String,
    voice: Number,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NextFault {
    on: RestTarget,
    fault: RestFault,
    #[serde(default = "once")]
    times: u16,
    /// Only requests whose path has this SID.
    about: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// Null for no limit.
    calls_per_second: Option<NonZeroU32>,
}

fn once() -> u16 {
    1
}

pub(super) async fn place_call(State(shared): State<Shared>, body: Bytes) -> Answer {
    let new: NewCall = read(&body)?;
    let sid = shared.turn(|engine, now| engine.place_call(now, &new.from, &new.to))?;
    Ok(json(
        StatusCode::CREATED,
        &serde_json::json!({ "sid": sid }),
    ))
}

pub(super) async fn calls(State(shared): State<Shared>) -> Response {
    let calls = shared.turn(|engine, _| engine.calls());
    json(StatusCode::OK, &serde_json::json!({ "calls": calls }))
}

pub(super) async fn call(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    let call = shared
        .turn(|engine, _| engine.call(&sid))
        .ok_or(DriveError::UnknownCall)?;
    Ok(json(StatusCode::OK, &call))
}

pub(super) async fn hang_up(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    shared.turn(|engine, now| engine.hang_up(now, &sid))?;
    Ok(done())
}

pub(super) async fn pick_up(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    shared.turn(|engine, now| engine.pick_up(now, &sid))?;
    Ok(done())
}

pub(super) async fn reject(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    shared.turn(|engine, now| engine.reject(now, &sid))?;
    Ok(done())
}

pub(super) async fn ignore(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    shared.turn(|engine, now| engine.ignore(now, &sid))?;
    Ok(done())
}

pub(super) async fn press(
    State(shared): State<Shared>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Answer {
    let sid = parse_sid(&sid)?;
    let keys: Keys = read(&body)?;
    shared.turn(|engine, now| engine.press(now, &sid, &keys.digits))?;
    Ok(done())
}

pub(super) async fn set_phone(
    State(shared): State<Shared>,
    Path(number): Path<String>,
    body: Bytes,
) -> Answer {
    if !is_e164(&number) {
        return Err(DriveError::BadNumber.into());
    }
    let script = script(&body)?;
    shared.turn(|engine, _| engine.set_phone(number, script));
    Ok(done())
}

/// Replaces what the account's numbers do; what is left out is unset.
pub(super) async fn set_number(State(shared): State<Shared>, body: Bytes) -> Answer {
    let number = number(read(&body)?)?;
    shared.turn(|engine, _| engine.set_number(number));
    Ok(done())
}

/// Replaces the TwiML App that voice clients call through.
pub(super) async fn set_application(State(shared): State<Shared>, body: Bytes) -> Answer {
    let application: NewApplication = read(&body)?;
    if !is_sid("AP", &application.sid) {
        return Err(bad("bad_sid", "AP and 32 hex digits, please"));
    }
    let application = Application {
        sid: application.sid,
        voice: number(application.voice)?,
    };
    shared.turn(|engine, _| engine.set_application(Some(application)));
    Ok(done())
}

fn number(number: Number) -> Result<NumberConfig, Refusal> {
    let method = |word: Option<String>| match word {
        None => Ok(Method::Post),
        Some(word) => Method::parse(&word).ok_or_else(|| bad("bad_method", "GET or POST, please")),
    };
    Ok(NumberConfig {
        voice_url: number.voice_url,
        voice_method: method(number.voice_method)?,
        fallback_url: number.fallback_url,
        fallback_method: method(number.fallback_method)?,
        status_url: number.status_url,
        status_method: method(number.status_method)?,
    })
}

pub(super) async fn set_faults(State(shared): State<Shared>, body: Bytes) -> Answer {
    let faults: Faults = read(&body)?;
    shared.turn(|engine, _| engine.set_faults(faults));
    Ok(done())
}

pub(super) async fn fail_next_rest(State(shared): State<Shared>, body: Bytes) -> Answer {
    let next: NextFault = read(&body)?;
    let times = next.times.into();
    shared.turn(|engine, _| match next.about {
        None => engine.fail_next_rest(next.on, next.fault, times),
        Some(sid) => engine.fail_next_rest_about(sid, next.on, next.fault, times),
    });
    Ok(done())
}

pub(super) async fn set_limits(State(shared): State<Shared>, body: Bytes) -> Answer {
    let limits: Limits = read(&body)?;
    shared.turn(|engine, _| engine.set_calls_per_second(limits.calls_per_second));
    Ok(done())
}

pub(super) async fn rooms(State(shared): State<Shared>) -> Response {
    let rooms = shared.turn(|engine, _| engine.rooms());
    json(StatusCode::OK, &serde_json::json!({ "conferences": rooms }))
}

pub(super) async fn orphans(State(shared): State<Shared>) -> Response {
    let orphans = shared.turn(|engine, now| engine.orphans(now));
    json(StatusCode::OK, &serde_json::json!({ "orphans": orphans }))
}

pub(super) async fn webhooks(State(shared): State<Shared>) -> Response {
    let webhooks = shared.turn(|engine, _| engine.webhooks());
    json(StatusCode::OK, &serde_json::json!({ "webhooks": webhooks }))
}

pub(super) async fn reset(State(shared): State<Shared>) -> Response {
    shared.turn(|engine, _| engine.reset());
    done()
}

pub(super) async fn not_found() -> Refusal {
    refusal(StatusCode::NOT_FOUND, "not_found", "there is nothing here")
}

pub(super) async fn method_not_allowed() -> Refusal {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    refusal(status, "method_not_allowed", "not with this method")
}

pub(super) fn stopping() -> Refusal {
    refusal(
        StatusCode::SERVICE_UNAVAILABLE,
        "stopping",
        "the simulator is stopping",
    )
}

impl From<DriveError> for Refusal {
    fn from(error: DriveError) -> Self {
        let status = match error {
            DriveError::UnknownCall => StatusCode::NOT_FOUND,
            DriveError::Over | DriveError::NotRinging | DriveError::NotAnswered => {
                StatusCode::CONFLICT
            }
            DriveError::NoApplication => StatusCode::CONFLICT,
            DriveError::BadNumber | DriveError::BadIdentity | DriveError::BadKey => {
                StatusCode::BAD_REQUEST
            }
        };
        refusal(status, error.code(), &error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = serde_json::json!({ "error": self.error, "code": self.code });
        json(self.status, &body)
    }
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| bad("bad_json", &error.to_string()))
}

pub(super) fn script(body: &[u8]) -> Result<PhoneScript, Refusal> {
    let script: Script = read(body)?;
    let seconds = |value: f64| {
        Duration::try_from_secs_f64(value)
            .ok()
            .filter(|span| *span <= Duration::from_secs(86_400))
            .ok_or_else(|| bad("bad_duration", "from 0 to 86400 seconds, please"))
    };
    let rings = matches!(script.outcome, Outcome::Answer | Outcome::Reject);
    let default_ring = if rings { 1.0 } else { 0.0 };
    Ok(PhoneScript {
        ring: seconds(script.ring_seconds.unwrap_or(default_ring))?,
        outcome: script.outcome,
        hang_up_after: script.hang_up_after_seconds.map(seconds).transpose()?,
        press: match script.press {
            None => None,
            Some(press) => Some((seconds(press.after_seconds)?, press.keys)),
        },
    })
}

fn parse_sid(text: &str) -> Result<CallSid, Refusal> {
    CallSid::parse(text).ok_or_else(|| DriveError::UnknownCall.into())
}

fn bad(code: &'static str, error: &str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, code, error)
}

fn refusal(status: StatusCode, code: &'static str, error: &str) -> Refusal {
    Refusal {
        status,
        code,
        error: error.to_owned(),
    }
}

pub(super) fn done() -> Response {
    json(StatusCode::OK, &serde_json::json!({ "ok": true }))
}

pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    let body = serde_json::to_vec(value).expect("views and texts are always JSON");
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let media_type = header::HeaderValue::from_static("application/json");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}
