//! Storage in PostgreSQL.
//!
//! Reads and writes of calls wait in queues and go to the server many at a time,
//! see `grouped`; everything else takes a connection for itself. The statements
//! are in `saving`, `finding`, `live`, `log_lines`, `effects`, `deleting`,
//! `users`, `accounts` and `archive`.

mod accounts;
mod archive;
mod calls;
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
mod reading;
mod saving;
mod schema;
mod users;
mod writing;

use std::{fmt, sync::Arc};

use voip_core::Result;

pub use options::PostgresOptions;

use crate::grouped::{Connections, Lanes, Lease, Settling, Write};
use connection::PostgresDriver;
use reading::Reading;
use writing::Writing;

/// Calls, users and accounts in a PostgreSQL database, shared by any number of
/// servers.
///
/// A write that has returned is as durable as the server's settings make a
/// commit, except [`settle_effect`](voip_core::ports::CallStore::settle_effect),
/// which is only queued. Writes of calls share transactions, so they take the
/// longer one by one and the less of the database the more there are at once.
///
/// Nothing is remembered here that another server could change. Every operation
/// ends within the patience of its options: a database that does not answer
/// makes it fail, and one that comes back is used at once.
pub struct PostgresStore {
    options: PostgresOptions,
    writes: Arc<Lanes<Writing>>,
    reads: Lanes<Reading>,
    connections: Connections<PostgresDriver>,
    settling: Arc<Settling>,
}

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
        let driver = Arc::new(PostgresDriver {
            options: options.clone(),
        });
        let patience = options.patience;
        let pool = |most| Connections::new(Arc::clone(&driver), most, patience);
        let first = pool(1);
        schema::migrate(&first).await?;
        first.close().await;
        let settling = Arc::new(Settling::default());
        let (lanes, queue) = (options.lanes.max(1), options.queue);
        let writing = Writing {
            connections: pool(lanes),
            settling: Arc::clone(&settling),
        };
        let reading = Reading {
            connections: pool(lanes),
        };
        Ok(Self {
            writes: Arc::new(Lanes::start(writing, lanes, queue, patience)),
            reads: Lanes::start(reading, lanes, queue, patience),
            connections: pool(options.connections),
            options,
            settling,
        })
    }

    /// Carries out all writes that wait, then closes every connection. Reads
    /// and writes fail from then on; closing again is fine.
    ///
    /// Dropping the store writes everything too, but nobody can wait for it.
    ///
    /// # Errors
    /// None so far.
    pub async fn close(&self) -> Result<()> {
        if !self.settling.is_empty() {
            // What stays behind, somebody will claim and find done.
            let _ = self.writes.submit(Write::Settle).await;
        }
        self.writes.close().await;
        self.reads.close().await;
        self.writes.work().connections.close().await;
        self.reads.work().connections.close().await;
        self.connections.close().await;
        Ok(())
    }

    /// A connection for one operation.
    async fn lease(&self) -> Result<Lease<PostgresDriver>> {
        let lease = self.connections.lease().await;
        lease.map_err(|fault| fault.in_read())
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
