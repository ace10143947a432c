use std::time::Duration;

use sqlx::{MySqlConnection, Row as _};
use voip_core::{Error, ErrorKind, Result};

use super::connection::MySqlDriver;
use crate::grouped::Connections;

/// The schema, change after change. A change is never edited once released;
/// the table `voip_schema` says how many of them a database has had. No change of
/// tables can be undone here, so each statement of them can be repeated.
const MIGRATIONS: &[&str] = &[include_str!(
    "../../migrations/mysql/0001_calls_and_users.sql"
)];

/// The format this program writes.
const FORMAT: i64 = MIGRATIONS.len() as i64;

/// How long bringing a database up to date may take, waiting for another server
/// that does so included.
const PATIENCE: Duration = Duration::from_secs(60);

/// Brings the database up to date.
pub(super) async fn migrate(connections: &Connections<MySqlDriver>) -> Result<()> {
    let lease = connections.lease_for(PATIENCE).await;
    let mut lease = lease.map_err(|fault| fault.in_write())?;
    let outcome = lease.clock().run(brought_up_to_date(lease.db())).await;
    lease.end(outcome).map_err(|fault| fault.in_write())?
}

async fn brought_up_to_date(db: &mut MySqlConnection) -> Result<Result<()>, sqlx::Error> {
    if version(db).await? == Some(FORMAT) {
        return Ok(Ok(()));
    }
    // The names of locks are the server's, not the database's.
    let locked: Option<i64> =
        sqlx::query_scalar("SELECT GET_LOCK(CONCAT('voip ', LEFT(SHA1(DATABASE()), 40)), 50)")
            .fetch_one(&mut *db)
            .await?;
    if locked != Some(1) {
        return Ok(Err(Error::new(
            ErrorKind::Unavailable,
            "another server is bringing the database up to date, and is not getting done",
        )));
    }
    let outcome = under_lock(db).await;
    sqlx::query("DO RELEASE_LOCK(CONCAT('voip ', LEFT(SHA1(DATABASE()), 40)))")
        .execute(&mut *db)
        .await?;
    outcome
}

async fn under_lock(db: &mut MySqlConnection) -> Result<Result<()>, sqlx::Error> {
    // Somebody else may have been faster, or was killed half-way.
    let done = match version(db).await? {
        Some(version) if version > FORMAT => return Ok(Err(newer(version))),
        Some(version) => usize::try_from(version).unwrap_or(0),
        None => match foreign(db).await? {
            Some(table) => return Ok(Err(taken(&table))),
            None => 0,
        },
    };
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS voip_schema (format BIGINT NOT NULL PRIMARY KEY)")
        .execute(&mut *db)
        .await?;
    for &migration in MIGRATIONS.iter().skip(done) {
        sqlx::raw_sql(migration).execute(&mut *db).await?;
    }
    sqlx::query("INSERT IGNORE INTO voip_schema (format) VALUES (?)")
        .bind(FORMAT)
        .execute(db)
        .await?;
    Ok(Ok(()))
}

/// The format of our tables, where there are any; 0 where the first change did
/// not come to its end.
async fn version(db: &mut MySqlConnection) -> Result<Option<i64>, sqlx::Error> {
    let is_there = sqlx::query(
        "SELECT 1 FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name = 'voip_schema'",
    )
    .fetch_optional(&mut *db)
    .await?;
    if is_there.is_none() {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT CAST(COALESCE(MAX(format), 0) AS SIGNED) FROM voip_schema")
        .fetch_one(db)
        .await
        .map(Some)
}

/// A table of somebody else's that has the name of one of ours. Tables of the
/// earlier Node.js system have other names, and may stand beside ours.
async fn foreign(db: &mut MySqlConnection) -> Result<Option<String>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT table_name FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name IN ('calls', 'log_lines', \
         'call_effects', 'idempotency_keys', 'kept_reports', 'app_users', 'devices', 'accounts') \
         LIMIT 1",
    )
    .fetch_optional(db)
    .await?;
    found.map(|row| row.try_get_unchecked(0)).transpose()
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
         is: name another database"
    ))
}

fn refused(message: String) -> Error {
    Error::new(ErrorKind::Misconfigured, message)
}
