//! An app on a device, at the other end of a channel instead of a socket.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::extract::ws::Message;
use futures_util::{sink, stream};
use serde_json::Value;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use voip_server::{App, converse};

/// An app on a device.
pub(crate) struct Device {
    to_server: UnboundedSender<Message>,
    from_server: Mutex<UnboundedReceiver<Message>>,
    answers_pings: Arc<AtomicBool>,
    closed: Mutex<Option<(u16, String)>>,
}

impl Device {
    pub(crate) fn connect(app: App) -> Self {
        let (to_server, incoming) = mpsc::unbounded_channel();
        let (outgoing, from_server) = mpsc::unbounded_channel();
        let stream = stream::unfold(incoming, |mut incoming| async {
            let message: Message = incoming.recv().await?;
            Some((Ok::<_, Infallible>(message), incoming))
        });
        let answers_pings = Arc::new(AtomicBool::new(true));
        let (answering, answers) = (to_server.downgrade(), Arc::clone(&answers_pings));
        let sink = sink::unfold(
            outgoing,
            move |outgoing: UnboundedSender<Message>, message| {
                // The library of a client answers pings by itself.
                if let (Message::Ping(ping), true) = (&message, answers.load(Ordering::Relaxed))
                    && let Some(to_server) = answering.upgrade()
                {
                    let _ = to_server.send(Message::Pong(ping.clone()));
                }
                async { outgoing.send(message).map(|()| outgoing) }
            },
        );
        // It ends with the device: that closes the stream.
        drop(tokio::spawn(async {
            converse(app, Box::pin(sink), Box::pin(stream)).await;
        }));
        Self {
            to_server,
            from_server: Mutex::new(from_server),
            answers_pings,
            closed: Mutex::new(None),
        }
    }

    pub(crate) fn say(&self, frame: &Value) {
        self.say_text(&frame.to_string());
    }

    pub(crate) fn say_text(&self, text: &str) {
        self.to_server
            .send(Message::Text(text.into()))
            .expect("the conversation goes on");
    }

    /// Leaves its network without a word.
    pub(crate) fn lose_the_network(&self) {
        self.answers_pings.store(false, Ordering::Relaxed);
    }

    /// The code and the sentence the server closed the connection with.
    pub(crate) fn closed(&self) -> Option<(u16, String)> {
        self.heard();
        self.closed.lock().unwrap().clone()
    }

    /// What was heard since the last time.
    pub(crate) fn heard(&self) -> Vec<Value> {
        let mut from_server = self.from_server.lock().unwrap();
        std::iter::from_fn(|| from_server.try_recv().ok())
            .filter_map(|message| match message {
                Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(close)) => {
                    *self.closed.lock().unwrap() = Some((close.code, close.reason.to_string()));
                    None
                }
                _ => None,
            })
            .collect()
    }

    /// The statuses heard since the last time; everything else is skipped.
    pub(crate) fn statuses(&self) -> Vec<String> {
        self.heard()
            .into_iter()
            .filter(|frame| frame["type"] == "call_status")
            .map(|frame| frame["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The id of the call that rings here.
    pub(crate) fn ringing(&self) -> String {
        let heard = self.heard();
        let ring = heard.iter().find(|frame| frame["type"] == "incoming_call");
        let ring = ring.unwrap_or_else(|| panic!("nothing rings: {heard:?}"));
        ring["callId"].as_str().unwrap().to_owned()
    }
}
