//! The bare handler that everything is compared with.

use std::{
    convert::Infallible,
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
};

use axum::{Router, body::Body, routing::get};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::{Fault, process::Process};

/// The bare handler, running.
pub(crate) struct Hello {
    pub(crate) process: Process,
    pub(crate) addr: SocketAddr,
}

/// The request it answers.
pub(crate) const REQUEST: &[u8] = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Starts it as a process of its own, as the server is one.
pub(crate) fn start() -> Result<Hello, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("hello").stdout(Stdio::piped());
    let mut process = Process::spawn(&mut command)?;
    let mut line = String::new();
    BufReader::new(process.output().ok_or("hello has no output")?).read_line(&mut line)?;
    let addr = line.trim().parse()?;
    Ok(Hello { process, addr })
}

/// Serves it until killed. The same runtime and the same HTTP library as the
/// server's, driven in the same way, and nothing else.
pub(crate) fn serve() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?)?;
        out.flush()?;
        let router = Router::new().route("/hello", get(|| async { "Hello, world!" }));
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new());
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let router = router.clone();
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let answer = router.clone().oneshot(request.map(Body::new));
                async move { Ok::<_, Infallible>(answer.await.unwrap_or_else(|never| match never {})) }
            });
            let connection = http.serve_connection(TokioIo::new(stream), service);
            // Ends with its client, at the latest with this process.
            drop(tokio::spawn(connection));
        }
    })
}
