use async_trait::async_trait;
use sqlx::{Connection as _, PgConnection, postgres::PgRow};
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{Registered, UserStore},
};

use super::{PostgresStore, failure};
use crate::row::{self, Columns};

#[async_trait]
impl UserStore for PostgresStore {
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

/// Adds or updates a user, and their device.
pub(super) async fn register(
    db: &mut PgConnection,
    user: &User,
    device: Option<&Device>,
) -> Result<Registered, sqlx::Error> {
    let saved = match device {
        None => {
            sqlx::query(
                "INSERT INTO app_users (id, phone, created_at) VALUES ($1, $2, $3) \
                 ON CONFLICT (id) DO UPDATE SET phone = excluded.phone",
            )
            .bind(user.id.as_str())
            .bind(user.phone.as_ref().map(PhoneNumber::expose))
            .bind(user.created_at.as_micros())
            .execute(db)
            .await
        }
        Some(device) => {
            sqlx::query(
                "WITH holder AS (INSERT INTO app_users (id, phone, created_at) \
                 VALUES ($1, $2, $3) \
                 ON CONFLICT (id) DO UPDATE SET phone = excluded.phone RETURNING id) \
                 INSERT INTO devices (token_key, token, user_id, platform, last_seen) \
                 SELECT $4, $5, id, $6, $7 FROM holder \
                 ON CONFLICT (token_key) DO UPDATE SET user_id = excluded.user_id, \
                 platform = excluded.platform, last_seen = excluded.last_seen, \
                 device = nextval('devices_registered')",
            )
            .bind(user.id.as_str())
            .bind(user.phone.as_ref().map(PhoneNumber::expose))
            .bind(user.created_at.as_micros())
            .bind(row::key(device.token.expose()))
            .bind(device.token.expose())
            .bind(device.platform.as_str())
            .bind(device.last_seen.as_micros())
            .execute(db)
            .await
        }
    };
    match saved {
        Ok(_) => Ok(Registered::Done),
        Err(error) if failure::is_taken(&error, "app_users_by_phone") => {
            Ok(Registered::NumberTaken)
        }
        Err(error) => Err(error),
    }
}

/// The user with this id.
pub(super) async fn by_id(db: &mut PgConnection, id: &UserId) -> Result<Option<User>, sqlx::Error> {
    let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    found.as_ref().map(user).transpose()
}

/// The user with this number.
pub(super) async fn by_number(
    db: &mut PgConnection,
    number: &PhoneNumber,
) -> Result<Option<User>, sqlx::Error> {
    let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE phone = $1")
        .bind(number.expose())
        .fetch_optional(db)
        .await?;
    found.as_ref().map(user).transpose()
}

/// The devices of a user.
pub(super) async fn devices(
    db: &mut PgConnection,
    user: &UserId,
) -> Result<Vec<Device>, sqlx::Error> {
    let found = sqlx::query(
        "SELECT token, platform, last_seen FROM devices WHERE user_id = $1 \
         ORDER BY last_seen DESC, device DESC",
    )
    .bind(user.as_str())
    .fetch_all(db)
    .await?;
    found.iter().map(device).collect()
}

/// Deletes a device.
pub(super) async fn forget(db: &mut PgConnection, token: &PushToken) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM devices WHERE token_key = $1")
        .bind(row::key(token.expose()))
        .execute(db)
        .await
        .map(drop)
}

/// Deletes all users and their devices.
async fn clear(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
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

pub(super) fn user(row: &PgRow) -> Result<User, sqlx::Error> {
    let phone = row.text(1)?.map(PhoneNumber::from_e164).transpose();
    Ok(User {
        id: row::parsed(row, 0)?,
        phone: phone.map_err(|_| PgRow::odd(1))?,
        created_at: row::time(row, 2)?,
    })
}

fn device(row: &PgRow) -> Result<Device, sqlx::Error> {
    Ok(Device {
        token: row::parsed(row, 0)?,
        platform: row::parsed(row, 1)?,
        last_seen: row::time(row, 2)?,
    })
}
