use std::{sync::Arc, time::Duration};

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use voip_core::UserId;

use super::{
    ClientFrame, ServerFrame, command,
    hub::{Member, QUEUE},
};
use crate::{App, api::ApiError, auth::Caller};

/// How many calls one connection may have in the making.
const DIALS: usize = 8;

/// How long one write may take before the client counts as gone.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// How long a client that is sent away may take to hear of it.
const FAREWELL_TIME: Duration = Duration::from_secs(1);

/// Serves one socket until either side ends it.
pub(super) async fn serve(app: App, socket: WebSocket) {
    let (sink, stream) = socket.split();
    converse(app, sink, stream).await;
}

/// The conversation with one client, over anything that carries messages: a
/// socket, or a channel in a test. Ends when the stream does, when the server
/// stops, or when the client does not keep up.
pub async fn converse<S, R, E>(app: App, mut sink: S, mut stream: R)
where
    S: Sink<Message> + Unpin,
    R: Stream<Item = Result<Message, E>> + Unpin,
{
    let mut connection = Connection::new(app);
    let app = connection.app.clone();
    let reason = loop {
        let dropped = connection
            .member
            .as_ref()
            .map(|(_, member)| member.dropped.clone());
        tokio::select! {
            biased;
            reason = ending(&app, dropped.as_ref()) => break Some(reason),
            Some(frame) = connection.outbox.recv() => tokio::select! {
                biased;
                // A client that does not read keeps the write waiting.
                reason = ending(&app, dropped.as_ref()) => break Some(reason),
                sent = write(&mut sink, frame, &mut connection.outbox) => {
                    if sent.is_err() {
                        break None;
                    }
                }
                () = async { app.clock.sleep_until(app.clock.now() + WRITE_TIME).await } => break None,
            },
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => connection.take(&text).await,
                Some(Ok(Message::Binary(_))) => {
                    connection.complain(&ApiError::bad_request("text_only", "messages are JSON text"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break None,
            },
        }
    };
    connection.leave();
    let farewell = async {
        // The client may be gone already.
        if let Some((code, reason)) = reason {
            let _ = sink
                .send(Message::Close(Some(CloseFrame {
                    code,
                    reason: reason.into(),
                })))
                .await;
        }
        let _ = sink.close().await;
    };
    tokio::select! {
        biased;
        () = farewell => {}
        () = async { app.clock.sleep_until(app.clock.now() + FAREWELL_TIME).await } => {}
    }
}

/// Why the server ends a connection: the code and the sentence of its close.
type Reason = (u16, &'static str);

/// Returns once the server wants the connection to end.
async fn ending(app: &App, dropped: Option<&CancellationToken>) -> Reason {
    let dropped = async {
        match dropped {
            Some(dropped) => dropped.cancelled().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = app.stopping.cancelled() => {
            (close_code::RESTART, "the server restarts: please reconnect")
        }
        () = dropped => (close_code::AGAIN, "too slow: please reconnect"),
    }
}

/// Writes a message and those that wait behind it, all at once.
async fn write<S: Sink<Message> + Unpin>(
    sink: &mut S,
    frame: Utf8Bytes,
    waiting: &mut mpsc::Receiver<Utf8Bytes>,
) -> Result<(), S::Error> {
    sink.feed(Message::Text(frame)).await?;
    while let Ok(frame) = waiting.try_recv() {
        sink.feed(Message::Text(frame)).await?;
    }
    sink.flush().await
}

/// What is known of one client.
pub(super) struct Connection {
    pub(super) app: App,
    /// This connection's name as a device.
    pub(super) device: Arc<str>,
    id: u64,
    pub(super) outgoing: mpsc::Sender<Utf8Bytes>,
    outbox: mpsc::Receiver<Utf8Bytes>,
    member: Option<(UserId, Arc<Member>)>,
    pub(super) dials: Arc<Semaphore>,
}

impl Connection {
    fn new(app: App) -> Self {
        let (outgoing, outbox) = mpsc::channel(QUEUE);
        let (id, device) = app.hub.new_id();
        let dials = Arc::new(Semaphore::new(DIALS));
        Self {
            app,
            device,
            id,
            outgoing,
            outbox,
            member: None,
            dials,
        }
    }

    /// The user this connection is registered as.
    pub(super) fn user(&self) -> Option<&UserId> {
        self.member.as_ref().map(|(user, _)| user)
    }

    async fn take(&mut self, text: &str) {
        let done = match ClientFrame::read(text) {
            Ok(ClientFrame::Register { user_id, token }) => {
                self.register(&user_id, token.as_deref()).await
            }
            Ok(command) => command::carry_out(self, command).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.complain(&error);
        }
    }

    async fn register(&mut self, user: &str, token: Option<&str>) -> Result<(), ApiError> {
        let caller = self
            .app
            .auth
            .caller_with_token(token, self.app.clock.now())?;
        let user: UserId = user
            .parse()
            .map_err(|error| ApiError::bad_request("invalid_user_id", format!("{error}")))?;
        match &caller {
            Caller::User(_) => caller.must_be(&user)?,
            Caller::Anyone | Caller::Service => {}
        }
        self.leave();
        self.say(&ServerFrame::RegisterSuccess {
            user_id: user.as_str(),
        });
        // First join, then look: nothing can fall between the two.
        let member = self.app.hub.join(&user, self.id, self.outgoing.clone());
        let live = self.app.calls.live(&user).await;
        self.member = Some((user.clone(), Arc::clone(&member)));
        self.app.hub.catch_up_one(&user, &member, &live?);
        Ok(())
    }

    fn leave(&mut self) {
        if let Some((user, member)) = self.member.take() {
            self.app.hub.leave(&user, &member);
        }
    }

    pub(super) fn say(&self, frame: &ServerFrame<'_>) {
        say(&self.outgoing, frame);
    }

    fn complain(&self, error: &ApiError) {
        self.say(&ServerFrame::from(error));
    }
}

/// Puts a message into a client's queue. One that finds it full is dropped: the
/// client asks faster than it reads.
pub(super) fn say(outgoing: &mpsc::Sender<Utf8Bytes>, frame: &ServerFrame<'_>) {
    let _ = outgoing.try_send(Utf8Bytes::from(frame.text()));
}
