use std::collections::HashMap;

use sqlx::MySqlConnection;
use voip_core::{CallId, ProviderCallId, ports::Held};

use super::{connection::MySqlDriver, finding};
use crate::grouped::{Connections, Fault, Find, Work};

/// Looks calls up, many at a time: a statement costs more than a row.
pub(super) struct Reading {
    pub(super) connections: Connections<MySqlDriver>,
}

impl Work for Reading {
    type Job = Find;
    type Done = Option<Held>;

    fn about(_: &Find) -> Option<CallId> {
        None
    }

    async fn run(&self, jobs: &[Find]) -> Result<Vec<Option<Held>>, Fault> {
        let mut lease = self.connections.lease().await?;
        let outcome = lease.clock().run(found(lease.db(), jobs)).await;
        lease.end(outcome)
    }
}

async fn found(db: &mut MySqlConnection, jobs: &[Find]) -> Result<Vec<Option<Held>>, sqlx::Error> {
    let (mut ids, mut legs) = (Vec::new(), Vec::new());
    for job in jobs {
        match job {
            Find::Id(id) => ids.push(*id),
            Find::Leg(leg) => legs.push(leg),
        }
    }
    let by_id: HashMap<CallId, Held> = match ids.is_empty() {
        true => HashMap::new(),
        false => finding::calls(db, &ids)
            .await?
            .into_iter()
            .map(|held| (held.call.id, held))
            .collect(),
    };
    let by_leg: HashMap<ProviderCallId, Held> = match legs.is_empty() {
        true => HashMap::new(),
        false => finding::calls_by_leg(db, &legs)
            .await?
            .into_iter()
            .filter_map(|held| Some((held.call.provider_id.clone()?, held)))
            .collect(),
    };
    let found = jobs.iter().map(|job| match job {
        Find::Id(id) => by_id.get(id).cloned(),
        Find::Leg(leg) => by_leg.get(leg).cloned(),
    });
    Ok(found.collect())
}
