//! Memory: of a server that has nothing to do, and of a client that waits.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::runtime::Runtime;
use voip_benches::sample;

use crate::{
    Fault, app::App, goal, options::Options, place::Place, provider, report::Figure, socket,
    socketio,
};

/// Its name on the command line.
pub(crate) const NAME: &str = "idle";

/// How long the server may tidy up before its memory is looked at.
const CALM: Duration = Duration::from_secs(1);

/// How many sockets are being opened at a time.
const AT_ONCE: usize = 32;

/// How many sockets come from one address: it has some 28 000 ports.
const PER_ADDRESS: usize = 8_000;

/// Measures it.
pub(crate) fn measure(
    runtime: &Runtime,
    folder: &Path,
    options: &Options,
) -> Result<Vec<Figure>, Fault> {
    let folder = folder.join("idle");
    fs::create_dir(&folder)?;
    let app = App::start(
        &options.server,
        &Place::file(&folder.join("voip.db")),
        provider::start()?,
    )?;
    runtime.block_on(async {
        tokio::time::sleep(CALM).await;
        let before = app.process.resident_bytes()?;
        let count = options.sockets;
        let sockets: Vec<_> = stream::iter(0..count)
            .map(|n| async move {
                let last = 1 + u8::try_from(n / PER_ADDRESS)?;
                let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
                socket::register(app.socket, from, sample::user(n).as_str()).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        tokio::time::sleep(CALM).await;
        let after = app.process.resident_bytes()?;
        drop(sockets);
        let each = after.saturating_sub(before) as f64 / count as f64;
        let name = format!("memory per idle WebSocket, {count} registered");
        Ok(vec![
            Figure::new(
                "idle memory".to_owned(),
                before as f64 / 1048576.0,
                goal::IDLE,
                |mib| format!("{mib:.1} MiB"),
            ),
            Figure::new(name, each / 1024.0, goal::SOCKET, |kib| {
                format!("{kib:.1} KiB")
            }),
        ])
    })
}

/// Measures what a Socket.IO client that waits takes.
pub(crate) fn measure_socketio(
    runtime: &Runtime,
    folder: &Path,
    options: &Options,
) -> Result<Vec<Figure>, Fault> {
    let folder = folder.join("idle-socketio");
    fs::create_dir(&folder)?;
    let app = App::start(
        &options.server,
        &Place::file(&folder.join("voip.db")),
        provider::start()?,
    )?;
    runtime.block_on(async {
        tokio::time::sleep(CALM).await;
        let before = app.process.resident_bytes()?;
        let count = options.sockets;
        let clients: Vec<_> = stream::iter(0..count)
            .map(|n| async move {
                let last = 1 + u8::try_from(n / PER_ADDRESS)?;
                let from = SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0));
                socketio::join(app.http, from, std::iter::empty()).await
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        tokio::time::sleep(CALM).await;
        let after = app.process.resident_bytes()?;
        drop(clients);
        let each = after.saturating_sub(before) as f64 / count as f64;
        let name = format!("memory per idle Socket.IO client, {count} connected");
        Ok(vec![Figure::new(
            name,
            each / 1024.0,
            goal::SOCKET_IO,
            |kib| format!("{kib:.1} KiB"),
        )])
    })
}
