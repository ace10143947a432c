use std::{fmt, time::Duration};

use sqlx::{ConnectOptions as _, postgres::PgConnectOptions};
use voip_core::{Error, ErrorKind, Result};

/// How a [`PostgresStore`](crate::PostgresStore) is reached.
///
/// ```
/// let options = voip_store::PostgresOptions::at("postgres://voip:secret@db:5432/voip")?;
/// assert_eq!(options.lanes, 2);
/// assert!(!format!("{options:?}").contains("secret"));
/// # Ok::<(), voip_core::Error>(())
/// ```
#[derive(Clone)]
pub struct PostgresOptions {
    /// Where, who, and whether with TLS.
    pub(super) server: PgConnectOptions,
    /// How many connections there are for all that has no lane: logs,
    /// registrations, accounts, sweeps. Default 8; they open when first needed.
    pub connections: usize,
    /// How many connections write calls, each many at a time; as many again look
    /// up calls, users and devices. Default 2.
    pub lanes: usize,
    /// How many writes may wait for a lane, and as many look-ups. Default 4096.
    pub queue: usize,
    /// How long an operation may take, waiting included, before it fails as
    /// `Unavailable` or `Timeout`. Default 5 s.
    pub patience: Duration,
}

impl PostgresOptions {
    /// The defaults, for the database at `url`:
    /// `postgres://user:password@host:port/database`, with `?sslmode=…` and
    /// `&sslrootcert=…` where the server wants them.
    ///
    /// # Errors
    /// `Misconfigured` when the text is no such URL or names no database. The
    /// message quotes nothing of it.
    pub fn at(url: &str) -> Result<Self> {
        let server: PgConnectOptions = url.parse().map_err(|_| {
            misconfigured(
                "the database URL is not of the form \
                 postgres://user:password@host:port/database; characters such as @ : / in \
                 the password are written as %40 %3A %2F",
            )
        })?;
        if server.get_database().is_none_or(str::is_empty) {
            return Err(misconfigured(
                "the database URL names no database: postgres://user:password@host:port/database",
            ));
        }
        Ok(Self {
            server: server.disable_statement_logging(),
            connections: 8,
            lanes: 2,
            queue: 4096,
            patience: Duration::from_secs(5),
        })
    }

    /// Where the server is, for people.
    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.server.get_host(), self.server.get_port())
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("server", &self.place())
            .field("database", &self.server.get_database())
            .field("connections", &self.connections)
            .field("lanes", &self.lanes)
            .field("queue", &self.queue)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

fn misconfigured(message: &str) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}
