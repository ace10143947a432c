use sqlx::{Connection as _, PgConnection};
use voip_core::ports::Inserted;

use super::{PostgresDriver, failure, saving};
use crate::grouped::{Batch, CallTable, EffectTable as _, Finding as _, Written};

/// How often calls are added that are neither new nor found: whoever had their
/// id, leg or key is just going.
const TRIES: usize = 5;

impl CallTable for PostgresDriver {
    async fn carry_out(db: &mut PgConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
        let written = if batch.kinds() > 1 {
            in_transaction(db, batch).await
        } else {
            // A single statement is a transaction already.
            each_kind(db, batch).await
        };
        let alone = batch.inserts.len() + batch.replaces.len() == 1;
        match written {
            Err(error) if alone && failure::is_taken(&error, "calls_by_provider_id") => {
                // Undone with the rest, and wanted all the same.
                if !batch.settles.is_empty() {
                    Self::settle(db, &batch.settles).await?;
                }
                Ok(Written {
                    leg_taken: true,
                    ..Written::default()
                })
            }
            written => written,
        }
    }

    async fn clear_calls(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
        saving::clear(db).await
    }
}

async fn in_transaction(db: &mut PgConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let mut transaction = db.begin().await?;
    match each_kind(&mut transaction, batch).await {
        Ok(written) => {
            transaction.commit().await?;
            Ok(written)
        }
        // The connection may go on living, and no row may stay locked by it.
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
                let known = PostgresDriver::known(db, &new.call, new.key.as_ref()).await?;
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
        PostgresDriver::settle(db, &batch.settles).await?;
    }
    Ok(written)
}
