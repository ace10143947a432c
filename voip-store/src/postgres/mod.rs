//! Storage in PostgreSQL: the statements. What is done with them, and in which turn,
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
mod saving;
mod schema;
mod users;
mod writing;

use voip_core::{Call, Result};

pub use connection::PostgresDriver;
pub use options::PostgresOptions;

use crate::{
    grouped::{Connections, Server, ServerStore, Sizes},
    row,
};

/// Calls, users and accounts in a PostgreSQL database: see [`ServerStore`].
pub type PostgresStore = ServerStore<PostgresDriver>;

impl PostgresStore {
    /// Connects, and brings the tables up to date where they are old or not
    /// there; several servers may do so at once. The lanes run on the runtime
    /// this is called on.
    ///
    /// # Errors
    /// `Misconfigured` when the server refuses us, or the tables belong to
    /// another program or to a newer version of this one: they are left as they
    /// are. `Unavailable` when the server cannot be reached.
    pub async fn connect(options: PostgresOptions) -> Result<Self> {
        let sizes = Sizes {
            connections: options.connections,
            lanes: options.lanes,
            queue: options.queue,
            patience: options.patience,
        };
        Self::open(PostgresDriver { options }, sizes).await
    }
}

impl Server for PostgresDriver {
    fn fit(call: &mut Call) {
        row::without_nul::call(call);
    }

    async fn migrate(connections: &Connections<Self>) -> Result<()> {
        schema::migrate(connections).await
    }
}
