use std::sync::Arc;

use sqlx::{Connection as _, PgConnection};
use voip_core::{CallId, ports::Inserted};

use super::{connection::PostgresDriver, effects, failure, finding, saving};
use crate::grouped::{Batch, Connections, Done, Fault, Settling, Work, Write, Written};

/// How often calls are added that are neither new nor found: whoever had their
/// id, leg or key is just going.
const TRIES: usize = 5;

/// Carries out writes of calls, a batch at a time.
pub(super) struct Writing {
    pub(super) connections: Connections<PostgresDriver>,
    pub(super) settling: Arc<Settling>,
}

impl Work for Writing {
    type Job = Write;
    type Done = Done;

    fn about(job: &Write) -> Option<CallId> {
        job.about()
    }

    async fn run(&self, jobs: &[Write]) -> Result<Vec<Done>, Fault> {
        let load = if jobs.iter().any(|job| matches!(job, Write::Settle)) {
            Some(self.settling.take_in_turn().await)
        } else {
            self.settling.take()
        };
        let batch = Batch::of(jobs, load.as_ref());
        let mut lease = self.connections.lease().await?;
        let outcome = lease.clock().run(carry_out(lease.db(), &batch)).await;
        let written = lease.end(outcome);
        batch.finish(jobs, written, load, &self.settling)
    }
}

/// Writes a batch, all or nothing.
async fn carry_out(db: &mut PgConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let written = if batch.kinds() > 1 {
        in_transaction(db, batch).await
    } else {
        // A single statement is a transaction already.
        each_kind(db, batch).await
    };
    let alone = batch.inserts.len() + batch.replaces.len() == 1;
    match written {
        Err(error) if alone && failure::is_taken(&error, "calls_by_provider_id") => Ok(Written {
            leg_taken: true,
            ..Written::default()
        }),
        written => written,
    }
}

async fn in_transaction(db: &mut PgConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let mut transaction = db.begin().await?;
    match each_kind(&mut transaction, batch).await {
        Ok(written) => {
            transaction.commit().await?;
            Ok(written)
        }
        // Some errors are an outcome, after which the connection rests: it must
        // not rest with what it has locked.
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    }
}

async fn each_kind(db: &mut PgConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let mut written = Written::default();
    if !batch.replaces.is_empty() {
        written.replaced = saving::replace(db, &batch.replaces).await?;
    }
    let mut left = batch.inserts.clone();
    for _ in 0..TRIES {
        if left.is_empty() {
            break;
        }
        let added = saving::insert(db, &left).await?;
        let mut unclear = Vec::new();
        for new in left {
            let outcome = if added.contains(&new.call.id) {
                Some(Inserted::New)
            } else {
                let known = finding::known(db, &new.call, new.key.as_ref()).await?;
                known.map(Inserted::Known)
            };
            match outcome {
                Some(outcome) => {
                    written.inserted.insert(new.call.id, outcome);
                }
                None => unclear.push(new),
            }
        }
        left = unclear;
    }
    if !batch.settles.is_empty() {
        effects::settle(db, &batch.settles).await?;
    }
    Ok(written)
}
