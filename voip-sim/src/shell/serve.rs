//! The HTTP server: both interfaces on one port.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post, put};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::drive::Shared;
use super::{clients, control, rest};

/// Serves until told to stop. Requests that are being answered late are let go at once then.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, stopping: CancellationToken) {
    let router = router(shared, stopping.clone());
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the simulator's server ended");
    }
}

fn router(shared: Shared, stopping: CancellationToken) -> Router {
    Router::new()
        .route("/2010-04-01/{*resource}", any(rest::answer))
        .route("/sim/calls", get(control::calls).post(control::place_call))
        .route("/sim/calls/{sid}", get(control::call))
        .route("/sim/calls/{sid}/hangup", post(control::hang_up))
        .route("/sim/calls/{sid}/answer", post(control::pick_up))
        .route("/sim/calls/{sid}/reject", post(control::reject))
        .route("/sim/calls/{sid}/ignore", post(control::ignore))
        .route("/sim/calls/{sid}/digits", post(control::press))
        .route("/sim/phones/{number}", put(control::set_phone))
        .route(
            "/sim/clients/{identity}",
            put(clients::set).delete(clients::unregister),
        )
        .route(
            "/sim/clients/{identity}/registration",
            put(clients::register),
        )
        .route(
            "/sim/clients/{identity}/calls",
            get(clients::calls).post(clients::place_call),
        )
        .route("/sim/conferences", get(control::rooms))
        .route("/sim/orphans", get(control::orphans))
        .route("/sim/application", put(control::set_application))
        .route("/sim/number", put(control::set_number))
        .route("/sim/faults", put(control::set_faults))
        .route("/sim/rest-faults", post(control::fail_next_rest))
        .route("/sim/limits", put(control::set_limits))
        .route("/sim/webhooks", get(control::webhooks))
        .route("/sim/reset", post(control::reset))
        .fallback(control::not_found)
        .method_not_allowed_fallback(control::method_not_allowed)
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            until_stopped(stopping.clone(), request, next)
        }))
        .with_state(shared)
}

/// A stalled answer must not keep the server from stopping.
async fn until_stopped(stopping: CancellationToken, request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = stopping.cancelled() => control::stopping().into_response(),
    }
}
