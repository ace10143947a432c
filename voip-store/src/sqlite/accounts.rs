use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use voip_core::{
    Account, AccountName, Email, PasswordHash, Result, UserId,
    ports::{AccountStore, Created, PasswordReplaced},
};

use super::{SqliteStore, call_row};

#[async_trait]
impl AccountStore for SqliteStore {
    async fn create(&self, account: &Account) -> Result<Created> {
        let account = account.clone();
        self.writer.write(move |db| create(db, &account)).await
    }

    async fn account_by_email(&self, email: &Email) -> Result<Option<Account>> {
        self.readers.read(|db| by_email(db, email))
    }

    async fn account_of(&self, user: &UserId) -> Result<Option<Account>> {
        self.readers.read(|db| by_user(db, user))
    }

    async fn replace_password(
        &self,
        user: &UserId,
        held: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<PasswordReplaced> {
        let (user, held, new) = (user.clone(), held.clone(), new.clone());
        self.writer
            .write(move |db| replace_password(db, &user, &held, &new))
            .await
    }

    async fn clear_accounts(&self) -> Result<u64> {
        self.writer.write(clear).await
    }
}

/// Adds an account.
fn create(db: &Connection, account: &Account) -> rusqlite::Result<Created> {
    let email = account.email.expose();
    if exists(db, "SELECT 1 FROM accounts WHERE email = ?", email)? {
        return Ok(Created::EmailTaken);
    }
    if exists(
        db,
        "SELECT 1 FROM accounts WHERE user = ?",
        account.user.as_str(),
    )? {
        return Ok(Created::UserTaken);
    }
    db.prepare_cached(
        "INSERT INTO accounts (user, email, name, password, created_at) VALUES (?, ?, ?, ?, ?)",
    )?
    .execute(params![
        account.user.as_str(),
        email,
        account.name.as_ref().map(AccountName::expose),
        account.password.expose(),
        account.created_at.as_micros(),
    ])?;
    Ok(Created::Done)
}

fn exists(db: &Connection, statement: &str, value: &str) -> rusqlite::Result<bool> {
    db.prepare_cached(statement)?.exists([value])
}

/// The account with this e-mail.
fn by_email(db: &Connection, email: &Email) -> rusqlite::Result<Option<Account>> {
    db.prepare_cached(
        "SELECT user, email, name, password, created_at FROM accounts WHERE email = ?",
    )?
    .query_row([email.expose()], account)
    .optional()
}

/// The account of a user.
fn by_user(db: &Connection, user: &UserId) -> rusqlite::Result<Option<Account>> {
    db.prepare_cached(
        "SELECT user, email, name, password, created_at FROM accounts WHERE user = ?",
    )?
    .query_row([user.as_str()], account)
    .optional()
}

/// Replaces a hash where it is still the one held.
fn replace_password(
    db: &Connection,
    user: &UserId,
    held: &PasswordHash,
    new: &PasswordHash,
) -> rusqlite::Result<PasswordReplaced> {
    let changed = db
        .prepare_cached("UPDATE accounts SET password = ? WHERE user = ? AND password = ?")?
        .execute(params![new.expose(), user.as_str(), held.expose()])?;
    Ok(match changed {
        0 => PasswordReplaced::NotHeld,
        _ => PasswordReplaced::Done,
    })
}

/// Deletes all accounts.
fn clear(db: &Connection) -> rusqlite::Result<u64> {
    db.execute("DELETE FROM accounts", [])
        .map(|accounts| accounts as u64)
}

pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    let name = match row.get_ref(2)?.as_str_or_null()? {
        Some(text) => Some(call_row::parsed(2, text)?),
        None => None,
    };
    Ok(Account {
        user: call_row::parsed(0, row.get_ref(0)?.as_str()?)?,
        email: call_row::parsed(1, row.get_ref(1)?.as_str()?)?,
        name,
        password: call_row::parsed(3, row.get_ref(3)?.as_str()?)?,
        created_at: call_row::time(row, 4)?,
    })
}
