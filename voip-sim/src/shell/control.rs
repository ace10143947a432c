//! The control interface: what people at the far ends do, and what an onlooker sees.

use std::num::NonZeroU32;

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::drive::Shared;
use crate::address::is_e164;
use crate::choices::Choices;
use crate::engine::{DriveError, Surplus};
use crate::faults::Faults;
use crate::inspect::Status;
use crate::phone::PhoneScript;
use crate::scripts::{self, Script};
use crate::seed::{
    ApplicationSeed, NextFault, NextWebhookFault, NumberSeed, PhoneSeed, Seed, SeedError,
};
use crate::sid::CallSid;
use crate::webhook::WebhookId;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    status: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    /// Null for no limit.
    calls_per_second: Option<NonZeroU32>,
    /// What becomes of calls above it; left out, that stays as it is.
    surplus: Option<Surplus>,
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
    let calls = shared.look(|engine, _| engine.calls());
    json(StatusCode::OK, &serde_json::json!({ "calls": calls }))
}

pub(super) async fn call(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let sid = parse_sid(&sid)?;
    let call = shared
        .look(|engine, _| engine.call(&sid))
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
    if !is_e164(&number) && !number.starts_with("sip:") {
        return Err(DriveError::BadNumber.into());
    }
    let script = script(&body)?;
    shared.turn(|engine, _| engine.set_phone(number, script));
    Ok(done())
}

pub(super) async fn speak(
    State(shared): State<Shared>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Answer {
    let sid = parse_sid(&sid)?;
    let words: Words = read(&body)?;
    shared.turn(|engine, now| engine.speak(now, &sid, &words.text))?;
    Ok(done())
}

/// Tells the application a status, whether or not the leg has it.
pub(super) async fn trigger(
    State(shared): State<Shared>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Answer {
    let sid = parse_sid(&sid)?;
    let told: Told = read(&body)?;
    let status = match told.status.as_str() {
        "initiated" => Some(Status::Initiated),
        word => Status::parse(word),
    };
    let status = status.ok_or_else(|| bad("bad_status", "a status of a call, please"))?;
    let made = shared.turn(|engine, now| engine.trigger(now, &sid, status))?;
    Ok(json(
        StatusCode::OK,
        &serde_json::json!({ "webhook": made }),
    ))
}

/// Makes a webhook once more.
pub(super) async fn replay(State(shared): State<Shared>, Path(id): Path<String>) -> Answer {
    let id = id.parse().map_err(|_| DriveError::UnknownWebhook)?;
    let made = shared.turn(|engine, now| engine.replay(now, WebhookId(id)))?;
    Ok(json(
        StatusCode::OK,
        &serde_json::json!({ "webhook": made }),
    ))
}

/// How the simulated provider is set up; no secrets.
pub(super) async fn settings(State(shared): State<Shared>) -> Response {
    json(StatusCode::OK, &shared.look(|engine, _| engine.settings()))
}

/// Replaces what the account's numbers do; what is left out is unset.
pub(super) async fn set_number(State(shared): State<Shared>, body: Bytes) -> Answer {
    let number = read::<NumberSeed>(&body)?.config()?;
    shared.turn(|engine, _| engine.set_number(number));
    Ok(done())
}

/// Replaces the TwiML App that voice clients call through.
pub(super) async fn set_application(State(shared): State<Shared>, body: Bytes) -> Answer {
    let application = read::<ApplicationSeed>(&body)?.application()?;
    shared.turn(|engine, _| engine.set_application(Some(application)));
    Ok(done())
}

/// Sets up what a seed says; the rest stays as it is.
pub(super) async fn plant(State(shared): State<Shared>, body: Bytes) -> Answer {
    let seed = Seed::parse(&body)?;
    shared.turn(|engine, _| engine.plant(seed))?;
    Ok(done())
}

pub(super) async fn scripts() -> Response {
    let script =
        |script: Script| serde_json::json!({ "name": script.name, "summary": script.summary });
    let scripts: Vec<_> = scripts::ALL.into_iter().map(script).collect();
    json(StatusCode::OK, &serde_json::json!({ "scripts": scripts }))
}

/// Sets up the circumstances of a named script.
pub(super) async fn run_script(State(shared): State<Shared>, Path(name): Path<String>) -> Answer {
    let unknown = || {
        let status = StatusCode::NOT_FOUND;
        refusal(status, "unknown_script", "there is no such script")
    };
    let script = scripts::named(&name).ok_or_else(unknown)?;
    shared.turn(|engine, _| engine.run_script(script))?;
    Ok(done())
}

pub(super) async fn set_faults(State(shared): State<Shared>, body: Bytes) -> Answer {
    let faults: Faults = read(&body)?;
    faults.check()?;
    shared.turn(|engine, _| engine.set_faults(faults));
    Ok(done())
}

/// Replaces what is done where the vendor is silent; what is left out is as the manual says.
pub(super) async fn set_choices(State(shared): State<Shared>, body: Bytes) -> Answer {
    let choices: Choices = read(&body)?;
    shared.turn(|engine, _| engine.set_choices(choices));
    Ok(done())
}

pub(super) async fn fail_next_rest(State(shared): State<Shared>, body: Bytes) -> Answer {
    let next: NextFault = read(&body)?;
    next.fault.check()?;
    shared.turn(|engine, _| engine.next_rest_fault(next));
    Ok(done())
}

pub(super) async fn fail_next_webhook(State(shared): State<Shared>, body: Bytes) -> Answer {
    let next: NextWebhookFault = read(&body)?;
    next.fault.check()?;
    shared.turn(|engine, _| engine.next_webhook_fault(next));
    Ok(done())
}

pub(super) async fn set_limits(State(shared): State<Shared>, body: Bytes) -> Answer {
    let limits: Limits = read(&body)?;
    shared.turn(|engine, _| {
        engine.set_calls_per_second(limits.calls_per_second);
        if let Some(surplus) = limits.surplus {
            engine.set_surplus(surplus);
        }
    });
    Ok(done())
}

pub(super) async fn rooms(State(shared): State<Shared>) -> Response {
    let rooms = shared.look(|engine, _| engine.rooms());
    json(StatusCode::OK, &serde_json::json!({ "conferences": rooms }))
}

pub(super) async fn orphans(State(shared): State<Shared>) -> Response {
    let orphans = shared.look(|engine, now| engine.orphans(now));
    json(StatusCode::OK, &serde_json::json!({ "orphans": orphans }))
}

pub(super) async fn webhooks(State(shared): State<Shared>) -> Response {
    let webhooks = shared.look(|engine, _| engine.webhooks());
    json(StatusCode::OK, &serde_json::json!({ "webhooks": webhooks }))
}

pub(super) async fn recordings(State(shared): State<Shared>) -> Response {
    let recordings = shared.look(|engine, _| engine.recordings());
    let recordings = serde_json::json!({ "recordings": recordings });
    json(StatusCode::OK, &recordings)
}

/// Everything that is known.
pub(super) async fn export(State(shared): State<Shared>) -> Response {
    let known = shared.look(|engine, _| {
        serde_json::json!({
            "calls": engine.calls(),
            "conferences": engine.rooms(),
            "recordings": engine.recordings(),
            "webhooks": engine.webhooks(),
            "journal": engine.journal(0, usize::MAX),
        })
    });
    json(StatusCode::OK, &known)
}

pub(super) async fn reset(State(shared): State<Shared>) -> Response {
    shared.turn(|engine, now| engine.reset(now));
    done()
}

/// A page of another site in somebody's browser may not drive the simulator.
pub(super) fn foreign() -> Refusal {
    let error = "requests of other sites, and for other hosts, are not answered";
    refusal(StatusCode::FORBIDDEN, "foreign", error)
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
            DriveError::UnknownCall | DriveError::UnknownWebhook => StatusCode::NOT_FOUND,
            DriveError::Over | DriveError::NotRinging | DriveError::NotAnswered => {
                StatusCode::CONFLICT
            }
            DriveError::NoApplication | DriveError::NoCallback => StatusCode::CONFLICT,
            DriveError::BadNumber
            | DriveError::BadIdentity
            | DriveError::BadKey
            | DriveError::NoWords => StatusCode::BAD_REQUEST,
        };
        refusal(status, error.code(), &error.to_string())
    }
}

impl From<SeedError> for Refusal {
    fn from(error: SeedError) -> Self {
        bad(error.code(), &error.to_string())
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
    Ok(read::<PhoneSeed>(body)?.script()?)
}

pub(super) fn parse_sid(text: &str) -> Result<CallSid, Refusal> {
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
