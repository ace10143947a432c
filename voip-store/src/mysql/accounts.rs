use sqlx::MySqlConnection;
use voip_core::{
    Account, AccountName, Email, PasswordHash, UserId,
    ports::{Created, PasswordReplaced},
};

use super::{MySqlDriver, failure};
use crate::{grouped::AccountTable, row};

impl AccountTable for MySqlDriver {
    async fn create(db: &mut MySqlConnection, account: &Account) -> Result<Created, sqlx::Error> {
        let created = sqlx::query(
            "INSERT INTO accounts (user_id, email, name, password, created_at) \
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(account.user.as_str())
        .bind(account.email.expose())
        .bind(account.name.as_ref().map(AccountName::expose))
        .bind(account.password.expose())
        .bind(account.created_at.as_micros())
        .execute(&mut *db)
        .await;
        match created {
            Ok(_) => Ok(Created::Done),
            Err(error) if failure::is_taken(&error) => {
                Ok(match Self::account_by_email(db, &account.email).await? {
                    Some(_) => Created::EmailTaken,
                    None => Created::UserTaken,
                })
            }
            Err(error) => Err(error),
        }
    }

    async fn account_by_email(
        db: &mut MySqlConnection,
        email: &Email,
    ) -> Result<Option<Account>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT user_id, email, name, password, created_at FROM accounts WHERE email = ?",
        )
        .bind(email.expose())
        .fetch_optional(db)
        .await?;
        found.as_ref().map(row::account).transpose()
    }

    async fn account_of(
        db: &mut MySqlConnection,
        user: &UserId,
    ) -> Result<Option<Account>, sqlx::Error> {
        let found = sqlx::query(
            "SELECT user_id, email, name, password, created_at FROM accounts WHERE user_id = ?",
        )
        .bind(user.as_str())
        .fetch_optional(db)
        .await?;
        found.as_ref().map(row::account).transpose()
    }

    async fn replace_password(
        db: &mut MySqlConnection,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced, sqlx::Error> {
        let changed =
            sqlx::query("UPDATE accounts SET password = ? WHERE user_id = ? AND password = ?")
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

    async fn clear_accounts(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
        let cleared = sqlx::query("DELETE FROM accounts").execute(db).await?;
        Ok(cleared.rows_affected())
    }
}
