//! Statements that take calls out of the logs and put them back.

use sqlx::{Connection as _, PgConnection, Row as _};
use voip_core::{Call, CallId, Timestamp, UserId, ports::LogChange};

use super::{PostgresDriver, log_lines};
use crate::{
    grouped::Deleting,
    row::{self, columns},
};

impl Deleting for PostgresDriver {
    async fn delete_log(
        db: &mut PgConnection,
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
        db: &mut PgConnection,
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
        log_lines::add(&mut transaction, &call).await?;
        transaction.commit().await?;
        Ok(LogChange::Made)
    }
}

/// A call of `owner`, and whether it is deleted. Until the transaction ends
/// nobody else changes it.
async fn owned(
    db: &mut PgConnection,
    owner: &UserId,
    id: &CallId,
) -> Result<Option<(Call, bool)>, sqlx::Error> {
    let found = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        ", deleted_at IS NOT NULL FROM calls WHERE id = $1 AND owner = $2 FOR UPDATE"
    ))
    .bind(row::id_bytes(id))
    .bind(owner.as_str())
    .fetch_optional(db)
    .await?;
    let Some(row) = found else { return Ok(None) };
    Ok(Some((row::read(&row)?.call, row.try_get(23)?)))
}

async fn mark(
    db: &mut PgConnection,
    id: &CallId,
    at: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE calls SET deleted_at = $1 WHERE id = $2")
        .bind(at.map(Timestamp::as_micros))
        .bind(row::id_bytes(id))
        .execute(db)
        .await
        .map(drop)
}
