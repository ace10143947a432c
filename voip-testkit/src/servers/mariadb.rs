use std::{path::PathBuf, process::Command, time::Duration};

use async_trait::async_trait;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::{
    program::{Folder, Program, find},
    signal::Signal,
};

/// MariaDB with a user and a database called `voip`.
#[derive(Debug)]
pub(super) struct MariaDb {
    server: PathBuf,
    install: PathBuf,
}

/// What the server runs before it takes anybody in.
const WELCOME: &str = "\
CREATE DATABASE IF NOT EXISTS voip;
CREATE USER IF NOT EXISTS voip@'127.0.0.1' IDENTIFIED BY 'voip';
GRANT ALL ON *.* TO voip@'127.0.0.1' WITH GRANT OPTION;
";

/// Small logs: they are laid down with the folder.
const LOG_SIZE: &str = "--innodb-log-file-size=16M";

impl MariaDb {
    pub(super) fn found() -> Option<Self> {
        let server = find("mariadbd", &[])?;
        let install = find("mariadb-install-db", &[])?;
        Some(Self { server, install })
    }
}

#[async_trait]
impl Program for MariaDb {
    fn name(&self) -> &'static str {
        "mariadbd"
    }

    fn prepare(&self, folder: &Folder) {
        folder.write("welcome.sql", WELCOME);
        let mut install = folder.run(&self.install);
        install
            .args(["--no-defaults", "--skip-test-db", LOG_SIZE])
            .arg(format!("--datadir={}", folder.place("data").display()));
        folder.run_to_end(install);
    }

    fn command(&self, folder: &Folder, port: u16) -> Command {
        let mut command = folder.run(&self.server);
        command
            .args(["--no-defaults", "--bind-address=127.0.0.1", LOG_SIZE])
            .args(["--skip-name-resolve", "--performance-schema=OFF"])
            .args(["--max-connections=300", "--innodb-buffer-pool-size=32M"])
            .arg(format!("--port={port}"));
        for (option, name) in [
            ("datadir", "data"),
            ("socket", "socket"),
            ("pid-file", "pid"),
            ("init-file", "welcome.sql"),
        ] {
            command.arg(format!("--{option}={}", folder.place(name).display()));
        }
        command
    }

    fn ends_on(&self) -> Signal {
        Signal::Terminate
    }

    fn url(&self, port: u16) -> String {
        format!("mysql://voip:voip@127.0.0.1:{port}/voip")
    }

    async fn serves(&self, port: u16) -> bool {
        let greeting = async {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
            let mut greeting = [0; 5];
            stream.read_exact(&mut greeting).await.ok()?;
            Some(greeting)
        };
        // real time: a server that does not greet is not up.
        let greeting = tokio::time::timeout(Duration::from_secs(1), greeting).await;
        // After the four bytes of a packet's header, version 10 of the protocol.
        matches!(greeting, Ok(Some([.., 10])))
    }
}
