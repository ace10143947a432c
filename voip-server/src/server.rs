use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use url::Url;
use voip_push::PushServices;
use voip_sim::Simulator;

use crate::{
    App, Background, compose,
    config::{Config, Mistyped},
    listener::{self, Stop},
    logging, router, socket_router,
};

/// A running server.
pub struct Server {
    app: App,
    addresses: Addresses,
    listeners: Vec<JoinHandle<()>>,
    /// Cancelled when what is still open is to be dropped.
    abandon: CancellationToken,
    pushes: Arc<PushServices>,
    background: Background,
    simulator: Option<Simulator>,
    redis: Option<Arc<compose::OnRedis>>,
    store: compose::Store,
    grace: Duration,
}

/// Where a running server is.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// The HTTP API, and WebSocket at `/ws`.
    pub http: SocketAddr,
    /// WebSocket.
    pub socket: SocketAddr,
    /// Where the provider reaches the server.
    pub public_url: Url,
    /// The API of the simulator, where it stands in for the provider.
    pub simulator: Option<SocketAddr>,
}

/// Why the server did not start; one sentence that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartupError(String);

impl StartupError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    pub(crate) fn because(error: impl std::error::Error) -> Self {
        Self(error.to_string())
    }
}

impl Server {
    /// Starts a server: when this returns, it answers.
    ///
    /// # Errors
    /// When a port is taken, storage cannot be opened or is another server's, or a
    /// key cannot be read.
    pub async fn start(config: Config) -> Result<Self, StartupError> {
        Self::start_with(config, |_, _| {}).await
    }

    /// As [`start`](Self::start), and `announce`s where everything is.
    pub(crate) async fn start_with(
        config: Config,
        announce: impl FnOnce(&Config, &Addresses),
    ) -> Result<Self, StartupError> {
        logging::start(&config.log);
        for Mistyped { name, place, meant } in &config.mistyped {
            tracing::warn!(
                name,
                place,
                meant,
                "a name is no setting's, and looks like one"
            );
        }
        let http = bind(config.listen.host, config.listen.port, "PORT").await?;
        let socket = bind(config.listen.host, config.listen.ws_port, "WS_PORT").await?;
        let local = |listener: &TcpListener| listener.local_addr().map_err(StartupError::because);
        let (http_addr, socket_addr) = (local(&http)?, local(&socket)?);
        let composed = compose::compose(&config, reachable(http_addr)).await?;
        let app = composed.app;
        if config.database.is_shared() {
            app.calls.catch_up().await.map_err(StartupError::because)?;
        } else {
            // Nobody else works on this storage, so what lies there is ours.
            app.calls.take_over().await.map_err(StartupError::because)?;
        }
        let background = Background::start(&app, &composed.bus);
        let limits = app.limits;
        let places = Arc::new(Semaphore::new(limits.connections));
        let stop = Stop {
            asked: app.stopping.clone(),
            abandon: CancellationToken::new(),
        };
        let serve = |listener, router| {
            let (places, stop) = (Arc::clone(&places), stop.clone());
            tokio::spawn(listener::serve(listener, router, places, stop))
        };
        let listeners = vec![
            serve(http, router(app.clone())),
            serve(socket, socket_router(app.clone())),
        ];
        let addresses = Addresses {
            http: http_addr,
            socket: socket_addr,
            public_url: composed.public_url,
            simulator: composed.simulator.as_ref().map(Simulator::addr),
        };
        announce(&config, &addresses);
        Ok(Self {
            app,
            addresses,
            listeners,
            abandon: stop.abandon,
            pushes: composed.pushes,
            background,
            simulator: composed.simulator,
            redis: composed.redis,
            store: composed.store,
            grace: limits.shutdown_grace,
        })
    }

    /// Where it is.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// What its routes work with.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The simulator, where it stands in for the provider.
    pub fn simulator(&self) -> Option<&Simulator> {
        self.simulator.as_ref()
    }

    /// Stops in order: takes nothing new, tells clients to come back later,
    /// finishes what is in flight, makes storage safe. The grace period is for
    /// all of it; what is still open after it is dropped.
    pub async fn stop(mut self) {
        tracing::info!("stopping");
        self.app.stopping.cancel();
        self.app.sockets.close();
        let finish = async {
            while let Some(listener) = self.listeners.last_mut() {
                // A listener that died has nothing left to end.
                let _ = listener.await;
                self.listeners.pop();
            }
            self.app.sockets.wait().await;
            self.app.calls.finish().await;
        };
        if tokio::time::timeout(self.grace, finish).await.is_err() {
            tracing::warn!(
                "some work was still going on; what is left is taken up at the next start"
            );
        }
        self.abandon.cancel();
        for listener in self.listeners {
            let _ = listener.await;
        }
        self.background.stop().await;
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        drop(self.app);
        if let Some(redis) = self.redis {
            redis.close().await;
        }
        if let Err(error) = self.store.close().await {
            tracing::error!(%error, "storage was not closed in order");
        }
        tracing::info!(skipped_pushes = self.pushes.skipped(), "stopped");
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

async fn bind(host: IpAddr, port: u16, name: &str) -> Result<TcpListener, StartupError> {
    TcpListener::bind((host, port)).await.map_err(|error| {
        StartupError::new(format!(
            "cannot listen on {host} port {port}: {error}; set {name} to another port"
        ))
    })
}

/// An address that reaches a listener from this machine.
fn reachable(bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() {
        let loopback = match bound {
            SocketAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            SocketAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        };
        return SocketAddr::new(loopback, bound.port());
    }
    bound
}
