//! The HTTP server: both interfaces on one port.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::drive::Shared;
use super::guard::Guard;
use super::operations::operations;
use super::{control, inspector, rest};

/// Serves until told to stop. Requests that are being answered late are let go at once then.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, stopping: CancellationToken) {
    let guard = Guard::of(listener.local_addr().ok());
    let router = router(shared, guard, stopping.clone());
    let served = axum::serve(listener, router)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the simulator's server ended");
    }
}

fn router(shared: Shared, guard: Guard, stopping: CancellationToken) -> Router {
    let mut control = inspector::routes();
    for operation in operations() {
        control = control.route(operation.path, operation.handler);
    }
    let control = control.layer(middleware::from_fn(move |request: Request, next: Next| {
        guard.clone().let_in(request, next)
    }));
    Router::new()
        .route("/2010-04-01/{*resource}", any(rest::answer))
        .merge(control)
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
