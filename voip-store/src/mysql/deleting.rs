//! Statements that take calls out of the logs and put them back.

use sqlx::{Connection as _, MySqlConnection};
use voip_core::{Call, CallId, Timestamp, UserId, ports::LogChange};

use super::{MySqlDriver, log_lines};
use crate::{
    grouped::Deleting,
    row::{self, Columns as _, columns},
};

impl Deleting for MySqlDriver {
    async fn delete_log(
        db: &mut MySqlConnection,
        owner: &UserId,
        id: &CallId,
        at: Timestamp,
    ) -> Result<LogChange, sqlx::Error> {
        let mut transaction = db.begin().await?;
        let Some((call, deleted)) = owned(&mut transaction, owner, id).await? else {
            transaction.rollback().await?;
            return Ok(LogChange::NoSuchCall);
        };
        if deleted {
            transaction.rollback().await?;
            return Ok(LogChange::Already);
        }
        mark(&mut transaction, id, Some(at)).await?;
        log_lines::remove(&mut transaction, &call).await?;
        transaction.commit().await?;
        Ok(LogChange::Made)
    }

    async fn restore_log(
        db: &mut MySqlConnection,
        owner: &UserId,
        id: &CallId,
    ) -> Result<LogChange, sqlx::Error> {
        let mut transaction = db.begin().await?;
        let Some((call, deleted)) = owned(&mut transaction, owner, id).await? else {
            transaction.rollback().await?;
            return Ok(LogChange::NoSuchCall);
        };
        if !deleted {
            transaction.rollback().await?;
            return Ok(LogChange::Already);
        }
        mark(&mut transaction, id, None).await?;
        log_lines::add(&mut transaction, &[&call]).await?;
        transaction.commit().await?;
        Ok(LogChange::Made)
    }
}

/// A call of `owner`, and whether it is deleted. Until the transaction ends
/// nobody else changes it.
async fn owned(
    db: &mut MySqlConnection,
    owner: &UserId,
    id: &CallId,
) -> Result<Option<(Call, bool)>, sqlx::Error> {
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        ", deleted_at FROM calls WHERE id = ? AND owner = ? FOR UPDATE"
    ))
    .bind(row::id_bytes(id))
    .bind(owner.as_str())
    .fetch_optional(db)
    .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some((row::read(&row)?.call, row.int(23)?.is_some())))
}

async fn mark(
    db: &mut MySqlConnection,
    id: &CallId,
    at: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE calls SET deleted_at = ? WHERE id = ?")
        .bind(at.map(Timestamp::as_micros))
        .bind(row::id_bytes(id))
        .execute(db)
        .await
        .map(drop)
}
