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

/// PostgreSQL with a superuser called `voip`.
#[derive(Debug)]
pub(super) struct Postgres {
    server: PathBuf,
    install: PathBuf,
}

impl Postgres {
    pub(super) fn found() -> Option<Self> {
        // Debian keeps each version in a folder of its own.
        let versions = std::fs::read_dir("/usr/lib/postgresql");
        let versions = versions.into_iter().flatten().flatten();
        let folders: Vec<_> = versions.map(|entry| entry.path().join("bin")).collect();
        let server = find("postgres", &folders)?;
        let install = find("initdb", &folders)?;
        Some(Self { server, install })
    }
}

#[async_trait]
impl Program for Postgres {
    fn name(&self) -> &'static str {
        "postgres"
    }

    fn prepare(&self, folder: &Folder) {
        let password = folder.write("password", "voip");
        let mut install = folder.run(&self.install);
        install
            .args(["-U", "voip", "-A", "scram-sha-256", "-E", "UTF8"])
            .arg("--locale=C.UTF-8")
            .arg(format!("--pwfile={}", password.display()))
            .arg("-D")
            .arg(folder.place("data"));
        folder.run_to_end(install);
    }

    fn command(&self, folder: &Folder, port: u16) -> Command {
        let mut command = folder.run(&self.server);
        command
            .arg("-D")
            .arg(folder.place("data"))
            .arg("-k")
            .arg(folder.place(""))
            .args(["-p", &port.to_string()])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "max_connections=300", "-c", "shared_buffers=32MB"]);
        command
    }

    fn ends_on(&self) -> Signal {
        // On SIGTERM it would wait until its clients have gone.
        Signal::Interrupt
    }

    fn url(&self, port: u16) -> String {
        format!("postgres://voip:voip@127.0.0.1:{port}/postgres")
    }

    async fn serves(&self, port: u16) -> bool {
        // A start-up message: its length, version 3.0, parameters.
        const PARAMETERS: &[u8] = b"user\0voip\0database\0postgres\0\0";
        let answer = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            let length = u32::try_from(8 + PARAMETERS.len()).ok()?;
            stream.write_all(&length.to_be_bytes()).await.ok()?;
            stream.write_all(&196_608_u32.to_be_bytes()).await.ok()?;
            stream.write_all(PARAMETERS).await.ok()?;
            let mut answer = [0; 1];
            stream.read_exact(&mut answer).await.ok()?;
            Some(answer)
        };
        // real time: a server that does not answer is not up.
        let answer = tokio::time::timeout(Duration::from_secs(1), answer).await;
        // It asks who we are; while it starts or stops it answers with an error.
        matches!(answer, Ok(Some([b'R'])))
    }
}
