use async_trait::async_trait;
use sqlx::{Connection as _, MySqlConnection, mysql::MySqlRow};
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{Registered, UserStore},
};

use super::{MySqlStore, failure};
use crate::row::{self, Columns};

#[async_trait]
impl UserStore for MySqlStore {
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let registered = register(lease.db(), user, device.as_ref());
        let registered = clock.run(registered).await;
        lease.wrote(registered)
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let user = clock.run(by_id(lease.db(), id)).await;
        lease.read(user)
    }

    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let user = clock.run(by_number(lease.db(), number)).await;
        lease.read(user)
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let devices = clock.run(devices(lease.db(), user)).await;
        lease.read(devices)
    }

    async fn forget_device(&self, token: &PushToken) -> Result<()> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let forgotten = clock.run(forget(lease.db(), token)).await;
        lease.wrote(forgotten)
    }

    async fn clear_users(&self) -> Result<u64> {
        let mut lease = self.lease().await?;
        let clock = lease.clock();
        let cleared = clock.run(clear(lease.db())).await;
        lease.wrote(cleared)
    }
}

/// How often a registration is tried that another one gets in the way of.
const TRIES: usize = 5;

/// Adds or updates a user, and their device.
pub(super) async fn register(
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

/// The user with this id.
pub(super) async fn by_id(
    db: &mut MySqlConnection,
    id: &UserId,
) -> Result<Option<User>, sqlx::Error> {
    let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    found.as_ref().map(user).transpose()
}

/// The user with this number.
pub(super) async fn by_number(
    db: &mut MySqlConnection,
    number: &PhoneNumber,
) -> Result<Option<User>, sqlx::Error> {
    let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE phone = ?")
        .bind(number.expose())
        .fetch_optional(db)
        .await?;
    found.as_ref().map(user).transpose()
}

/// The devices of a user.
pub(super) async fn devices(
    db: &mut MySqlConnection,
    user: &UserId,
) -> Result<Vec<Device>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT token, platform, last_seen FROM devices WHERE user_id = ? \
         ORDER BY last_seen DESC, device DESC",
    )
    .bind(user.as_str())
    .fetch_all(db)
    .await?;
    found.iter().map(device).collect()
}

/// Deletes a device.
pub(super) async fn forget(db: &mut MySqlConnection, token: &PushToken) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM devices WHERE token_key = ?")
        .bind(&*row::key(token.expose()))
        .execute(db)
        .await
        .map(drop)
}

/// Deletes all users and their devices.
async fn clear(db: &mut MySqlConnection) -> Result<u64, sqlx::Error> {
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

pub(super) fn user(row: &MySqlRow) -> Result<User, sqlx::Error> {
    let phone = row.text(1)?.map(PhoneNumber::from_e164).transpose();
    Ok(User {
        id: row::parsed(row, 0)?,
        phone: phone.map_err(|_| MySqlRow::odd(1))?,
        created_at: row::time(row, 2)?,
    })
}

fn device(row: &MySqlRow) -> Result<Device, sqlx::Error> {
    Ok(Device {
        token: row::parsed(row, 0)?,
        platform: row::parsed(row, 1)?,
        last_seen: row::time(row, 2)?,
    })
}
