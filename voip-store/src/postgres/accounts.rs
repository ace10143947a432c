use sqlx::PgConnection;
use voip_core::{
    Account, AccountName, Email, PasswordHash, UserId,
    ports::{Created, PasswordReplaced},
};

use super::PostgresDriver;
use crate::{grouped::AccountTable, row};

impl AccountTable for PostgresDriver {
    async fn create(db: &mut PgConnection, account: &Account) -> Result<Created, sqlx::Error> {
        let created = sqlx::query(
            "INSERT INTO accounts (user_id, email, name, password, created_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        )
        .bind(account.user.as_str())
        .bind(account.email.expose())
        .bind(account.name.as_ref().map(AccountName::expose))
        .bind(account.password.expose())
        .bind(account.created_at.as_micros())
        .execute(&mut *db)
        .await?;
        if created.rows_affected() > 0 {
            return Ok(Created::Done);
        }
        Ok(match Self::account_by_email(db, &account.email).await? {
            Some(_) => Created::EmailTaken,
            None => Created::UserTaken,
        })
    }

    async fn account_by_email(
        db: &mut PgConnection,
        email: &Email,
    ) -> Result<Option<Account>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT user_id, email, name, password, created_at FROM accounts WHERE email = $1",
        )
        .bind(email.expose())
        .fetch_optional(db)
        .await?;
        found.as_ref().map(row::account).transpose()
    }

    async fn account_of(
        db: &mut PgConnection,
        user: &UserId,
    ) -> Result<Option<Account>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT user_id, email, name, password, created_at FROM accounts WHERE user_id = $1",
        )
        .bind(user.as_str())
        .fetch_optional(db)
        .await?;
        found.as_ref().map(row::account).transpose()
    }

    async fn replace_password(
        db: &mut PgConnection,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced, sqlx::Error> {
        let changed =
            sqlx::query("UPDATE accounts SET password = $1 WHERE user_id = $2 AND password = $3")
                .bind(new.expose())
                .bind(user.as_str())
                .bind(held.expose())
                .execute(db)
                .await?;
        Ok(match changed.rows_affected() {
            0 => PasswordReplaced::NotHeld,
            _ => PasswordReplaced::Done,
        })
    }

    async fn clear_accounts(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
        let cleared = sqlx::query("DELETE FROM accounts").execute(db).await?;
        Ok(cleared.rows_affected())
    }
}
