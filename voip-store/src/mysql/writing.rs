use sqlx::{Connection as _, MySqlConnection};
use voip_core::ports::Inserted;

use super::{MySqlDriver, failure, replacing, saving};
use crate::grouped::{Batch, CallTable, EffectTable as _, Finding as _, Written};

impl CallTable for MySqlDriver {
    async fn carry_out(
        db: &mut MySqlConnection,
        batch: &Batch<'_>,
    ) -> Result<Written, sqlx::Error> {
        let alone = batch.inserts.len() + batch.replaces.len() == 1;
        let written = if is_one_statement(batch) {
            each_kind(db, batch).await
        } else {
            in_transaction(db, batch).await
        };
        match written {
            Err(error) if alone && failure::is_taken(&error) => {
                // Undone with the rest, and wanted all the same.
                if !batch.settles.is_empty() {
                    Self::settle(db, &batch.settles).await?;
                }
                taken(db, batch).await
            }
            written => written,
        }
    }

    async fn clear_calls(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
        saving::clear(db).await
    }
}

/// Whether a batch is one statement, which is a transaction already.
fn is_one_statement(batch: &Batch<'_>) -> bool {
    match batch.replaces.as_slice() {
        [] => batch.inserts.is_empty(),
        [next] => batch.kinds() == 1 && next.effects.is_empty(),
        _ => false,
    }
}

/// What became of the only write of a batch, whose id, leg or key is somebody's.
async fn taken(db: &mut MySqlConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let mut written = Written::default();
    let Some(new) = batch.inserts.first() else {
        written.leg_taken = true;
        return Ok(written);
    };
    let known = MySqlDriver::known(db, &new.call, new.key.as_ref()).await?;
    // Whoever had it may be gone by now.
    let known = known.map(|held| (new.call.id, Inserted::Known(held)));
    written.inserted.extend(known);
    Ok(written)
}

async fn in_transaction(
    db: &mut MySqlConnection,
    batch: &Batch<'_>,
) -> Result<Written, sqlx::Error> {
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

async fn each_kind(db: &mut MySqlConnection, batch: &Batch<'_>) -> Result<Written, sqlx::Error> {
    let mut written = Written::default();
    if !batch.replaces.is_empty() {
        written.replaced = replacing::replace(db, &batch.replaces).await?;
    }
    if !batch.inserts.is_empty() {
        saving::insert(db, &batch.inserts).await?;
        let added = batch.inserts.iter().map(|new| new.call.id);
        written.inserted = added.map(|id| (id, Inserted::New)).collect();
    }
    if !batch.settles.is_empty() {
        MySqlDriver::settle(db, &batch.settles).await?;
    }
    Ok(written)
}
