use async_trait::async_trait;
use sqlx::{MySqlConnection, mysql::MySqlRow};
use voip_core::{
    Account, AccountName, Email, PasswordHash, Result, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};

use super::{MySqlStore, failure};
use crate::row;

#[async_trait]
impl AccountStore for MySqlStore {
    async fn create(&self, account: &Account) -> Result<Created> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let created = clock.run(create(lease.db(), account)).await;
        lease.wrote(created)
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let account = clock.run(by_email(lease.db(), email)).await;
        lease.read(account)
    }

    async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let account = clock.run(by_user(lease.db(), user)).await;
        lease.read(account)
    }

    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let replaced = replace_password(lease.db(), user, held, new);
        let replaced = clock.run(replaced).await;
        lease.wrote(replaced)
    }

    async fn clear_accounts(&self) -> Result<u64> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let cleared = clock.run(clear(lease.db())).await;
        lease.wrote(cleared)
    }
}

/// Adds an account.
pub(super) async fn create(
    db: &mut MySqlConnection,
    account: &Account,
) -> Result<Created, sqlx::Error> {
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
        Err(error) if failure::is_taken(&error) => Ok(match by_email(db, &account.email).await? {
            Some(_) => Created::EmailTaken,
            None => Created::UserTaken,
        }),
        Err(error) => Err(error),
    }
}

/// The account with this e-mail.
pub(super) async fn by_email(
    db: &mut MySqlConnection,
    email: &Email,
) -> Result<Option<Account>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT user_id, email, name, password, created_at FROM accounts WHERE email = ?",
    )
    .bind(email.expose())
    .fetch_optional(db)
    .await?;
    found.as_ref().map(account).transpose()
}

/// The account of a user.
pub(super) async fn by_user(
    db: &mut MySqlConnection,
    user: &UserId,
) -> Result<Option<Account>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT user_id, email, name, password, created_at FROM accounts WHERE user_id = ?",
    )
    .bind(user.as_str())
    .fetch_optional(db)
    .await?;
    found.as_ref().map(account).transpose()
}

/// Replaces a hash where it is still the one held.
pub(super) async fn replace_password(
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

/// Deletes all accounts.
async fn clear(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
    let cleared = sqlx::query("DELETE FROM accounts").execute(db).await?;
    Ok(cleared.rows_affected())
}

pub(super) fn account(row: &MySqlRow) -> Result<Account, sqlx::Error> {
    Ok(Account {
        user: row::parsed(row, 0)?,
        email: row::parsed(row, 1)?,
        name: row::maybe_parsed(row, 2)?,
        password: row::parsed(row, 3)?,
        created_at: row::time(row, 4)?,
    })
}
