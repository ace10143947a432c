//! The whole API on one page.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{any, delete, get, post},
};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, StatusCode};
use tracing::Instrument;
use uuid::Uuid;

use crate::{
    App, api,
    api::ApiError,
    asyncapi, auth, dialer,
    lingering::Rest,
    metrics, openapi, socket,
    socketio::{self, Desk},
    webhooks,
};

/// Everything the server answers on `PORT`, to be served or nested in a router
/// of your own.
///
/// Background work (events, deadlines) is not the router's; see
/// [`Background`](crate::Background).
pub fn router(app: App) -> Router {
    let desk = Desk::new(app.clone());
    let routes = Router::new()
        // Clients.
        .route("/start-call", post(api::start_call))
        .route("/connect-call", post(api::connect_call))
        .route("/hangup", post(api::hangup))
        .route("/api/register-user", post(api::register_user))
        .route("/api/call-logs/{user}", get(api::call_logs))
        .route("/api/call-logs", get(api::own_call_logs))
        .route("/api/call-logs.csv", get(api::call_log_csv))
        .route("/api/delete-call-log/{call}", delete(api::delete_call_log))
        .route("/api/restore-call-log/{call}", post(api::restore_call_log))
        .route("/api/delete-call-log/", delete(api::no_call_named))
        .route("/api/restore-call-log/", post(api::no_call_named))
        .route("/api/end-call", post(api::end_call))
        .route("/api/hold-call", post(api::hold_call))
        .route("/api/unhold-call", post(api::unhold_call))
        .route("/api/signup", post(api::signup))
        .route("/api/login", post(api::login))
        .route("/api/getToken", get(api::get_token))
        .route("/api/calls/{call}", get(api::call))
        .route("/api/session", get(api::session).post(api::renew_session))
        .route("/api/logout", post(api::logout))
        .route("/api/phone", get(api::phone))
        .route("/ws", get(socket::upgrade))
        .route(
            socketio::PATH,
            any(move |request: Request| Arc::clone(&desk).serve(request)),
        )
        // Operators.
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(openapi::page))
        .route("/docs/", get(openapi::page_index))
        .route("/docs/{file}", get(openapi::page_file))
        .route("/asyncapi.json", get(asyncapi::document))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        // People: the web dialer.
        .merge(dialer::routes())
        .route("/metrics", get(metrics::metrics))
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_path)
        .layer(middleware::from_fn_with_state(app.clone(), auth::session))
        .merge(webhook_routes());
    around(routes, app)
}

/// What the provider calls. It has no session, so nobody looks for one.
fn webhook_routes() -> Router<App> {
    Router::new()
        .route(voip_twilio::STATUS_PATH, post(webhooks::status))
        .route(voip_twilio::INBOUND_PATH, post(webhooks::inbound))
        .route(voip_twilio::VOICE_PATH, post(webhooks::voice))
        .route(voip_twilio::CONNECT_PATH, post(webhooks::connect))
        .route(voip_twilio::BRIDGE_ENDED_PATH, post(webhooks::bridge_ended))
        .route(voip_twilio::AGENT_JOIN_PATH, post(webhooks::agent_join))
        .route(voip_twilio::CALL_STATUS_PATH, post(webhooks::call_status))
        .route("/api/call-status/{user}", post(webhooks::call_status))
        .route(voip_twilio::CALL_EVENTS_PATH, post(webhooks::call_events))
        .route(voip_twilio::DIAL_ACTION_PATH, post(webhooks::dial_action))
        .route(
            voip_twilio::CONFERENCE_EVENTS_PATH,
            post(webhooks::conference_events),
        )
        .method_not_allowed_fallback(wrong_method)
}

/// Everything the server answers on `WS_PORT`: a WebSocket, whatever the path.
pub fn socket_router(app: App) -> Router {
    let routes = Router::new().fallback(socket::upgrade);
    around(routes, app)
}

fn around(routes: Router<App>, app: App) -> Router {
    routes
        .layer(middleware::from_fn_with_state(app.clone(), attend))
        .with_state(app)
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every request gets: an id, a limit of time, a line in the log, and an
/// answer even where its handler panics.
async fn attend(State(app): State<App>, request: Request<Body>, next: Next) -> Response {
    let given = request
        .headers()
        .get(&REQUEST_ID)
        .filter(|id| id.len() <= 128)
        .cloned();
    let id = given.unwrap_or_else(fresh_id);
    let span = tracing::info_span!(
        "request",
        id = id.to_str().unwrap_or("-"),
        method = %request.method(),
        path = route(request.uri().path()),
    );
    let limit = patience(&app, request.uri().path());
    // Timed where the figures want it, so that other requests do not pay.
    let webhook = is_the_providers(request.uri().path())
        .then(|| (route(request.uri().path()), Instant::now()));
    let (request, rest) = Rest::of(request);
    // Not by a layer of its own, which would cost every request one more box.
    let handled = AssertUnwindSafe(next.run(request)).catch_unwind();
    let answer = tokio::time::timeout(limit, handled.instrument(span.clone())).await;
    let mut response = match answer {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => span.in_scope(|| panicked().into_response()),
        Err(_too_late) => too_slow(limit).into_response(),
    };
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    if let Some((path, began)) = webhook {
        let status = response.status().as_u16();
        app.metrics.webhook(path, status, began.elapsed());
    }
    response.headers_mut().insert(REQUEST_ID, id);
    if let Some(rest) = rest {
        rest.read_out(app.limits.body_bytes, &mut response).await;
    }
    response
}

fn fresh_id() -> HeaderValue {
    let mut text = [0; uuid::fmt::Simple::LENGTH];
    let text = Uuid::now_v7().as_simple().encode_lower(&mut text);
    HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-"))
}

/// The path as the log may show it: whose log is asked for is personal, and
/// what is not ours may hold anything.
fn route(path: &str) -> &'static str {
    const ROUTES: &[&str] = &[
        "/start-call",
        "/connect-call",
        "/hangup",
        "/api/register-user",
        "/api/call-logs",
        "/api/call-logs.csv",
        "/api/end-call",
        "/api/hold-call",
        "/api/unhold-call",
        "/api/signup",
        "/api/login",
        "/api/getToken",
        "/api/session",
        "/api/logout",
        "/api/phone",
        "/ws",
        voip_twilio::AGENT_JOIN_PATH,
        voip_twilio::CALL_STATUS_PATH,
        voip_twilio::CALL_EVENTS_PATH,
        voip_twilio::DIAL_ACTION_PATH,
        voip_twilio::CONFERENCE_EVENTS_PATH,
        socketio::PATH,
        voip_twilio::STATUS_PATH,
        voip_twilio::INBOUND_PATH,
        voip_twilio::VOICE_PATH,
        voip_twilio::CONNECT_PATH,
        voip_twilio::BRIDGE_ENDED_PATH,
        "/openapi.json",
        "/docs",
        "/docs/",
        "/asyncapi.json",
        "/healthz",
        "/readyz",
        "/metrics",
    ];
    match ROUTES.iter().find(|route| **route == path) {
        Some(route) => route,
        None if path.starts_with("/api/call-logs/") => "/api/call-logs/{user}",
        None if path.starts_with("/api/delete-call-log/") => "/api/delete-call-log/{call}",
        None if path.starts_with("/api/restore-call-log/") => "/api/restore-call-log/{call}",
        None if path.starts_with("/api/calls/") => "/api/calls/{call}",
        None if path.starts_with("/docs/") => "/docs/{file}",
        None if path.starts_with("/api/call-status/") => "/api/call-status/{user}",
        None => dialer::is_page(path).unwrap_or("-"),
    }
}

/// How long an answer may take: a webhook's less than the provider waits. A
/// Socket.IO client without a WebSocket asks for news and waits until there is
/// some, or until it is asked whether it is still there.
fn patience(app: &App, path: &str) -> Duration {
    let limit = app.limits.request_time;
    if path == socketio::PATH {
        limit.max(Duration::from_secs(60))
    } else if is_the_providers(path) {
        limit.min(WEBHOOK_TIME)
    } else {
        limit
    }
}

/// How long a webhook may take: less than the provider waits (15 s), so that it
/// is told that its news was not taken.
const WEBHOOK_TIME: Duration = Duration::from_secs(9);

/// Whether the provider calls this path.
fn is_the_providers(path: &str) -> bool {
    const ROUTES: [&str; 10] = [
        voip_twilio::STATUS_PATH,
        voip_twilio::INBOUND_PATH,
        voip_twilio::VOICE_PATH,
        voip_twilio::CONNECT_PATH,
        voip_twilio::BRIDGE_ENDED_PATH,
        voip_twilio::AGENT_JOIN_PATH,
        voip_twilio::CALL_STATUS_PATH,
        voip_twilio::CALL_EVENTS_PATH,
        voip_twilio::DIAL_ACTION_PATH,
        voip_twilio::CONFERENCE_EVENTS_PATH,
    ];
    ROUTES.contains(&path) || path.starts_with("/api/call-status/")
}

fn panicked() -> ApiError {
    tracing::error!("a request handler panicked");
    ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal",
        "something went wrong on our side",
    )
}

fn too_slow(limit: Duration) -> ApiError {
    let message = format!("the request took longer than {} s", limit.as_secs());
    ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "timeout", message)
        .retry_after(Duration::from_secs(1))
}

async fn no_such_path() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing at this path",
    )
}

async fn wrong_method() -> ApiError {
    let message = "this path does not take this method";
    ApiError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_shows_routes_and_nothing_that_clients_made_up() {
        for (path, shown) in [
            ("/start-call", "/start-call"),
            (voip_twilio::STATUS_PATH, voip_twilio::STATUS_PATH),
            ("/api/call-logs/%2B15550001111", "/api/call-logs/{user}"),
            ("/start-call/+15550001111", "-"),
            ("/+15550001111", "-"),
        ] {
            assert_eq!(route(path), shown);
        }
    }
}
