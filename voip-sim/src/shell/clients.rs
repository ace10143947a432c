//! The control interface: voice clients, as callers and as callees.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::control::{Answer, done, json, read, script};
use super::drive::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewCall {
    #[serde(default)]
    parameters: BTreeMap<String, String>,
}

/// Scripts a voice client.
pub(super) async fn set(
    State(shared): State<Shared>,
    Path(identity): Path<String>,
    body: Bytes,
) -> Answer {
    let script = script(&body)?;
    shared.turn(|engine, _| engine.set_client(identity, script));
    Ok(done())
}

/// A voice client places a call through the TwiML App.
pub(super) async fn place_call(
    State(shared): State<Shared>,
    Path(identity): Path<String>,
    body: Bytes,
) -> Answer {
    let new: NewCall = read(&body)?;
    let parameters: Vec<_> = new.parameters.into_iter().collect();
    let sid = shared.turn(|engine, now| engine.place_client_call(now, &identity, &parameters))?;
    Ok(json(
        StatusCode::CREATED,
        &serde_json::json!({ "sid": sid }),
    ))
}

/// The client signs in; calls to it ring until it answers, declines or the caller gives up.
pub(super) async fn register(
    State(shared): State<Shared>,
    Path(identity): Path<String>,
) -> Response {
    shared.turn(|engine, _| engine.register_client(identity));
    done()
}

/// The client signs out.
pub(super) async fn unregister(
    State(shared): State<Shared>,
    Path(identity): Path<String>,
) -> Response {
    shared.turn(|engine, _| engine.unregister_client(identity));
    done()
}

/// The client's legs, and what each shows its user.
pub(super) async fn calls(State(shared): State<Shared>, Path(identity): Path<String>) -> Response {
    let calls: Vec<_> = shared
        .look(|engine, _| engine.client_calls(&identity))
        .into_iter()
        .map(|call| serde_json::json!({ "state": call.client_state(), "call": call }))
        .collect();
    json(StatusCode::OK, &serde_json::json!({ "calls": calls }))
}
