use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

/// A device of a user, connected over WebSocket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Longer than anything a test waits for.
const PATIENCE: Duration = Duration::from_secs(30);

impl Socket {
    /// Connects to the server at this HTTP port and registers as `user`.
    pub(crate) async fn register(port: u16, user: &str) -> Self {
        let url = format!("ws://127.0.0.1:{port}/ws");
        let (stream, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("the server upgrades");
        let mut socket = Self(stream);
        socket
            .say(&json!({"type": "register", "userId": user}))
            .await;
        let welcome = socket.hear().await;
        assert_eq!(welcome["type"], "register_success", "{welcome}");
        assert_eq!(welcome["userId"], user);
        socket
    }

    /// Sends a message.
    pub(crate) async fn say(&mut self, message: &Value) {
        let message = Message::text(message.to_string());
        self.0.send(message).await.expect("the connection stands");
    }

    /// The next message.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.next().await {
            Message::Text(text) => serde_json::from_str(&text).expect("messages are JSON"),
            other => panic!("expected text, not {other:?}"),
        }
    }

    /// Everything that was sent before this was asked.
    pub(crate) async fn hear_all(&mut self) -> Vec<Value> {
        // The answer to this comes after everything that is on its way.
        self.say(&json!({"type": "hangup", "callId": "no such call"}))
            .await;
        let mut heard = Vec::new();
        loop {
            let message = self.hear().await;
            if message["type"] == "error" {
                return heard;
            }
            heard.push(message);
        }
    }

    /// The code with which the server closes the connection.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.next().await {
                return frame.expect("the server says why it closes").code.into();
            }
        }
    }

    /// The next message but for pings, which are answered by themselves.
    async fn next(&mut self) -> Message {
        loop {
            // real time: bounds the wait for another process.
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            let message = message.expect("the server says something in time");
            let message = message.expect("the connection stands");
            match message.expect("the connection stands") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }
}
