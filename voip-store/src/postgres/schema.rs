use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use voip_core::{Error, ErrorKind, Result};

use super::connection::PostgresDriver;
use crate::grouped::Connections;

/// The schema, change after change. A change is never edited once released;
/// the table `voip_schema` says how many of them a database has had.
const MIGRATIONS: &[&str] = &[include_str!(
    "../../migrations/postgres/0001_calls_and_users.sql"
)];

/// The format this program writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;

/// Who changes the schema holds this lock: "VoIP" in ASCII.
const LOCK: i64 = 0x566f_4950;

/// How long bringing a database up to date may take, waiting for another server
/// that does so included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Brings the database up to date. The connection is of no use after it.
pub(super) async fn migrate(connections: &Connections<PostgresDriver>) -> Result<()> {
    let lease = connections.lease_for(PATIENCE).await;
    let mut lease = lease.map_err(|fault| fault.in_write())?;
    let outcome = lease.clock().run(brought_up_to_date(lease.db())).await;
    lease.end(outcome).map_err(|fault| fault.in_write())?
}

async fn brought_up_to_date(db: &mut PgConnection) -> Result<Result<()>, sqlx::Error> {
    if version(db).await? == Some(FORMAT) {
        return Ok(Ok(()));
    }
    sqlx::raw_sql("SET statement_timeout = '60s'; SET lock_timeout = '60s'")
        .execute(&mut *db)
        .await?;
    // Before the transaction: one that is begun may go on missing tables that
    // others have made. The lock ends with the connection.
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut *db)
        .await?;
    let mut transaction = db.begin().await?;
    // Somebody else may have been faster.
    let done = match version(&mut transaction).await? {
        Some(version) if version > FORMAT => return Ok(Err(newer(version))),
        Some(version) => usize::try_from(version).unwrap_or(0),
        None => match foreign(&mut transaction).await? {
            Some(table) => return Ok(Err(taken(&table))),
            None => {
                sqlx::raw_sql(
                    "CREATE TABLE voip_schema (format BIGINT NOT NULL); \
                     INSERT INTO voip_schema VALUES (0)",
                )
                .execute(&mut *transaction)
                .await?;
                0
            }
        },
    };
    for &migration in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(migration).execute(&mut *transaction).await?;
    }
    sqlx::query("UPDATE voip_schema SET format = $1")
        .bind(FORMAT)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(Ok(()))
}

/// The format of our tables, where there are any.
async fn version(db: &mut PgConnection) -> Result<Option<i64>, sqlx::Error> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('voip_schema') IS NOT NULL")
        .fetch_one(&mut *db)
        .await?;
    if !is_there {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT format FROM voip_schema")
        .fetch_optional(db)
        .await
}

/// A table of somebody else's that has the name of one of ours. Tables of the
/// earlier Node.js system have other names, and may stand beside ours.
async fn foreign(db: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables \
         WHERE table_schema = current_schema() AND table_name IN ('calls', 'log_lines', \
         'call_effects', 'idempotency_keys', 'kept_reports', 'app_users', 'devices', 'accounts') \
         LIMIT 1",
    )
    .fetch_optional(db)
    .await
}

fn newer(version: i64) -> Error {
    refused(format!(
        "the database was written by a newer version of this program (its format is {version}, \
         this program knows {FORMAT}); use that version"
    ))
}

fn taken(table: &str) -> Error {
    refused(format!(
        "the database has a table {table} that belongs to another program; it was left as it \
         is: name another database or another schema"
    ))
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}
