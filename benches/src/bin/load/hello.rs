//! The bare handler that everything is compared with.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, SocketAddr},
    process::{Command, Stdio},
};

use axum::{Router, routing::get, serve::ListenerExt as _};
use tokio::net::TcpListener;

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

/// Serves it until killed: axum as it comes, on the runtime the server uses.
pub(crate) fn serve() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let mut out = std::io::stdout();
        writeln!(out, "{}", listener.local_addr()?)?;
        out.flush()?;
        let listener = listener.tap_io(|stream| {
            // Without it an answer may be held back, which is nobody's wish.
            let _ = stream.set_nodelay(true);
        });
        let router = Router::new().route("/hello", get(|| async { "Hello, world!" }));
        Ok(axum::serve(listener, router).await?)
    })
}
