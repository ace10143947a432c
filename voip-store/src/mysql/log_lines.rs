//! Statements about the lines of call logs.

use std::borrow::Cow;

use sqlx::MySqlConnection;
use voip_core::{
    Call, Timestamp, UserId,
    ports::{LogEntry, LogFilter, LogQuery},
};

use super::{
    MySqlDriver,
    connection::{padded, repeated},
};
use crate::{
    grouped::LogTable,
    row::{self, log_columns, rows},
};

/// A line to be added.
struct Line<'a> {
    name: Cow<'a, str>,
    call: &'a Call,
    owned: bool,
}

/// Lists calls in the log of everybody named in them.
pub(super) async fn add(db: &mut MySqlConnection, calls: &[&Call]) -> Result<(), sqlx::Error> {
    let mut lines = Vec::with_capacity(3 * calls.len());
    for call in calls {
        let owner = call.owner.as_ref().map(UserId::as_str);
        lines.extend(row::names(call).map(|name| Line {
            name: row::key(name),
            call,
            owned: owner == Some(name),
        }));
    }
    if lines.is_empty() {
        return Ok(());
    }
    let query = repeated(
        "INSERT INTO log_lines (name, created_at, id, owned) VALUES ",
        "(?, ?, ?, ?)",
        ", ",
        lines.len().next_power_of_two(),
        " ON DUPLICATE KEY UPDATE owned = VALUES(owned)",
    );
    padded(&lines)
        .fold(query, |query, line| {
            query
                .bind(&*line.name)
                .bind(line.call.created_at.as_micros())
                .bind(row::id_bytes(&line.call.id))
                .bind(line.owned)
        })
        .execute(db)
        .await
        .map(drop)
}

/// Lists a call in no log any more.
pub(super) async fn remove(db: &mut MySqlConnection, call: &Call) -> Result<(), sqlx::Error> {
    for name in row::names(call) {
        sqlx::query("DELETE FROM log_lines WHERE name = ? AND created_at = ? AND id = ?")
            .bind(&*row::key(name))
            .bind(call.created_at.as_micros())
            .bind(row::id_bytes(&call.id))
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

impl LogTable for MySqlDriver {
    async fn page(
        db: &mut MySqlConnection,
        query: &LogQuery,
    ) -> Result<Vec<LogEntry>, sqlx::Error> {
        macro_rules! select {
            ($condition:literal) => {
                concat!(
                    "SELECT ",
                    log_columns!(),
                    " FROM log_lines l STRAIGHT_JOIN calls c ON c.id = l.id WHERE l.name = ?",
                    $condition,
                    " ORDER BY l.created_at DESC, l.id DESC LIMIT ?"
                )
            };
        }
        let statement = match (query.after.is_some(), query.owned_only) {
            (false, false) => select!(""),
            (false, true) => select!(" AND l.owned"),
            (true, false) => select!(" AND l.created_at <= ? AND (l.created_at < ? OR l.id < ?)"),
            (true, true) => {
                select!(" AND l.created_at <= ? AND (l.created_at < ? OR l.id < ?) AND l.owned")
            }
        };
        let mut select = sqlx::query(statement).bind(&*row::key(&query.name));
        if let Some(after) = &query.after {
            let created_at = after.created_at.as_micros();
            select = select
                .bind(created_at)
                .bind(created_at)
                .bind(row::id_bytes(&after.id));
        }
        let select = select.bind(rows(query.limit));
        let lines = select.fetch_all(db).await?;
        lines.iter().map(row::line).collect()
    }

    async fn filtered(
        db: &mut MySqlConnection,
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
        let bits = statuses
            .iter()
            .map(|status| 1_i64 << row::status_number(*status));
        let any = if statuses.is_empty() { !0 } else { 0 };
        let direction = direction.map(row::direction_number);
        let party = party.as_deref();
        let lines = sqlx::query(concat!(
            "SELECT ",
            log_columns!(),
            " FROM log_lines l STRAIGHT_JOIN calls c ON c.id = l.id \
             WHERE l.name = ? AND l.created_at >= ? AND l.created_at <= ? \
             AND (l.created_at < ? OR l.id < ?) AND (l.owned OR NOT ?) \
             AND (? IS NULL OR c.direction = ?) \
             AND (? IS NULL OR c.from_party = ? OR c.to_party = ?) \
             AND (? >> c.status) & 1 \
             ORDER BY l.created_at DESC, l.id DESC LIMIT ?"
        ))
        .bind(&*row::key(&query.name))
        .bind(since.map_or(i64::MIN, Timestamp::as_micros))
        .bind(created_at)
        .bind(created_at)
        .bind(id)
        .bind(query.owned_only)
        .bind(direction)
        .bind(direction)
        .bind(party)
        .bind(party)
        .bind(party)
        .bind(bits.fold(any, |all, one| all | one))
        .bind(rows(query.limit))
        .fetch_all(db)
        .await?;
        lines.iter().map(row::line).collect()
    }
}
