use axum::{
    extract::{FromRequestParts, State, WebSocketUpgrade},
    response::{IntoResponse, Response},
};
use http::{Request, StatusCode};

use super::connection;
use crate::{App, api::ApiError, listener::Place};

/// Idle sockets pay for their buffers all day: 4 KiB hold every message of
/// ours, and larger ones grow theirs for as long as they need it.
const READ_BUFFER: usize = 4 * 1024;

/// `GET /ws`: turns the request into a WebSocket.
///
/// # Errors
/// 426 for a request that asks for no WebSocket.
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
    Ok(upgrade
        .on_upgrade(move |socket| async move {
            connection::serve(app, socket).await;
            drop((tracked, place));
        })
        .into_response())
}
