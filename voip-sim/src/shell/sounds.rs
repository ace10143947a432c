//! The control interface: what is heard on a leg, and what is said beside the conversation.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::control::{Answer, done, json, parse_sid, read};
use super::drive::Shared;
use crate::browser::Command;
use crate::browser::Message;
use crate::engine::DriveError;
use crate::faults::Losses;
use crate::sound::{level, wav};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    content: Value,
    #[serde(default = "json_type")]
    content_type: String,
    #[serde(default = "user_defined")]
    message_type: String,
}

fn json_type() -> String {
    "application/json".to_owned()
}

fn user_defined() -> String {
    "user-defined-message".to_owned()
}

/// How loud what a leg heard of late was, in numbers.
pub(super) async fn ear(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let (samples, frames) = heard(&shared, &sid).await?;
    let pitches = [440.0, 480.0, 697.0, 770.0, 852.0, 941.0];
    let levels: Vec<_> = pitches
        .iter()
        .map(|hertz| json!({"hertz": hertz, "level": level::at(&samples, *hertz)}))
        .collect();
    let ear = json!({"frames": frames, "rms": level::rms(&samples), "levels": levels});
    Ok(json(StatusCode::OK, &ear))
}

/// The last two seconds of what a leg heard.
pub(super) async fn ear_file(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let (samples, _) = heard(&shared, &sid).await?;
    let kind = [(header::CONTENT_TYPE, "audio/wav")];
    Ok((kind, wav::file(&[&samples])).into_response())
}

/// What browsers lose on the way from now on.
pub(super) async fn set_losses(State(shared): State<Shared>, body: Bytes) -> Answer {
    let losses: Losses = read(&body)?;
    if let Some(exchange) = shared.exchange() {
        exchange.lose(losses);
    }
    Ok(done())
}

/// Says something to the browser of a leg, beside the conversation.
pub(super) async fn say(
    State(shared): State<Shared>,
    Path(sid): Path<String>,
    body: Bytes,
) -> Answer {
    let call = parse_sid(&sid)?;
    let said: Said = read(&body)?;
    let message = Message {
        id: format!("KX{}", uuid::Uuid::new_v4().as_simple()),
        content: said.content,
        content_type: said.content_type,
        kind: said.message_type,
    };
    let exchange = shared.exchange().ok_or(DriveError::UnknownCall)?;
    let ask = |reply| Command::Say {
        call,
        message,
        reply,
    };
    match exchange.ask(ask).await {
        Some(true) => Ok(done()),
        Some(false) | None => Err(DriveError::UnknownCall.into()),
    }
}

/// What the browser of a leg said beside the conversation.
pub(super) async fn said(State(shared): State<Shared>, Path(sid): Path<String>) -> Answer {
    let call = parse_sid(&sid)?;
    let exchange = shared.exchange().ok_or(DriveError::UnknownCall)?;
    let messages = exchange
        .ask(|reply| Command::Messages { call, reply })
        .await;
    let messages: Vec<_> = messages
        .unwrap_or_default()
        .into_iter()
        .map(|message| {
            json!({
                "id": message.id,
                "content": message.content,
                "content_type": message.content_type,
                "message_type": message.kind,
            })
        })
        .collect();
    Ok(json(StatusCode::OK, &json!({ "messages": messages })))
}

async fn heard(shared: &Shared, sid: &str) -> Result<(Vec<i16>, u64), super::control::Refusal> {
    let call = parse_sid(sid)?;
    let exchange = shared.exchange().ok_or(DriveError::UnknownCall)?;
    let heard = exchange.ask(|reply| Command::Heard { call, reply }).await;
    Ok(heard.flatten().ok_or(DriveError::UnknownCall)?)
}
