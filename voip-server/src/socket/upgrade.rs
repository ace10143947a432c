use std::time::Duration;

use axum::{
    extract::{FromRequestParts, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode, header};

use super::connection;
use crate::{App, api::ApiError, auth::bearer, listener::Place};

/// Idle sockets pay for their buffers all day: 512 bytes hold every message of
/// ours, and larger ones grow theirs for as long as they need it.
const READ_BUFFER: usize = 512;

/// When to come back where too many sockets are open.
const CROWDED: Duration = Duration::from_secs(5);

/// `GET /ws`: turns the request into a WebSocket.
///
/// # Errors
/// 426 for a request that asks for no WebSocket, 503 where as many sockets are
/// open as may be.
#[utoipa::path(
    get,
    path = "/ws",
    tag = "real time",
    responses(
        (status = 101, description = "A WebSocket; its messages are in /asyncapi.json."),
        (status = 426, description = "`websocket_only`"),
        (status = 503, description = "`too_many_sockets`"),
    ),
)]
pub(crate) async fn upgrade(
    State(app): State<App>,
    request: Request<axum::body::Body>,
) -> Result<Response, ApiError> {
    let (mut parts, _) = request.into_parts();
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|_| {
            let message = "this address speaks WebSocket only";
            ApiError::new(StatusCode::UPGRADE_REQUIRED, "websocket_only", message)
        })?;
    // The page's, which no script of it can read.
    let shown = parts.headers.get(header::AUTHORIZATION).and_then(bearer);
    let shown = shown.map(Box::<str>::from);
    let limit = app.limits.frame_bytes;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_write_buffer_size(64 * 1024)
        .max_message_size(limit)
        .max_frame_size(limit);
    let (tracked, place) = (
        app.sockets.token(),
        parts.extensions.get::<Place>().cloned(),
    );
    // This one is among them already, so two that come at once cannot both take
    // the last place.
    if app.sockets.len() + app.hub.legs().sessions() > app.limits.sockets() {
        let message = "too many sockets are open; try again";
        return Err(
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_sockets", message)
                .retry_after(CROWDED),
        );
    }
    Ok(upgrade
        .on_upgrade(move |socket| async move {
            let abandoned = async {
                match &place {
                    Some(place) => place.abandoned().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = connection::serve(app, socket, shown) => {}
                () = abandoned => {}
            }
            drop((tracked, place));
        })
        .into_response())
}
