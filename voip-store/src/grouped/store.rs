use std::{fmt, sync::Arc, time::Duration};

use voip_core::Result;

use super::{
    Connections, Find, Found, Lanes, Lease, Server, Settling, Write, reading::Reading,
    recalling::Recalling, writing::Writing,
};

/// Calls, users and accounts in a database on a server, shared by any number of
/// programs: a `MySqlStore` or a `PostgresStore`.
///
/// A write that has returned is as durable as the server's settings make a
/// commit, except [`settle_effect`](voip_core::ports::CallStore::settle_effect),
/// which is only queued. Writes of calls share transactions, so they take the
/// longer one by one and the less of the database the more there are at once.
///
/// Nothing that another program could change is remembered here, except for
/// [`recall`](voip_core::ports::CallStore::recall), which says so. Every operation
/// ends within the patience of its options: a database that does not answer
/// makes it fail, and one that comes back is used at once.
pub struct ServerStore<D: Server> {
    driver: Arc<D>,
    pub(super) writes: Arc<Lanes<Writing<D>>>,
    pub(super) reads: Lanes<Reading<D>>,
    pub(super) connections: Connections<D>,
    pub(super) settling: Arc<Settling>,
    pub(super) recalling: Arc<Recalling>,
}

/// How many connections there are, and how long anything may wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Connections for all that has no lane.
    pub(crate) connections: usize,
    /// Connections that write calls; as many again look things up.
    pub(crate) lanes: usize,
    /// Writes that may wait for a lane, and as many look-ups.
    pub(crate) queue: usize,
    /// How long an operation may take.
    pub(crate) patience: Duration,
}

impl<D: Server> ServerStore<D> {
    /// Connects, and brings the tables up to date.
    pub(crate) async fn open(driver: D, sizes: Sizes) -> Result<Self> {
        let driver = Arc::new(driver);
        let Sizes {
            queue, patience, ..
        } = sizes;
        let lanes = sizes.lanes.max(1);
        let pool = |most| Connections::new(Arc::clone(&driver), most, patience);
        let first = pool(1);
        // Boxed: it is deep, and whoever connects would hold all of it.
        Box::pin(D::migrate(&first)).await?;
        first.close().await;
        let settling = Arc::new(Settling::default());
        let recalling = Arc::new(Recalling::default());
        let writing = Writing {
            connections: pool(lanes),
            settling: Arc::clone(&settling),
            recalling: Arc::clone(&recalling),
        };
        let reading = Reading {
            connections: pool(lanes),
        };
        Ok(Self {
            writes: Arc::new(Lanes::start(writing, lanes, queue, patience)),
            reads: Lanes::start(reading, lanes, queue, patience),
            connections: pool(sizes.connections),
            driver,
            settling,
            recalling,
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

    /// Looks something up, together with whatever else is looked up now.
    pub(super) async fn find(&self, find: Find) -> Result<Found> {
        let found = self.reads.submit(find).await;
        found.map_err(|fault| fault.in_read())
    }

    /// A connection for one operation.
    pub(super) async fn lease(&self) -> Result<Lease<D>> {
        let lease = self.connections.lease().await;
        lease.map_err(|fault| fault.in_read())
    }
}

impl<D: Server> fmt::Debug for ServerStore<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerStore")
            .field("driver", &self.driver)
            .finish_non_exhaustive()
    }
}
