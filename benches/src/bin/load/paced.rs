//! Status webhooks at a fixed rate, each timed from the moment it was meant to
//! be sent to the moment its event reaches a WebSocket or a Socket.IO client. A server that falls
//! behind makes no later webhook look faster: none waits for an answer.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{net::TcpStream, runtime::Runtime, sync::mpsc};
use tokio_tungstenite::tungstenite::Message;
use voip_benches::sample;
use voip_core::{Call, CallStatus};

use crate::{
    Fault,
    app::App,
    closed_loop::quantile,
    database::Copy,
    goal,
    options::Options,
    provider,
    report::Figure,
    request,
    socket::{self, Socket},
    socketio,
};

/// How events travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// To users, by the call's id.
    WebSocket,
    /// To whoever joined a call, by its leg.
    SocketIo,
}

/// Every way.
pub(crate) const WIRES: [Wire; 2] = [Wire::WebSocket, Wire::SocketIo];

/// Its name on the command line.
pub(crate) const NAME: &str = "paced";

/// Webhooks a second.
const RATE: u32 = 1_000;

/// Among how many users, each with one socket, the calls are spread.
pub(crate) const USERS: usize = 1_000;

/// Over how many connections the webhooks come.
const CONNECTIONS: usize = 32;

/// What each call goes through, a whole pass over all calls at a time.
const STATUSES: [CallStatus; 3] = [
    CallStatus::Ringing,
    CallStatus::InProgress,
    CallStatus::Completed,
];

/// An event that takes longer than this is lost.
const PATIENCE: Duration = Duration::from_secs(3);

/// How many live calls it needs.
pub(crate) fn live_calls(options: &Options) -> usize {
    if !options.wants(NAME) {
        return 0;
    }
    let seconds = (options.time().as_secs_f64() * 3.0).max(3.0);
    (f64::from(RATE) * seconds) as usize / STATUSES.len()
}

/// Measures it. With `other`, a second copy of the database or the same one, the
/// clients are at a second node, which hears of everything by Redis alone.
pub(crate) fn measure(
    runtime: &Runtime,
    wire: Wire,
    file: &Copy<'_>,
    other: Option<&Copy<'_>>,
    options: &Options,
) -> Result<Vec<Figure>, Fault> {
    let redis = match other {
        Some(_) => options.redis.as_deref(),
        None => options.redis_of_servers(),
    };
    let start = |file: &Copy<'_>| {
        App::start_as_node(&options.server, &file.place, provider::start()?, redis)
    };
    let app = start(file)?;
    let other = other.map(start).transpose()?;
    let clients_at = other.as_ref().unwrap_or(&app);
    let signer = app.signer();
    let calls = &file.live[..live_calls(options)];
    let webhooks: Vec<Vec<u8>> = STATUSES
        .iter()
        .flat_map(|&status| calls.iter().map(move |call| (call, status)))
        .map(|(call, status)| request::webhook(&signer.status(call, status)))
        .collect();
    // Which webhook brings about the event of this call and status.
    let places: HashMap<(String, &str), usize> = STATUSES
        .iter()
        .flat_map(|status| {
            calls
                .iter()
                .map(move |call| (wire.name_of(call), status.as_str()))
        })
        .enumerate()
        .map(|(place, event)| (event, place))
        .collect();
    let mut latencies = runtime.block_on(run(&app, clients_at, wire, calls, webhooks, &places))?;
    latencies.sort_unstable();
    let worst = latencies.last().copied().unwrap_or_default();
    let (way, goal) = match wire {
        Wire::WebSocket => ("WebSocket", goal::EVENT),
        Wire::SocketIo => ("Socket.IO", goal::SOCKET_IO_EVENT),
    };
    let place = if other.is_some() {
        " at another node"
    } else {
        ""
    };
    let name = format!("status webhook → {way} event{place}, 1 000/s");
    Ok(vec![
        Figure::plain(format!("{name}, median"), millis(quantile(&latencies, 50))),
        Figure::new(
            format!("{name}, p99"),
            quantile(&latencies, 99),
            goal,
            millis,
        ),
        Figure::plain(format!("{name}, longest"), millis(worst)),
    ])
}

fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

async fn run(
    app: &App,
    clients_at: &App,
    wire: Wire,
    calls: &[Call],
    webhooks: Vec<Vec<u8>>,
    places: &HashMap<(String, &str), usize>,
) -> Result<Vec<Duration>, Fault> {
    let (heard, mut events) = mpsc::unbounded_channel();
    let from = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    for n in 0..USERS {
        let socket = match wire {
            Wire::WebSocket => {
                socket::register(clients_at.socket, from, sample::user(n).as_str()).await?
            }
            Wire::SocketIo => {
                let calls = calls.iter().skip(n).step_by(USERS);
                let legs = calls.filter_map(|call| Some(call.provider_id.as_ref()?.as_str()));
                socketio::join(clients_at.http, from, legs).await?
            }
        };
        tokio::spawn(listen(socket, wire, heard.clone()));
    }
    drop(heard);
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let connection = Arc::new(TcpStream::connect(app.http).await?);
        connection.set_nodelay(true)?;
        tokio::spawn(drain(Arc::clone(&connection)));
        connections.push(connection);
    }
    let count = webhooks.len();
    // What the sockets were told on registering is no news.
    while events.try_recv().is_ok() {}
    let start = Instant::now() + Duration::from_millis(100);
    let sender = thread::spawn(move || send(&connections, &webhooks, start));
    let mut latencies = vec![None; count];
    let mut missing = count;
    while missing > 0 {
        let Ok(event) = tokio::time::timeout(PATIENCE, events.recv()).await else {
            if sender.is_finished() {
                sender.join().map_err(|_| "the sender died")??;
            }
            return Err(format!("{missing} of {count} events never came").into());
        };
        let (at, text) = event.ok_or("the sockets were closed")?;
        if let Some(&place) = wire.event(&text).and_then(|event| {
            places.get(&(
                event.0,
                STATUSES.iter().find(|s| s.as_str() == event.1)?.as_str(),
            ))
        }) && latencies[place].is_none()
        {
            latencies[place] = Some(at.saturating_duration_since(start + intended(place)));
            missing -= 1;
        }
    }
    sender.join().map_err(|_| "the sender died")??;
    Ok(latencies.into_iter().flatten().collect())
}

/// When a webhook is to be sent.
fn intended(place: usize) -> Duration {
    Duration::from_secs(1) / RATE * u32::try_from(place).unwrap_or(u32::MAX)
}

/// Sends each webhook at its moment, whatever became of those before.
fn send(
    connections: &[Arc<TcpStream>],
    webhooks: &[Vec<u8>],
    start: Instant,
) -> Result<(), io::Error> {
    for (place, webhook) in webhooks.iter().enumerate() {
        thread::sleep((start + intended(place)).saturating_duration_since(Instant::now()));
        // A webhook is far smaller than what a connection takes at once.
        let sent = connections[place % connections.len()].try_write(webhook)?;
        if sent < webhook.len() {
            return Err(io::Error::other("the server takes no more webhooks"));
        }
    }
    Ok(())
}

/// Reads answers and forgets them.
async fn drain(connection: Arc<TcpStream>) {
    let mut buffer = vec![0; 4096];
    while connection.readable().await.is_ok() {
        match connection.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

async fn listen(mut socket: Socket, wire: Wire, heard: mpsc::UnboundedSender<(Instant, String)>) {
    while let Some(Ok(message)) = socket.next().await {
        let now = Instant::now();
        let Message::Text(text) = message else {
            continue;
        };
        if wire == Wire::SocketIo
            && let Some(pong) = socketio::answer(&text)
        {
            if socket.send(pong).await.is_err() {
                return;
            }
        } else if heard.send((now, text.to_string())).is_err() {
            return;
        }
    }
}

impl Wire {
    /// What a call is called there.
    fn name_of(self, call: &Call) -> String {
        match self {
            Self::WebSocket => call.id.to_string(),
            Self::SocketIo => call
                .provider_id
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        }
    }

    /// The call and the status an event tells of.
    fn event(self, text: &str) -> Option<(String, String)> {
        match self {
            Self::WebSocket => frame(text),
            Self::SocketIo => socketio::event(text),
        }
    }
}

fn frame(text: &str) -> Option<(String, String)> {
    let event: serde_json::Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| event.get(name)?.as_str().map(str::to_owned);
    Some((field("callId")?, field("status")?))
}
