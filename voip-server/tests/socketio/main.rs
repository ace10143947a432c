//! Socket.IO: who hears of which call, over WebSocket and by polling, and what
//! no client can do to the others.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod bad_input;
mod client;
mod hearing;
mod javascript;
mod polling;
#[path = "../surface/mod.rs"]
mod surface;
mod tokens;

use serde_json::Value;
use surface::Running;

/// The simulator's number that rings on.
const RINGS: &str = "+15005550101";
/// The one that answers at once.
const ANSWERS: &str = "+15005550104";

/// The answer to whoever joins what cannot be told.
fn nothing() -> Value {
    serde_json::json!({ "callSid": null, "callStatus": null, "duration": null })
}

/// Calls `to`; its call id and sid.
async fn start(running: &Running, to: &str) -> (String, String) {
    let body = serde_json::json!({ "to": to, "from": "+15550001111" });
    let answer = running.post("/start-call", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let text = |name: &str| answer[name].as_str().expect("text").to_owned();
    (text("callId"), text("sid"))
}

async fn hang_up(running: &Running, call: &str) {
    let body = serde_json::json!({ "callId": call });
    let answer = running.post("/hangup", body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
