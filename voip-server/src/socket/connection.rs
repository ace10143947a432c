use std::{ops::ControlFlow, sync::Arc, time::Duration};

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::sync::{Semaphore, mpsc};
use voip_core::{Timestamp, UserId};

use super::{
    ClientFrame, ServerFrame, command,
    member::{Member, QUEUE, SentAway},
    pulse::{BEAT, Beat, Pulse},
};
use crate::{App, api::ApiError, auth::Caller};

/// How many calls one connection may have in the making.
const DIALS: usize = 8;

/// How long one write may take before the client counts as gone.
const WRITE_TIME: Duration = Duration::from_secs(30);

/// How long a client that is sent away may take to hear of it.
const FAREWELL_TIME: Duration = Duration::from_secs(1);

/// Serves one socket until either side ends it.
pub(super) async fn serve(app: App, socket: WebSocket, shown: Option<Box<str>>) {
    let (sink, stream) = socket.split();
    converse_with(app, sink, stream, shown).await;
}

/// The conversation with one client, over anything that carries messages: a
/// socket, or a channel in a test. Ends when the stream does, when the server
/// stops, when the client does not keep up, when it answers no ping any more,
/// or when it does not register.
pub async fn converse<S, R, E>(app: App, sink: S, stream: R)
where
    S: Sink<Message> + Unpin,
    R: Stream<Item = Result<Message, E>> + Unpin,
{
    converse_with(app, sink, stream, None).await;
}

/// The same, with the token that was shown when the connection was made.
async fn converse_with<S, R, E>(app: App, mut sink: S, mut stream: R, shown: Option<Box<str>>)
where
    S: Sink<Message> + Unpin,
    R: Stream<Item = Result<Message, E>> + Unpin,
{
    let mut connection = Connection::new(app, shown);
    let app = connection.app.clone();
    let mut pulse = Pulse::default();
    // Kept from message to message, so that none of them sets a timer.
    let mut beat = app.clock.sleep_until(app.clock.now() + BEAT);
    let reason = loop {
        let member = connection.member.as_ref().map(|(_, member)| &**member);
        let next = tokio::select! {
            biased;
            reason = ending(&app, member) => ControlFlow::Break(Some(reason)),
            () = &mut beat => {
                let now = app.clock.now();
                beat = app.clock.sleep_until(now + BEAT);
                match pulse.beat(member.is_some()) {
                    Beat::Ping if connection.has_expired(now) => ControlFlow::Break(Some((
                        close_code::POLICY,
                        "the token has expired: register with another",
                    ))),
                    Beat::Ping => {
                        written(&app, member, sink.send(Message::Ping(Bytes::new()))).await
                    }
                    Beat::Gone => {
                        ControlFlow::Break(Some((close_code::AGAIN, "no answer: please reconnect")))
                    }
                    Beat::Nameless => {
                        ControlFlow::Break(Some((close_code::POLICY, "register within 60 s")))
                    }
                }
            }
            Some(frame) = connection.outbox.recv() => {
                written(&app, member, write(&mut sink, frame, &mut connection.outbox)).await
            }
            message = stream.next() => {
                pulse.heard();
                match message {
                    Some(Ok(Message::Text(text))) => {
                        connection.take(&text).await;
                        ControlFlow::Continue(())
                    }
                    Some(Ok(Message::Binary(_))) => {
                        let message = "messages are JSON text";
                        connection.complain(&ApiError::bad_request("text_only", message));
                        ControlFlow::Continue(())
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => ControlFlow::Continue(()),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => ControlFlow::Break(None),
                }
            }
        };
        if let ControlFlow::Break(reason) = next {
            break reason;
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
async fn ending(app: &App, member: Option<&Member>) -> Reason {
    let sent_away = async {
        match member {
            Some(member) => member.sent_away().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = app.stopping.cancelled() => {
            (close_code::RESTART, "the server restarts: please reconnect")
        }
        why = sent_away => match why {
            SentAway::TooSlow => (close_code::AGAIN, "too slow: please reconnect"),
            SentAway::NewsLost => (close_code::AGAIN, "some news was lost: please reconnect"),
        },
    }
}

/// Waits for a write, which a client that does not read keeps waiting: until
/// its time is over, or the connection is to end.
async fn written<E>(
    app: &App,
    member: Option<&Member>,
    write: impl Future<Output = Result<(), E>>,
) -> ControlFlow<Option<Reason>> {
    tokio::select! {
        biased;
        reason = ending(app, member) => ControlFlow::Break(Some(reason)),
        sent = write => match sent {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(None),
        },
        () = async { app.clock.sleep_until(app.clock.now() + WRITE_TIME).await } => {
            ControlFlow::Break(None)
        }
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
    /// When the token it registered with expires.
    until: Option<Timestamp>,
    /// The token that was shown when the connection was made.
    shown: Option<Box<str>>,
    pub(super) dials: Arc<Semaphore>,
}

impl Connection {
    fn new(app: App, shown: Option<Box<str>>) -> Self {
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
            until: None,
            shown,
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
            // It hears what happens until the next beat, and does nothing more.
            Ok(_) if self.has_expired(self.app.clock.now()) => Err(ApiError::unauthorized()),
            Ok(command) => command::carry_out(self, command).await,
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            self.complain(&error);
        }
    }

    async fn register(&mut self, user: &str, token: Option<&str>) -> Result<(), ApiError> {
        let token = token.or(self.shown.as_deref());
        let (caller, until) = self.app.auth.holder(token, self.app.clock.now())?;
        let user: UserId = user
            .parse()
            .map_err(|error| ApiError::bad_request("invalid_user_id", format!("{error}")))?;
        match &caller {
            Caller::User(_) => caller.must_be(&user)?,
            Caller::Anyone | Caller::Service => {}
        }
        self.leave();
        // First join, then look: nothing can fall between the two. What comes
        // meanwhile waits until the client is told what was seen.
        let member = self.app.hub.join(&user, self.id, self.outgoing.clone());
        match self.app.calls.live(&user).await {
            Ok(live) => {
                member.tell_present(&user, &live);
                self.member = Some((user, member));
                self.until = until;
                Ok(())
            }
            Err(error) => {
                self.app.hub.leave(&user, &member);
                Err(error.into())
            }
        }
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    fn leave(&mut self) {
        self.until = None;
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
