use sqlx::MySqlConnection;
use voip_core::{Account, CallId, Effect, Timestamp, User, ports::ArchivedCall};

use super::MySqlDriver;
use crate::{
    grouped::ArchiveTable,
    row::{self, columns, rows},
};

impl ArchiveTable for MySqlDriver {
    async fn calls_after(
        db: &mut MySqlConnection,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<ArchivedCall>, sqlx::Error> {
        let found = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", deleted_at FROM calls WHERE id > ? ORDER BY id LIMIT ?"
        ))
        .bind(after)
        .bind(rows(limit))
        .fetch_all(db)
        .await?;
        found.iter().map(row::archived).collect()
    }

    async fn effects_of(
        db: &mut MySqlConnection,
        after: &[u8],
        last: &CallId,
    ) -> Result<Vec<(CallId, Effect, Timestamp)>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT id, effect, due_at FROM call_effects WHERE id > ? AND id <= ? \
             ORDER BY id, effect",
        )
        .bind(after)
        .bind(row::id_bytes(last))
        .fetch_all(db)
        .await?;
        found.iter().map(row::effect).collect()
    }

    async fn users_after(
        db: &mut MySqlConnection,
        after: &str,
        limit: usize,
    ) -> Result<Vec<User>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT id, phone, created_at FROM app_users WHERE id > ? ORDER BY id LIMIT ?",
        )
        .bind(after)
        .bind(rows(limit))
        .fetch_all(db)
        .await?;
        found.iter().map(row::user).collect()
    }

    async fn accounts_after(
        db: &mut MySqlConnection,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Account>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT user_id, email, name, password, created_at FROM accounts WHERE user_id > ? \
             ORDER BY user_id LIMIT ?",
        )
        .bind(after)
        .bind(rows(limit))
        .fetch_all(db)
        .await?;
        found.iter().map(row::account).collect()
    }
}
