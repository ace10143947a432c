//! Statements about the lines of call logs.

use sqlx::PgConnection;
use voip_core::{
    Call, Timestamp, UserId,
    ports::{LogEntry, LogFilter, LogQuery},
};

use super::PostgresDriver;
use crate::{
    grouped::LogTable,
    row::{self, log_columns, rows, without_nul},
};

/// Lines to be added, column by column.
#[derive(Default)]
pub(super) struct Lines<'a> {
    pub(super) names: Vec<std::borrow::Cow<'a, str>>,
    pub(super) created_at: Vec<i64>,
    pub(super) ids: Vec<&'a [u8]>,
    pub(super) owned: Vec<bool>,
}

impl<'a> Lines<'a> {
    /// Lists a call in the log of everybody named in it.
    pub(super) fn add(&mut self, call: &'a Call) {
        let owner = call.owner.as_ref().map(UserId::as_str);
        for name in row::names(call) {
            self.names.push(row::key(name));
            self.created_at.push(call.created_at.as_micros());
            self.ids.push(row::id_bytes(&call.id));
            self.owned.push(owner == Some(name));
        }
    }
}

/// Lists a call in the log of everybody named in it.
pub(super) async fn add(db: &mut PgConnection, call: &Call) -> Result<(), sqlx::Error> {
    let mut lines = Lines::default();
    lines.add(call);
    sqlx::query(
        "INSERT INTO log_lines (name, created_at, id, owned) \
         SELECT * FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::boolean[]) \
         ON CONFLICT DO NOTHING",
    )
    .bind(lines.names)
    .bind(lines.created_at)
    .bind(lines.ids)
    .bind(lines.owned)
    .execute(db)
    .await
    .map(drop)
}

/// Lists a call in no log any more.
pub(super) async fn remove(db: &mut PgConnection, call: &Call) -> Result<(), sqlx::Error> {
    let names: Vec<_> = row::names(call).map(row::key).collect();
    sqlx::query("DELETE FROM log_lines WHERE name = ANY($1) AND created_at = $2 AND id = $3")
        .bind(names)
        .bind(call.created_at.as_micros())
        .bind(row::id_bytes(&call.id))
        .execute(db)
        .await
        .map(drop)
}

impl LogTable for PostgresDriver {
    async fn page(db: &mut PgConnection, query: &LogQuery) -> Result<Vec<LogEntry>, sqlx::Error> {
        macro_rules! select {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    log_columns!(),
                    " FROM log_lines l JOIN calls c ON c.id = l.id WHERE l.name = $1",
                    $condition,
                    " ORDER BY l.created_at DESC, l.id DESC LIMIT $2"
                )
            };
        }
        let statement = match (query.after.is_some(), query.owned_only) {
            (false, false) => select!(""),
            (false, true) => select!(" AND l.owned"),
            (true, false) => select!(" AND (l.created_at, l.id) < ($3, $4)"),
            (true, true) => select!(" AND (l.created_at, l.id) < ($3, $4) AND l.owned"),
        };
        let name = without_nul::text(&query.name);
        let mut select = sqlx::query(statement)
            .bind(row::key(&name))
            .bind(rows(query.limit));
        if let Some(after) = &query.after {
            select = select
                .bind(after.created_at.as_micros())
                .bind(row::id_bytes(&after.id));
        }
        let lines = select.fetch_all(db).await?;
        lines.iter().map(row::line).collect()
    }

    async fn filtered(
        db: &mut PgConnection,
        query: &LogQuery,
    ) -> Result<Vec<LogEntry>, sqlx::Error> {
        let LogFilter {
            statuses,
            direction,
            party,
            since,
            until,
        } = &query.filter;
        // The earlier of two places: no id comes before the empty one.
        let after = query.after.as_ref();
        let after = after.map(|after| (after.created_at.as_micros(), row::id_bytes(&after.id)));
        let until = until.map(|until| (until.as_micros(), &[][..]));
        let (created_at, id) = after
            .into_iter()
            .chain(until)
            .min()
            .unwrap_or((i64::MAX, &[]));
        let statuses: Vec<i64> = statuses
            .iter()
            .map(|status| row::status_number(*status))
            .collect();
        let name = without_nul::text(&query.name);
        let lines = sqlx::query(concat!(
            "SELECT ",
            log_columns!(),
            " FROM log_lines l JOIN calls c ON c.id = l.id \
             WHERE l.name = $1 AND l.created_at >= $3 AND (l.created_at, l.id) < ($4, $5) \
             AND (l.owned OR NOT $6) AND ($7::bigint IS NULL OR c.direction = $7) \
             AND ($8::text IS NULL OR c.from_party = $8 OR c.to_party = $8) \
             AND (cardinality($9::bigint[]) = 0 OR c.status = ANY($9)) \
             ORDER BY l.created_at DESC, l.id DESC LIMIT $2"
        ))
        .bind(row::key(&name))
        .bind(rows(query.limit))
        .bind(since.map_or(i64::MIN, Timestamp::as_micros))
        .bind(created_at)
        .bind(id)
        .bind(query.owned_only)
        .bind(direction.map(row::direction_number))
        .bind(party.as_deref().map(without_nul::text))
        .bind(statuses)
        .fetch_all(db)
        .await?;
        lines.iter().map(row::line).collect()
    }
}
