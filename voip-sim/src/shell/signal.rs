//! The WebSocket of browsers.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::{mpsc, watch};

use super::drive::Shared;
use crate::browser::{Command, ExchangeHandle};
use crate::faults::Losses;

/// The largest frame: a description takes a few thousand bytes, a message ten thousand.
const LARGEST: usize = 256 * 1024;

/// Frames that wait for a slow browser.
const WAITING: usize = 256;

/// Lets a browser speak with the exchange.
pub(super) async fn signal(
    State(shared): State<Shared>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    upgrade: WebSocketUpgrade,
) -> Response {
    let Some(exchange) = shared.exchange() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    if exchange.losses().borrow().signalling {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let edge = edge(&headers, query.as_deref());
    let upgrade = upgrade.max_message_size(LARGEST).max_frame_size(LARGEST);
    upgrade.on_upgrade(move |socket| talk(socket, exchange, edge))
}

/// A page may have put this server's name into the SDK's `edge`, which makes
/// `voice-js.NAME.twilio.com` of it. Told the same edge, it comes back here when it has to.
fn edge(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let rest = query?
        .strip_suffix("/signal")?
        .strip_suffix(".twilio.com")?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    Some(format!("{}/signal?{rest}", host.strip_prefix("voice-js.")?))
}

async fn talk(mut socket: WebSocket, exchange: Arc<ExchangeHandle>, edge: Option<String>) {
    let line = exchange.line();
    let mut losses = exchange.losses();
    let (out, mut frames) = mpsc::channel(WAITING);
    if !exchange.send(Command::Opened { line, out, edge }).await {
        return;
    }
    loop {
        tokio::select! {
            frame = frames.recv() => {
                // The exchange lets go of a browser, or is over itself.
                let Some(text) = frame else { return };
                if socket.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            // Without a goodbye, as connections get lost.
            () = lost(&mut losses) => break,
            received = socket.recv() => match received {
                Some(Ok(Message::Text(text))) => {
                    let text = text.to_string();
                    if !exchange.send(Command::Text { line, text }).await {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_))) => {}
            },
        }
    }
    exchange.send(Command::Closed { line }).await;
}

/// Waits until signalling gets lost.
async fn lost(losses: &mut watch::Receiver<Losses>) {
    if losses.wait_for(|losses| losses.signalling).await.is_err() {
        // Nothing can get lost any more.
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_came_by_the_edge_is_told_back() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "voice-js.localhost:8443".parse().unwrap());
        let told = edge(&headers, Some(".twilio.com/signal"));
        assert_eq!(told.as_deref(), Some("localhost:8443/signal?"));
        assert_eq!(edge(&headers, None), None);
        headers.insert(header::HOST, "localhost:8443".parse().unwrap());
        assert_eq!(edge(&headers, Some(".twilio.com/signal")), None);
    }
}
