use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::surface::{Running, within};

/// A Socket.IO client on a WebSocket, packet by packet.
pub(crate) struct IoClient {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
}

impl IoClient {
    /// A session that has not connected to the namespace.
    pub(crate) async fn open(running: &Running, authorization: Option<&str>) -> Self {
        let address = running.server.addresses().http;
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let mut request = url.into_client_request().expect("a request");
        if let Some(value) = authorization {
            let value = value.parse().expect("a header");
            request.headers_mut().insert("authorization", value);
        }
        let (socket, _) = within("a connection", connect_async(request))
            .await
            .expect("a WebSocket");
        let mut client = Self { socket, asked: 0 };
        let open = client.packet().await.expect("an open packet");
        let open: Value = serde_json::from_str(open.strip_prefix('0').expect("open")).unwrap();
        assert_eq!(open["pingInterval"], 25_000, "{open}");
        assert_eq!(open["maxPayload"], 16 * 1024, "{open}");
        client
    }

    /// A client that shows no token.
    pub(crate) async fn connect(running: &Running) -> Self {
        let mut client = Self::open(running, None).await;
        client.handshake(&Value::Null).await.expect("it may come");
        client
    }

    /// A client that shows a token in its handshake.
    pub(crate) async fn with_token(running: &Running, token: &str) -> Self {
        let mut client = Self::open(running, None).await;
        let auth = json!({ "token": token });
        client.handshake(&auth).await.expect("the token is good");
        client
    }

    /// Connects to the namespace; the message of the refusal otherwise.
    pub(crate) async fn handshake(&mut self, auth: &Value) -> Result<(), String> {
        let auth = match auth {
            Value::Null => String::new(),
            auth => auth.to_string(),
        };
        self.send(&format!("40{auth}")).await;
        let answer = self.packet().await.expect("an answer");
        match answer.split_at(2) {
            ("40", _) => Ok(()),
            ("44", why) => {
                let why: Value = serde_json::from_str(why).expect("JSON");
                Err(why["message"].as_str().expect("a message").to_owned())
            }
            _ => panic!("no answer to a handshake: {answer}"),
        }
    }

    pub(crate) async fn send(&mut self, packet: &str) {
        self.send_message(Message::text(packet)).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        // The server may have had enough.
        let _ = self.socket.send(message).await;
    }

    /// The next packet; `None` once the connection is closed.
    pub(crate) async fn packet(&mut self) -> Option<String> {
        loop {
            match within("a packet", self.socket.next()).await {
                Some(Ok(Message::Text(text))) if text == "2" => self.send("3").await,
                Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// Emits an event; returns the statuses that came before its answer, and
    /// the answer.
    pub(crate) async fn ask(&mut self, event: &str, data: &Value) -> (Vec<Value>, Value) {
        self.asked += 1;
        let asked = self.asked;
        self.send(&format!("42{asked}{}", json!([event, data])))
            .await;
        let mut told = Vec::new();
        let answer = format!("43{asked}");
        loop {
            let packet = self.packet().await.expect("the connection is open");
            match packet.strip_prefix(&answer) {
                Some(answer) => {
                    let answer: Value = serde_json::from_str(answer).expect("JSON");
                    return (told, answer[0].clone());
                }
                None => told.push(status(&packet)),
            }
        }
    }

    /// Joins a call.
    pub(crate) async fn join(&mut self, sid: &str) -> (Vec<Value>, Value) {
        self.ask("join-call", &json!({ "callSid": sid })).await
    }

    /// The next status.
    pub(crate) async fn status(&mut self) -> Value {
        let packet = self.packet().await.expect("the connection is open");
        status(&packet)
    }

    /// Everything that was on its way.
    pub(crate) async fn flush(&mut self) -> Vec<Value> {
        self.ask("leave-call", &Value::Null).await.0
    }

    pub(crate) async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }
}

/// The data of a `call-status` event.
pub(crate) fn status(packet: &str) -> Value {
    let event = packet.strip_prefix("42").expect("an event");
    let event: Value = serde_json::from_str(event).expect("JSON");
    assert_eq!(event[0], "call-status", "{event}");
    let fields = event[1].as_object().expect("an object");
    let mut names: Vec<_> = fields.keys().collect();
    names.sort();
    assert_eq!(names, ["callSid", "callStatus", "duration"], "{event}");
    event[1].clone()
}

/// The statuses of these, in order.
pub(crate) fn words(told: &[Value]) -> Vec<&str> {
    let words = told.iter().map(|told| told["callStatus"].as_str());
    words.map(|word| word.expect("a status")).collect()
}
