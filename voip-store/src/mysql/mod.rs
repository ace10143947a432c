//! Storage in MySQL or MariaDB: the statements. What is done with them, and in which turn,
//! is in `grouped`.

mod accounts;
mod archive;
mod connection;
mod deleting;
mod effects;
mod failure;
mod finding;
mod live;
mod log_lines;
mod options;
#[cfg(test)]
mod plans;
mod replacing;
mod saving;
mod schema;
mod users;
mod writing;

use voip_core::Result;

pub use connection::MySqlDriver;
pub use options::MySqlOptions;

use crate::grouped::{Connections, Server, ServerStore, Sizes};

/// Calls, users and accounts in a MySQL or MariaDB database: see [`ServerStore`].
pub type MySqlStore = ServerStore<MySqlDriver>;

impl MySqlStore {
    /// Connects, and brings the tables up to date where they are old or not
    /// there; several servers may do so at once. The lanes run on the runtime
    /// this is called on.
    ///
    /// # Errors
    /// `Misconfigured` when the server refuses us, or the tables belong to
    /// another program or to a newer version of this one: they are left as they
    /// are. `Unavailable` when the server cannot be reached.
    pub async fn connect(options: MySqlOptions) -> Result<Self> {
        let sizes = Sizes {
            connections: options.connections,
            lanes: options.lanes,
            queue: options.queue,
            patience: options.patience,
        };
        Self::open(MySqlDriver { options }, sizes).await
    }
}

impl Server for MySqlDriver {
    async fn migrate(connections: &Connections<Self>) -> Result<()> {
        schema::migrate(connections).await
    }
}
