use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use voip_core::{
    Device, PhoneNumber, PushToken, Result, User, UserId,
    ports::{Registered, UserStore},
};

use super::{SqliteStore, call_row};

#[async_trait]
impl UserStore for SqliteStore {
    async fn register(&self, user: &User, device: Option<Device>) -> Result<Registered> {
        let user = user.clone();
        let recent = Arc::clone(&self.recent);
        self.writer
            .write_then(
                move |db| register(db, &user, device.as_ref()),
                move |_| recent.directory.forget(),
            )
            .await
    }

    async fn user(&self, id: &UserId) -> Result<Option<User>> {
        self.readers.read(|db| by_id(db, id))
    }

    async fn user_by_number(&self, number: &PhoneNumber) -> Result<Option<User>> {
        let directory = &self.recent.directory;
        match directory.user(number) {
            Ok(user) => Ok(user),
            Err(asked) => {
                let user = self.readers.read(|db| by_number(db, number))?;
                directory.keep_user(asked, number, user.as_ref());
                Ok(user)
            }
        }
    }

    async fn devices(&self, user: &UserId) -> Result<Vec<Device>> {
        let directory = &self.recent.directory;
        match directory.devices(user) {
            Ok(devices) => Ok(devices),
            Err(asked) => {
                let devices = self.readers.read(|db| devices(db, user))?;
                directory.keep_devices(asked, user, &devices);
                Ok(devices)
            }
        }
    }

    async fn forget_device(&self, token: &PushToken) -> Result<()> {
        let token = token.clone();
        let recent = Arc::clone(&self.recent);
        self.writer
            .write_then(
                move |db| forget(db, &token),
                move |()| recent.directory.forget(),
            )
            .await
    }

    async fn clear_users(&self) -> Result<u64> {
        let recent = Arc::clone(&self.recent);
        self.writer
            .write_then(clear, move |_| recent.directory.forget())
            .await
    }
}

/// Adds or updates a user, and their device.
pub(super) fn register(
    db: &Connection,
    user: &User,
    device: Option<&Device>,
) -> rusqlite::Result<Registered> {
    let phone = user.phone.as_ref().map(PhoneNumber::expose);
    let taken = db
        .prepare_cached("SELECT 1 FROM app_users WHERE phone = ? AND id <> ?")?
        .exists(params![phone, user.id.as_str()])?;
    if taken {
        return Ok(Registered::NumberTaken);
    }
    db.prepare_cached(
        "INSERT INTO app_users (id, phone, created_at) VALUES (?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET phone = excluded.phone",
    )?
    .execute(params![
        user.id.as_str(),
        phone,
        user.created_at.as_micros()
    ])?;
    if let Some(device) = device {
        // Replaced as a whole, so that its number says it came last.
        db.prepare_cached(
            "INSERT OR REPLACE INTO devices (token, user, platform, last_seen) \
             VALUES (?, ?, ?, ?)",
        )?
        .execute(params![
            device.token.expose(),
            user.id.as_str(),
            device.platform.as_str(),
            device.last_seen.as_micros(),
        ])?;
    }
    Ok(Registered::Done)
}

/// The user with this id.
pub(super) fn by_id(db: &Connection, id: &UserId) -> rusqlite::Result<Option<User>> {
    db.prepare_cached("SELECT id, phone, created_at FROM app_users WHERE id = ?")?
        .query_row([id.as_str()], user)
        .optional()
}

/// The user with this number.
pub(super) fn by_number(db: &Connection, number: &PhoneNumber) -> rusqlite::Result<Option<User>> {
    db.prepare_cached("SELECT id, phone, created_at FROM app_users WHERE phone = ?")?
        .query_row([number.expose()], user)
        .optional()
}

/// The devices of a user.
pub(super) fn devices(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Device>> {
    db.prepare_cached(
        "SELECT token, platform, last_seen FROM devices WHERE user = ? \
         ORDER BY last_seen DESC, device DESC",
    )?
    .query_map([user.as_str()], device)?
    .collect()
}

/// Deletes a device.
pub(super) fn forget(db: &Connection, token: &PushToken) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM devices WHERE token = ?")?
        .execute([token.expose()])
        .map(drop)
}

/// Deletes all users and their devices.
fn clear(db: &Connection) -> rusqlite::Result<u64> {
    db.execute("DELETE FROM devices", [])?;
    db.execute("DELETE FROM app_users", [])
        .map(|users| users as u64)
}

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    let phone = match row.get_ref(1)?.as_str_or_null()? {
        Some(text) => Some(
            PhoneNumber::from_e164(text)
                .map_err(|_| call_row::odd(1, rusqlite::types::Type::Text))?,
        ),
        None => None,
    };
    let id = call_row::parsed(0, row.get_ref(0)?.as_str()?)?;
    Ok(User {
        id,
        phone,
        created_at: call_row::time(row, 2)?,
    })
}

fn device(row: &Row<'_>) -> rusqlite::Result<Device> {
    Ok(Device {
        token: call_row::parsed(0, row.get_ref(0)?.as_str()?)?,
        platform: call_row::parsed(1, row.get_ref(1)?.as_str()?)?,
        last_seen: call_row::time(row, 2)?,
    })
}
