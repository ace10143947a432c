//! A connection that can be spoilt.

mod carrier;

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::servers::free_port;

/// A TCP proxy on this machine that does to connections what networks do:
/// delay them, cut them, refuse them, or swallow all that is said.
///
/// The weather is fair at first. A change holds for the connections there are
/// and for those that come, until [`heal`](Self::heal). Dropping the proxy ends
/// everything.
///
/// ```
/// # use std::time::Duration;
/// # use voip_testkit::FlakyProxy;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let upstream = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let address = upstream.local_addr()?;
/// let proxy = FlakyProxy::before(address).await;
/// assert_eq!(
///     proxy.instead_in(&format!("redis://{address}/")),
///     format!("redis://{}/", proxy.address()),
/// );
/// proxy.delay(Duration::from_millis(80));
/// proxy.blackhole();
/// proxy.heal().await;
/// # Ok(())
/// # }
/// ```
pub struct FlakyProxy {
    upstream: SocketAddr,
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    listening: watch::Receiver<bool>,
    task: JoinHandle<()>,
}

/// What is done to connections.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    /// Nobody listens.
    refusing: bool,
    /// What is said is lost.
    swallowing: bool,
    /// How long what is said takes, each way.
    delay: Duration,
    /// Counts the times that all connections were cut.
    cuts: u64,
}

impl FlakyProxy {
    /// A proxy before the server at `upstream`, which need not be there yet.
    pub async fn before(upstream: SocketAddr) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let listener = TcpListener::bind(address).await.expect("the port is free");
        let weather = watch::Sender::new(Weather::default());
        let (says, listening) = watch::channel(true);
        let task = tokio::spawn(serve(listener, upstream, weather.subscribe(), says));
        Self {
            upstream,
            address,
            weather,
            listening,
            task,
        }
    }

    /// Where the proxy listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `url` with the proxy's address in the place of its server's.
    pub fn instead_in(&self, url: &str) -> String {
        url.replace(&self.upstream.to_string(), &self.address.to_string())
    }

    /// From now on, what is said takes this long, each way.
    pub fn delay(&self, delay: Duration) {
        self.weather.send_modify(|weather| weather.delay = delay);
    }

    /// Resets the connections there are. New ones are served as before.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// From now on, nobody listens: who connects is refused. Connections there
    /// are stay. Returns once that is so.
    pub async fn refuse(&self) {
        self.weather.send_modify(|weather| weather.refusing = true);
        self.until_listening(false).await;
    }

    /// From now on, connections are accepted and nothing comes through them in
    /// either direction; what is said is lost.
    pub fn blackhole(&self) {
        self.weather
            .send_modify(|weather| weather.swallowing = true);
    }

    /// Lets everything through again, at once. Connections that have lost
    /// something are reset: nobody could make sense of the rest. Returns once
    /// the proxy listens.
    pub async fn heal(&self) {
        self.weather.send_modify(|weather| {
            *weather = Weather {
                cuts: weather.cuts,
                ..Weather::default()
            };
        });
        self.until_listening(true).await;
    }

    async fn until_listening(&self, wanted: bool) {
        let mut listening = self.listening.clone();
        // An error means that the task is gone, and with it the listener.
        let _ = listening.wait_for(|listening| *listening == wanted).await;
    }
}

impl Drop for FlakyProxy {
    fn drop(&mut self) {
        // Its connections are tasks of a set that goes with it.
        self.task.abort();
    }
}

impl fmt::Debug for FlakyProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlakyProxy")
            .field("upstream", &self.upstream)
            .field("address", &self.address)
            .field("weather", &*self.weather.borrow())
            .finish_non_exhaustive()
    }
}

/// Accepts connections, unless nobody is to listen, until it is dropped.
async fn serve(
    listener: TcpListener,
    upstream: SocketAddr,
    mut weather: watch::Receiver<Weather>,
    says: watch::Sender<bool>,
) {
    let address = listener.local_addr().expect("it is bound");
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        let refusing = weather.borrow_and_update().refusing;
        match (refusing, &listener) {
            (true, Some(_)) => listener = None,
            (false, None) => listener = TcpListener::bind(address).await.ok(),
            (true, None) | (false, Some(_)) => {}
        }
        says.send_replace(listener.is_some());
        tokio::select! {
            changed = weather.changed() => if changed.is_err() { return },
            client = accept(listener.as_ref()) => {
                let now = *weather.borrow();
                connections.spawn(carrier::carry(client, upstream, weather.clone(), now));
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The next connection; never, where nobody listens.
async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else {
        return std::future::pending().await;
    };
    loop {
        // An error is that of a client who is gone already.
        if let Ok((client, _)) = listener.accept().await {
            return client;
        }
    }
}
