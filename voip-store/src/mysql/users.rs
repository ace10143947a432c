use sqlx::{Connection as _, MySqlConnection};
use voip_core::{Device, PhoneNumber, PushToken, User, UserId, ports::Registered};

use super::{
    MySqlDriver,
    connection::{padded, repeated},
    failure,
};
use crate::{grouped::UserTable, row};

/// How often a registration is tried that another one gets in the way of.
const TRIES: usize = 5;

impl UserTable for MySqlDriver {
    async fn register(
        db: &mut MySqlConnection,
        user: &User,
        device: Option<&Device>,
    ) -> Result<Registered, sqlx::Error> {
        for _ in 1..TRIES {
            match try_to_register(db, user, device).await {
                // The transaction is rolled back before the next begins.
                Err(error) if failure::is_in_the_way(&error) => {}
                outcome => return outcome,
            }
        }
        try_to_register(db, user, device).await
    }

    async fn user(db: &mut MySqlConnection, id: &UserId) -> Result<Option<User>, sqlx::Error> {
        let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(db)
            .await?;
        found.as_ref().map(row::user).transpose()
    }

    async fn users_by_number(
        db: &mut MySqlConnection,
        numbers: &[&PhoneNumber],
    ) -> Result<Vec<User>, sqlx::Error> {
        let select = "SELECT id, phone, created_at FROM app_users WHERE phone IN (";
        let query = repeated(select, "?", ", ", numbers.len().next_power_of_two(), ")");
        let found = padded(numbers)
            .fold(query, |query, number| query.bind(number.expose()))
            .fetch_all(db)
            .await?;
        found.iter().map(row::user).collect()
    }

    async fn devices(
        db: &mut MySqlConnection,
        users: &[&UserId],
    ) -> Result<Vec<(UserId, Device)>, sqlx::Error> {
        let select = "SELECT token, platform, last_seen, user_id FROM devices WHERE user_id IN (";
        let after = ") ORDER BY last_seen DESC, device DESC";
        let query = repeated(select, "?", ", ", users.len().next_power_of_two(), after);
        let found = padded(users)
            .fold(query, |query, user| query.bind(user.as_str()))
            .fetch_all(db)
            .await?;
        let device = |row| Ok((row::parsed(row, 3)?, row::device(row)?));
        found.iter().map(device).collect()
    }

    async fn forget_device(db: &mut MySqlConnection, token: &PushToken) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM devices WHERE token_key = ?")
            .bind(&*row::key(token.expose()))
            .execute(db)
            .await
            .map(drop)
    }

    async fn clear_users(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
        let mut transaction = db.begin().await?;
        sqlx::query("DELETE FROM devices")
            .execute(&mut *transaction)
            .await?;
        let users = sqlx::query("DELETE FROM app_users")
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(users.rows_affected())
    }
}

async fn try_to_register(
    db: &mut MySqlConnection,
    user: &User,
    device: Option<&Device>,
) -> Result<Registered, sqlx::Error> {
    let phone = user.phone.as_ref().map(PhoneNumber::expose);
    let mut transaction = db.begin().await?;
    // `ON DUPLICATE KEY` would update whoever has the number.
    let updated = sqlx::query("UPDATE app_users SET phone = ? WHERE id = ?")
        .bind(phone)
        .bind(user.id.as_str())
        .execute(&mut *transaction)
        .await;
    let saved = match updated {
        Ok(updated) if updated.rows_affected() == 0 => {
            sqlx::query("INSERT INTO app_users (id, phone, created_at) VALUES (?, ?, ?)")
                .bind(user.id.as_str())
                .bind(phone)
                .bind(user.created_at.as_micros())
                .execute(&mut *transaction)
                .await
        }
        updated => updated,
    };
    match saved {
        Ok(_) => {}
        Err(error) if failure::is_taken_in(&error, "app_users_by_phone") => {
            transaction.rollback().await?;
            return Ok(Registered::NumberTaken);
        }
        Err(error) => return Err(error),
    }
    if let Some(device) = device {
        // Replaced as a whole, so that its number says it came last.
        sqlx::query(
            "REPLACE INTO devices (token_key, token, user_id, platform, last_seen) \
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&*row::key(device.token.expose()))
        .bind(device.token.expose())
        .bind(user.id.as_str())
        .bind(device.platform.as_str())
        .bind(device.last_seen.as_micros())
        .execute(&mut *transaction)
        .await?;
    }
    transaction.commit().await?;
    Ok(Registered::Done)
}
