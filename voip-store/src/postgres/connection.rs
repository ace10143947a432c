use sqlx::{
    ConnectOptions as _, PgConnection, Row as _,
    postgres::{PgRow, Postgres},
};
use voip_core::CallId;

use super::{PostgresOptions, failure};
use crate::{
    grouped::{Driver, Fault},
    row::Columns,
};

/// What we want of every session, whatever the server's defaults are: commits
/// that are on the disk when they return, no statement and no wait for a lock
/// without an end, and plans that look each of our few rows up in an index: even
/// before the server has counted the rows of a new table, and in our order, in
/// which no two nodes lock rows crosswise. No workers either: they take longer to
/// start than ten rows take to read, and a plan that does not know how few are
/// wanted asks for some once a table is long.
const SESSION: &str = "SELECT \
    set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
        WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false), \
    set_config('default_transaction_isolation', 'read committed', false), \
    set_config('statement_timeout', $1, false), \
    set_config('lock_timeout', $1, false), \
    set_config('idle_in_transaction_session_timeout', $2, false), \
    set_config('enable_seqscan', 'off', false), \
    set_config('enable_hashjoin', 'off', false), \
    set_config('enable_mergejoin', 'off', false), \
    set_config('plan_cache_mode', 'force_generic_plan', false), \
    set_config('max_parallel_workers_per_gather', '0', false), \
    set_config('jit', 'off', false)";

/// How connections to PostgreSQL are opened.
#[derive(Debug)]
pub struct PostgresDriver {
    pub(super) options: PostgresOptions,
}

impl Driver for PostgresDriver {
    type Connection = PgConnection;

    async fn open(&self) -> Result<PgConnection, sqlx::Error> {
        let mut db = self.options.server.connect().await?;
        let patience = self.options.patience.as_millis().max(1);
        sqlx::query(SESSION)
            .bind(patience.to_string())
            .bind((patience * 2).to_string())
            .execute(&mut db)
            .await?;
        Ok(db)
    }

    fn opening(&self, error: &sqlx::Error) -> Fault {
        failure::opening(error, &self.options)
    }

    fn running(&self, error: &sqlx::Error) -> Fault {
        failure::running(error)
    }
}

impl Columns for PgRow {
    type Error = sqlx::Error;

    fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn id(&self, column: usize) -> Result<CallId, sqlx::Error> {
        let bytes: &[u8] = self.try_get_unchecked(column)?;
        let id = uuid::Uuid::from_slice(bytes).map_err(|_| Self::odd(column))?;
        Ok(CallId::from_uuid(id))
    }

    fn odd(column: usize) -> sqlx::Error {
        sqlx::Error::ColumnDecode {
            index: column.to_string(),
            source: "a value that this program has not written".into(),
        }
    }
}

/// A statement of ours with its values.
pub(super) type Query = sqlx::query::Query<'static, Postgres, sqlx::postgres::PgArguments>;
