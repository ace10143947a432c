//! What the router answers where a handler cannot.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use http::{Method, Request};
use serde_json::Value;
use tower::ServiceExt as _;
use voip_core::{
    Plan,
    ports::{Notice, Reply, WebhookError, WebhookRequest, Webhooks},
};
use voip_server::{App, AppParts, auth::Auth, config::AuthMode, router};

use crate::house::House;

/// An adapter with a bug.
#[derive(Debug)]
struct Panicking;

impl Webhooks for Panicking {
    fn read<'a>(&self, _: &WebhookRequest<'a>) -> Result<Notice, WebhookError> {
        panic!("a bug")
    }

    fn write(&self, _: &Plan) -> Reply {
        panic!("a bug")
    }
}

async fn answer(app: &App, method: Method, path: &str) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::from("CallSid=CA1")).unwrap();
    let response = router(app.clone()).oneshot(request).await.unwrap();
    assert!(response.headers().contains_key("x-request-id"), "{path}");
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_handler_that_panics_is_an_answer_and_not_a_broken_connection() {
    let house = House::with_ann().await;
    let sound = &house.world.app.app;
    let app = App::new(AppParts {
        calls: sound.calls.clone(),
        users: sound.users.clone(),
        accounts: sound.accounts.clone(),
        logins: sound.logins,
        telephony: Arc::clone(&sound.telephony),
        webhooks: Arc::new(Panicking),
        hub: Arc::clone(&sound.hub),
        auth: Auth::new(AuthMode::Open, None),
        clock: Arc::clone(&sound.clock),
        dialer: sound.dialer.clone(),
        redis: None,
        limits: sound.limits,
        metrics: sound.metrics.clone(),
        stopping: sound.stopping.clone(),
        sockets: sound.sockets.clone(),
    });
    let (status, body) = answer(&app, Method::POST, "/twilio-status").await;
    assert_eq!((status, &body["code"]), (500, &"internal".into()), "{body}");
    assert!(!body.to_string().contains("bug"), "{body}");
}

#[tokio::test]
async fn a_webhooks_address_knows_one_method_as_every_other_does() {
    let house = House::with_ann().await;
    for path in ["/twilio-status", "/api/agent-join", "/api/login"] {
        let (status, body) = answer(&house.world.app.app, Method::DELETE, path).await;
        let expected = (405, &Value::from("method_not_allowed"));
        assert_eq!((status, &body["code"]), expected, "{path}: {body}");
    }
}
