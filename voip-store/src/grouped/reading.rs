use std::collections::HashMap;

use voip_core::{CallId, ProviderCallId, ports::Held};

use super::{Connections, Fault, Find, Server, Work};

/// Looks calls up, many at a time: a statement costs more than a row.
pub(super) struct Reading<D: Server> {
    pub(super) connections: Connections<D>,
}

impl<D: Server> Work for Reading<D> {
    type Job = Find;
    type Done = Option<Held>;

    fn about(_: &Find) -> Option<CallId> {
        None
    }

    async fn run(&self, jobs: &[Find]) -> Result<Vec<Option<Held>>, Fault> {
        let mut lease = self.connections.lease().await?;
        let outcome = lease.clock().run(found::<D>(lease.db(), jobs)).await;
        lease.end(outcome)
    }
}

async fn found<D: Server>(
    db: &mut D::Connection,
    jobs: &[Find],
) -> Result<Vec<Option<Held>>, sqlx::Error> {
    let (mut ids, mut legs) = (Vec::new(), Vec::new());
    for job in jobs {
        match job {
            Find::Id(id) => ids.push(*id),
            Find::Leg(leg) => legs.push(leg),
        }
    }
    let by_id: HashMap<CallId, Held> = match ids.is_empty() {
        true => HashMap::new(),
        false => D::calls(db, &ids)
            .await?
            .into_iter()
            .map(|held| (held.call.id, held))
            .collect(),
    };
    let by_leg: HashMap<ProviderCallId, Held> = match legs.is_empty() {
        true => HashMap::new(),
        false => D::calls_by_leg(db, &legs)
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
