//! The HTTP server: both interfaces on one port.

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::cut::{CutListener, Scissors};
use super::drive::Shared;
use super::guard::Guard;
use super::operations::operations;
use super::{control, inspector, rest};

/// Serves until told to stop. Requests that are being answered late are let go at once then.
pub(crate) async fn serve(listener: TcpListener, shared: Shared, stopping: CancellationToken) {
    let guard = Guard::of(listener.local_addr().ok());
    let router = router(shared, guard, stopping.clone());
    #[cfg(feature = "media")]
    let listener = match super::listener::BothListener::new(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the simulator has no certificate"),
    };
    let router = router.into_make_service_with_connect_info::<Scissors>();
    let served = axum::serve(CutListener(listener), router)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await;
    if let Err(error) = served {
        tracing::error!(%error, "the simulator's server ended");
    }
}

fn router(shared: Shared, guard: Guard, stopping: CancellationToken) -> Router {
    let (mut control, mut open) = (inspector::routes(), Router::new());
    for operation in operations() {
        let router = match operation.guarded {
            true => &mut control,
            false => &mut open,
        };
        *router = std::mem::take(router).route(operation.path, operation.handler);
    }
    // Whoever knows the default token could drive calls through a name that points here.
    let control = control.route("/2010-04-01/{*resource}", any(rest::answer));
    let control = control.layer(middleware::from_fn(move |request: Request, next: Next| {
        guard.clone().let_in(request, next)
    }));
    let router = Router::new();
    #[cfg(feature = "media")]
    let router = browsers(router);
    router
        .merge(open)
        .merge(control)
        .fallback(control::not_found)
        .method_not_allowed_fallback(control::method_not_allowed)
        .layer(middleware::from_fn(move |request: Request, next: Next| {
            until_stopped(stopping.clone(), request, next)
        }))
        .with_state(shared)
}

/// What browsers ask for. Who they are they say by their tokens.
#[cfg(feature = "media")]
fn browsers(router: Router<Shared>) -> Router<Shared> {
    use super::{asides, signal};
    use axum::routing::{get, post};

    let analytics = || post(asides::analytics).options(asides::may_tell);
    router
        .route("/signal", get(signal::signal))
        .route(
            "/js/client/sounds/releases/1.0.0/{name}",
            get(asides::sound).options(asides::may_tell),
        )
        .route("/v4/EndpointEvents", analytics())
        .route("/v4/EndpointMetrics", analytics())
}

/// A stalled answer must not keep the server from stopping.
async fn until_stopped(stopping: CancellationToken, request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = stopping.cancelled() => control::stopping().into_response(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use tower::ServiceExt as _;

    use super::*;
    use crate::engine::EngineConfig;

    /// Else every onlooker would wake the driver, and all who wait for a change.
    #[tokio::test]
    async fn looking_changes_nothing() {
        let shared = Shared::new(EngineConfig::new("AC", "t"));
        let router = router(shared.clone(), Guard::of(None), CancellationToken::new());
        let changes = shared.changes();
        let reads = operations().into_iter().filter(|it| it.method == "get");
        for operation in reads {
            let sid = "CA000000000000000000000000000000b1";
            let path = operation.path.replace("{sid}", sid);
            let request = Request::get(path.replace("{identity}", "ann"));
            let request = request.body(Body::empty()).unwrap();
            router.clone().oneshot(request).await.unwrap();
            assert!(!changes.has_changed().unwrap(), "{path}");
        }
    }
}
