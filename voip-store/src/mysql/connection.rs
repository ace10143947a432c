use sqlx::{
    AssertSqlSafe, ConnectOptions as _, MySqlConnection, Row as _,
    mysql::{MySql, MySqlRow},
};
use voip_core::CallId;

use super::{MySqlOptions, failure};
use crate::{
    grouped::{Driver, Fault},
    row::Columns,
};

/// How connections to MySQL and MariaDB are opened.
#[derive(Debug)]
pub struct MySqlDriver {
    pub(super) options: MySqlOptions,
}

impl Driver for MySqlDriver {
    type Connection = MySqlConnection;

    async fn open(&self) -> Result<MySqlConnection, sqlx::Error> {
        let mut db = self.options.server.connect().await?;
        let seconds = self.options.patience.as_secs().max(1);
        // Whatever the server's defaults are: nothing cut short silently, no wait
        // for a lock without an end, and, where MariaDB reads the comment, no
        // statement without one.
        let session = format!(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO', \
             innodb_lock_wait_timeout = {seconds}, autocommit = 1 \
             /*M!, max_statement_time = {seconds} */; \
             SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
        );
        sqlx::raw_sql(AssertSqlSafe(session))
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

impl Columns for MySqlRow {
    type Error = sqlx::Error;

    fn int(&self, column: usize) -> Result<Option<i64>, sqlx::Error> {
        self.try_get_unchecked(column)
    }

    fn text(&self, column: usize) -> Result<Option<&str>, sqlx::Error> {
        let bytes: Option<&[u8]> = self.try_get_unchecked(column)?;
        let text = bytes.map(std::str::from_utf8).transpose();
        text.map_err(|_| Self::odd(column))
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
pub(super) type Query = sqlx::query::Query<'static, MySql, sqlx::mysql::MySqlArguments>;

/// The statement `before`, `each` so many times with `between` between, `after`.
pub(super) fn repeated(
    before: &str,
    each: &str,
    between: &str,
    times: usize,
    after: &str,
) -> Query {
    let mut sql =
        String::with_capacity(before.len() + times * (each.len() + between.len()) + after.len());
    sql.push_str(before);
    for time in 0..times {
        sql.push_str(if time == 0 { "" } else { between });
        sql.push_str(each);
    }
    sql.push_str(after);
    // Put together from texts of this program alone.
    sqlx::query(AssertSqlSafe(sql))
}

/// `values`, the last repeated until there are as many as some power of two: so
/// there are few different statements, and the server knows them all.
pub(super) fn padded<T>(values: &[T]) -> impl Iterator<Item = &T> {
    let missing = values.len().next_power_of_two() - values.len();
    let last = values.last().into_iter();
    values.iter().chain(last.cycle().take(missing))
}
