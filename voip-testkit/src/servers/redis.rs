use std::{path::PathBuf, process::Command, time::Duration};

use async_trait::async_trait;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::{
    program::{Folder, Program, find},
    signal::Signal,
};

/// Redis that keeps nothing when it ends.
#[derive(Debug)]
pub(super) struct Redis {
    server: PathBuf,
}

impl Redis {
    pub(super) fn found() -> Option<Self> {
        let server = find("redis-server", &[])?;
        Some(Self { server })
    }
}

#[async_trait]
impl Program for Redis {
    fn name(&self) -> &'static str {
        "redis-server"
    }

    fn prepare(&self, _folder: &Folder) {}

    fn command(&self, folder: &Folder, port: u16) -> Command {
        let mut command = folder.run(&self.server);
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(["--port", &port.to_string()]);
        command
    }

    fn ends_on(&self) -> Signal {
        Signal::Terminate
    }

    fn url(&self, port: u16) -> String {
        format!("redis://127.0.0.1:{port}/")
    }

    async fn serves(&self, port: u16) -> bool {
        let answer = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            stream.write_all(b"PING\r\n").await.ok()?;
            let mut answer = [0; 5];
            stream.read_exact(&mut answer).await.ok()?;
            Some(answer)
        };
        // real time: a server that does not answer is not up.
        let answer = tokio::time::timeout(Duration::from_secs(1), answer).await;
        matches!(answer, Ok(Some([b'+', b'P', b'O', b'N', b'G'])))
    }
}
