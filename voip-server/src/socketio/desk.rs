use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

use axum::Router;
use serde_json::Value;
use socketioxide::{
    ParserConfig, SocketIo,
    extract::{AckSender, Event, SocketRef, TryData},
    handler::ConnectHandler as _,
    socket::Sid,
};
use voip_core::{Origin, ProviderCallId, Timestamp, UserId};

use super::{
    LegStatus,
    client::{Client, Outlet, Visitor},
    door::Presented,
    look::Look,
    news::{Answer, Expired, is_public, leg},
};
use crate::{App, api::ApiError};

/// Where Socket.IO clients are attended to: what they say, and bringing those
/// up to date who have missed something.
pub(crate) struct Desk {
    pub(super) app: App,
    /// What speaks the protocol.
    pub(super) service: Router,
    io: SocketIo,
    open: OnceLock<()>,
}

/// The event that tells how a call stands.
pub(crate) const CALL_STATUS: &str = "call-status";

/// The event that tells why a client is disconnected.
pub(crate) const TOKEN_EXPIRED: &str = "token-expired";

/// The event that asks for a call's statuses.
pub(crate) const JOIN_CALL: &str = "join-call";

/// The event that ends that.
pub(crate) const LEAVE_CALL: &str = "leave-call";

/// How often a client is asked whether it is still there, and how long it may
/// take to say so: what the clients' library is used to.
const PING_EVERY: Duration = Duration::from_secs(25);
const PONG_WITHIN: Duration = Duration::from_secs(20);

/// How long a session may be open before it connects to the namespace.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long an upgrade from polling to a WebSocket may take.
const UPGRADE_WITHIN: Duration = Duration::from_secs(10);

/// How many messages may wait for one client: the present state of as many live
/// calls as are looked at, and as much news again.
const QUEUE: usize = 256;

/// Idle sockets pay for their buffers all day. This holds what clients say; a
/// larger message grows its own.
const READ_BUFFER: usize = 256;

/// How long a client that could take no more is left alone before it is told
/// the present state.
const PAUSE: Duration = Duration::from_secs(5);

/// How long a join waits for a call of that name to come up.
const UNHEARD: Duration = Duration::from_secs(10 * 60);

/// How often those that wait too long are looked for.
const ROUND: Duration = Duration::from_secs(60);

/// How long nobody is looked for whose token has expired, at most.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Desk {
    pub(crate) fn new(app: App) -> Arc<Self> {
        let limit = app.limits.frame_bytes;
        let parser = ParserConfig::common()
            .max_incoming_binaries(1)
            .max_incoming_binary_buf_size(limit)
            .packet_completion_timeout(UPGRADE_WITHIN);
        let (service, io) = SocketIo::builder()
            .ping_interval(PING_EVERY)
            .ping_timeout(PONG_WITHIN)
            .connect_timeout(CONNECT_WITHIN)
            .upgrade_timeout(UPGRADE_WITHIN)
            .max_buffer_size(QUEUE)
            .max_payload(limit as u64)
            .ws_read_buffer_size(READ_BUFFER)
            .ws_max_message_size(limit)
            .ws_max_frame_size(limit)
            .with_parser(parser)
            .build_svc();
        let (admitting, welcoming) = (app.clone(), app.clone());
        let admit = {
            move |io: SocketIo, socket: SocketRef, TryData(auth): TryData<Value>| {
                let admitted = admit(&admitting, io, &socket, auth.ok().as_ref());
                async move { admitted }
            }
        };
        let connected = move |socket: SocketRef| {
            let client = socket.extensions.get::<Arc<Client>>();
            let app = welcoming.clone();
            async move {
                if let Some(client) = client {
                    welcome(&app, client).await;
                }
            }
        };
        io.ns("/", connected.with(admit));
        Arc::new(Self {
            app,
            service: Router::new().fallback_service(service),
            io,
            open: OnceLock::new(),
        })
    }

    /// Begins to look after the clients, once there are any.
    pub(super) fn open(self: &Arc<Self>) {
        self.open.get_or_init(|| {
            let desk = Arc::clone(self);
            self.app
                .sockets
                .spawn(async move { desk.look_after().await });
        });
    }

    /// Brings up to date whoever is behind, until the server stops; then closes
    /// every session, so that its client comes back later.
    async fn look_after(&self) {
        let app = &self.app;
        let rooms = app.hub.legs();
        let help = async {
            loop {
                rooms.somebody_behind().await;
                for client in rooms.those_behind() {
                    bring_up_to_date(app, client).await;
                }
                app.clock.sleep_until(app.clock.now() + PAUSE).await;
            }
        };
        let tidy = async {
            loop {
                app.clock.sleep_until(app.clock.now() + ROUND).await;
                rooms.forget_unheard(app.clock.now() - UNHEARD);
            }
        };
        tokio::select! {
            () = help => {}
            () = tidy => {}
            () = show_out(app) => {}
            () = app.stopping.cancelled() => self.io.close().await,
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}

/// Why a client may not connect; it is told this as the `connect_error`.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("unauthorized: the token is not valid here, or has expired")]
struct BadToken;

/// Finds out who the client is and makes ready to hear it.
fn admit(
    app: &App,
    io: SocketIo,
    socket: &SocketRef,
    auth: Option<&Value>,
) -> Result<(), BadToken> {
    let presented = socket.req_parts().extensions.get::<Presented>();
    let (user, until) = match auth.and_then(|auth| auth.get("token")) {
        None | Some(Value::Null) => match presented {
            None => (None, None),
            Some(Presented::Good(user, until)) => (user.clone(), *until),
            Some(Presented::Bad) => return Err(BadToken),
        },
        Some(Value::String(token)) => user(app, token).map_err(|_| BadToken)?,
        Some(_) => return Err(BadToken),
    };
    let mouth = Mouth {
        io,
        socket: socket.id,
    };
    let visitor = Visitor {
        user,
        until,
        from: socket.req_parts().extensions.get::<Origin>().cloned(),
    };
    let client = Client::enter(app.hub.legs(), visitor, Box::new(mouth));
    socket.extensions.insert(Arc::clone(&client));
    let app = app.clone();
    socket.on_fallback(
        move |Event(name): Event, TryData(data): TryData<Value>, ack: AckSender| {
            let now = app.clock.now();
            let asked = take(&client, &name, data.ok().as_ref(), ack, now);
            let app = app.clone();
            async move {
                if let Some(asked) = asked {
                    asked.answer(&app).await;
                }
            }
        },
    );
    Ok(())
}

/// The user a token speaks for, and until when; nobody where it is a
/// service's, or where nobody can check it and nobody needs it.
pub(super) fn user(
    app: &App,
    token: &str,
) -> Result<(Option<UserId>, Option<Timestamp>), ApiError> {
    let (caller, until) = app.auth.holder(Some(token), app.clock.now())?;
    Ok((caller.user().cloned(), until))
}

/// Ends the connections of users when their tokens expire, for ever.
async fn show_out(app: &App) {
    let rooms = app.hub.legs();
    loop {
        let now = app.clock.now();
        rooms.expire(now);
        let next = rooms.next_expiry().unwrap_or(now + DAY).min(now + DAY);
        tokio::select! {
            () = app.clock.sleep_until(next) => {}
            () = rooms.expiry_changed() => {}
        }
    }
}

/// Tells a client that has just connected the present state of its calls: the
/// user's, and those it was quick enough to join already.
async fn welcome(app: &App, client: Arc<Client>) {
    client.connected();
    bring_up_to_date(app, client).await;
}

async fn tell_own(app: &App, look: &Look) {
    let visitor = &look.client().visitor;
    let Some(user) = &visitor.user else {
        return;
    };
    if visitor.until.is_some_and(|until| until <= app.clock.now()) {
        return;
    }
    match app.calls.live(user).await {
        // The oldest first, as they came.
        Ok(live) => live
            .iter()
            .rev()
            .filter_map(LegStatus::of_call)
            .for_each(|status| look.saw(&status)),
        Err(error) => {
            tracing::warn!(%error, "a user's calls could not be looked at");
            look.failed();
        }
    }
}

async fn bring_up_to_date(app: &App, client: Arc<Client>) {
    let legs = client.catch_up();
    let look = Look::begin(client, None);
    tell_own(app, &look).await;
    for (leg, heard_of) in legs {
        if look.client().is_behind() {
            return;
        }
        match app.calls.with_leg(&leg).await {
            Ok(call) => {
                let call = call.filter(|call| heard_of || is_public(call, app.clock.now()));
                if let Some(status) = call.as_ref().and_then(LegStatus::of_call) {
                    look.saw(&status);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a call could not be looked at");
                look.failed();
                return;
            }
        }
    }
}

/// Somebody joined a call and waits to hear how it stands.
struct Joined {
    leg: ProviderCallId,
    look: Look,
    ack: AckSender,
}

/// Takes what a client says; what is not understood changes nothing. What has
/// to keep its order is done before this returns.
fn take(
    client: &Arc<Client>,
    name: &str,
    data: Option<&Value>,
    ack: AckSender,
    now: Timestamp,
) -> Option<Joined> {
    match name {
        JOIN_CALL => {
            let Some(leg) = data.and_then(leg) else {
                say(ack, &Answer::NOTHING);
                return None;
            };
            let Some(question) = client.ask() else {
                say(ack, &Answer::refusing("too_many_requests"));
                return None;
            };
            if client.join(&leg, now).is_err() {
                say(ack, &Answer::refusing("too_many_calls"));
                return None;
            }
            let look = question.look();
            Some(Joined { leg, look, ack })
        }
        LEAVE_CALL => {
            if let Some(leg) = data.and_then(leg) {
                client.leave(&leg);
            }
            say(ack, &Answer::NOTHING);
            None
        }
        _ => None,
    }
}

impl Joined {
    async fn answer(self, app: &App) {
        let given_up = app.clock.sleep_until(app.clock.now() + CONNECT_WITHIN);
        tokio::select! {
            biased;
            () = self.look.client().reachable() => {}
            // It failed to connect in the very moment it asked.
            () = given_up => return,
        }
        let seen = match app.calls.with_leg(&self.leg).await {
            Ok(call) => call
                .filter(|call| is_public(call, app.clock.now()))
                .as_ref()
                .and_then(LegStatus::of_call),
            Err(error) => {
                tracing::warn!(%error, "a call could not be looked at");
                self.look.failed();
                None
            }
        };
        let present = self.look.saw_joined(&self.leg, seen);
        say(self.ack, &Answer::of(present.as_ref()));
    }
}

/// Answers, where an answer is asked for. A client that has too much to read
/// already does without.
fn say(ack: AckSender, answer: &Answer<'_>) {
    let _ = ack.send(answer);
}

/// Speaks to one client. Knows it by name only: the client's connection holds
/// whoever holds this.
struct Mouth {
    io: SocketIo,
    socket: Sid,
}

impl Outlet for Mouth {
    fn send(&self, status: &LegStatus) -> bool {
        let socket = self.io.get_socket(self.socket);
        socket.is_some_and(|socket| socket.emit(CALL_STATUS, status).is_ok())
    }

    fn show_out(&self) -> bool {
        if let Some(socket) = self.io.get_socket(self.socket) {
            // A client with too much to read hears nothing but the end.
            let _ = socket.emit(TOKEN_EXPIRED, &Expired::default());
            return socket.disconnect().is_ok();
        }
        true
    }
}
