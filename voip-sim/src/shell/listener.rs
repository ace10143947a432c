//! One port for plain connections and for TLS: the first byte tells them apart.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// A connection, plain or not.
pub(crate) type Connection = Either<TcpStream, TlsStream<TcpStream>>;

/// The names that a browser may know this server by. The vendor's are for those that are told to
/// look for them here.
const NAMES: [&str; 9] = [
    "localhost",
    "*.localhost",
    "127.0.0.1",
    "::1",
    "*.twilio.com",
    "*.us1.twilio.com",
    "*.ashburn.twilio.com",
    "*.roaming.twilio.com",
    "*.gll.twilio.com",
];

/// How long a new connection may take to say what it is. Browsers open some in advance.
const PATIENCE: Duration = Duration::from_secs(60);

/// The first byte of a TLS record that begins a handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// Connections that are ready before they are taken.
const WAITING: usize = 64;

/// Accepts both kinds of connections.
pub(crate) struct BothListener {
    local: io::Result<SocketAddr>,
    ready: mpsc::Receiver<(Connection, SocketAddr)>,
}

impl BothListener {
    /// Listens with a certificate that is made for it.
    pub(crate) fn new(listener: TcpListener) -> io::Result<Self> {
        let local = listener.local_addr();
        let acceptor = TlsAcceptor::from(Arc::new(server_config()?));
        let (sender, ready) = mpsc::channel(WAITING);
        tokio::spawn(accept_all(listener, acceptor, sender));
        Ok(Self { local, ready })
    }
}

impl axum::serve::Listener for BothListener {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(ready) => ready,
            // The task that accepts ends after its receiver only.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        match &self.local {
            Ok(addr) => Ok(*addr),
            Err(error) => Err(error.kind().into()),
        }
    }
}

async fn accept_all(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    ready: mpsc::Sender<(Connection, SocketAddr)>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        match accepted {
            Ok((stream, from)) => {
                let (acceptor, ready) = (acceptor.clone(), ready.clone());
                tokio::spawn(async move {
                    let greeted = tokio::time::timeout(PATIENCE, greet(stream, acceptor));
                    let connection = tokio::select! {
                        connection = greeted => connection,
                        () = ready.closed() => return,
                    };
                    if let Ok(Ok(connection)) = connection {
                        // Nobody takes it when the server stops.
                        let _ = ready.send((connection, from)).await;
                    }
                });
            }
            // Out of file descriptors, most likely: some are given back sooner or later.
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn greet(stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<Connection> {
    let mut first = [0];
    stream.peek(&mut first).await?;
    Ok(match first {
        [HANDSHAKE] => Either::Right(acceptor.accept(stream).await?),
        _ => Either::Left(stream),
    })
}

fn server_config() -> io::Result<ServerConfig> {
    let names = NAMES.map(str::to_owned);
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
