use std::{path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};

/// Measures voip-server from end to end, beside a bare handler.
///
/// Build both first: cargo build --release -p voip-server -p voip-benches
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// The server's release binary.
    #[arg(long, default_value = "target/release/voip-server")]
    pub(crate) server: PathBuf,
    /// How long each closed-loop row runs with each number of connections.
    #[arg(long, default_value_t = 2.0)]
    seconds: f64,
    /// Measure only these rows, separated by commas: start-call, twilio-status,
    /// twilio-inbound, call-logs-10, call-logs-1000, own-call-logs-10,
    /// own-call-logs-1000, agent-join, call-status, paced, logins, hold, start, idle.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// With how many connections the closed-loop rows run.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 16, 64])]
    pub(crate) connections: Vec<usize>,
    /// How many sockets are opened to weigh one.
    #[arg(long, default_value_t = 10_000)]
    pub(crate) sockets: usize,
    /// Where databases are put; a disk, if a disk is to be measured.
    #[arg(long, default_value_os_t = std::env::temp_dir())]
    pub(crate) folder: PathBuf,
    /// A database server for the rows with a database, by an administrator's address:
    /// postgres://… or mysql://…; an SQLite file without. Each row makes a database
    /// of its own there, fills it and drops it.
    #[arg(long)]
    pub(crate) database: Option<String>,
    /// A Redis for the rows on a database server and those on two nodes, such as redis://127.0.0.1:6379; without
    /// it they are left out.
    #[arg(long)]
    pub(crate) redis: Option<String>,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the bare handler that everything is compared with.
    #[command(hide = true)]
    Hello,
}

impl Options {
    /// Whether the row `name` is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }

    /// The Redis of servers on a database server; those on a file have none unless
    /// they are two.
    pub(crate) fn redis_of_servers(&self) -> Option<&str> {
        self.database.as_ref().and(self.redis.as_deref())
    }

    /// How long a closed-loop row runs.
    pub(crate) fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds.clamp(0.2, 60.0))
    }
}
