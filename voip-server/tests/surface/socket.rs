use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use super::within;

/// A client on a WebSocket.
pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn connect(url: &str) -> Self {
        let (socket, _) = within("a connection", connect_async(url))
            .await
            .expect("a WebSocket");
        Self(socket)
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.0.send(message).await.expect("the connection is open");
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn register(&mut self, user: &str) {
        self.say(json!({"type": "register", "userId": user})).await;
        let welcome = self.next().await;
        assert_eq!(welcome["type"], "register_success", "{welcome}");
        assert_eq!(welcome["userId"], user);
        assert!(welcome["liveCalls"].is_array(), "{welcome}");
    }

    /// The next frame; `None` once the connection is closed.
    pub(crate) async fn heard(&mut self) -> Option<Value> {
        loop {
            match within("a frame", self.0.next()).await {
                Some(Ok(Message::Text(text))) => {
                    return Some(serde_json::from_str(&text).expect("frames are JSON"));
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Value {
        self.heard().await.expect("the connection is open")
    }

    /// The code of the next frame, which is an error.
    pub(crate) async fn error(&mut self) -> String {
        let frame = self.next().await;
        assert_eq!(frame["type"], "error", "{frame}");
        assert!(
            frame["message"]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{frame}"
        );
        frame["code"].as_str().expect("a code").to_owned()
    }

    /// The next frame of this type; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The frames of one call, up to this status.
    pub(crate) async fn until_status(&mut self, status: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            let last = frame["status"] == status;
            frames.push(frame);
            if last {
                return frames;
            }
        }
    }

    /// Everything that was on its way: asks for an error and reads up to it.
    pub(crate) async fn flush(&mut self) -> Vec<Value> {
        self.say(json!({"type": "what was said until now"})).await;
        let mut frames = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["code"] == "unknown_type" {
                return frames;
            }
            frames.push(frame);
        }
    }

    pub(crate) async fn close(mut self) {
        self.0.close(None).await.expect("the connection is open");
    }

    pub(crate) fn into_inner(self) -> WebSocketStream<MaybeTlsStream<TcpStream>> {
        self.0
    }

    pub(crate) fn from_inner(stream: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self(stream)
    }

    /// The stream itself.
    pub(crate) fn inner(&mut self) -> &mut WebSocketStream<MaybeTlsStream<TcpStream>> {
        &mut self.0
    }
}
