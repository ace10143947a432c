//! The log of the user who is logged in: read in pages, filtered, exported, and
//! changed by nobody else.

mod changes;
mod pages;
mod refusals;
#[path = "../surface/mod.rs"]
mod surface;

use reqwest::Method;
use serde_json::{Value, json};

use surface::leg::ALICE;
use surface::{Answer, Running, SECRET};

pub(crate) const RINGS: &str = "+15005550101";

pub(crate) const OTHER: &str = "+15005550104";

pub(crate) const UNKNOWN_CALL: (u16, &str) = (404, "unknown_call");

pub(crate) async fn house() -> Running {
    Running::with([("JWT_SECRET", SECRET)]).await
}

pub(crate) async fn ask(running: &Running, user: &str, method: Method, path: &str) -> Answer {
    let request = running.http.request(method, running.url(path));
    running
        .send(request.bearer_auth(running.user_token(user)))
        .await
}

pub(crate) async fn get(running: &Running, user: &str, path: &str) -> Answer {
    ask(running, user, Method::GET, path).await
}

pub(crate) async fn delete(running: &Running, user: &str, call: &str) -> Answer {
    let path = format!("/api/delete-call-log/{call}");
    ask(running, user, Method::DELETE, &path).await
}

pub(crate) async fn restore(running: &Running, user: &str, call: &str) -> Answer {
    let path = format!("/api/restore-call-log/{call}");
    ask(running, user, Method::POST, &path).await
}

pub(crate) async fn logs(running: &Running, user: &str, query: &str) -> Vec<Value> {
    let answer = get(running, user, &format!("/api/call-logs{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["success"], true);
    assert!(body["message"].is_string());
    body["logs"].as_array().expect("a list").clone()
}

/// A call that `user` has started; its id and the provider's name for it.
pub(crate) async fn started(running: &Running, user: &str, to: &str) -> (String, String) {
    let request = running.http.post(running.url("/start-call"));
    let request = request.json(&json!({"to": to, "from": ALICE}));
    let answer = running
        .send(request.bearer_auth(running.user_token(user)))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.text("callId"), answer.text("sid"))
}

pub(crate) async fn end(running: &Running, user: &str, sid: &str) {
    let request = running.http.post(running.url("/api/end-call"));
    let request = request.json(&json!({"callSid": sid}));
    let answer = running
        .send(request.bearer_auth(running.user_token(user)))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}
