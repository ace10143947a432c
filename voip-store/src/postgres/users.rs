use sqlx::{Connection as _, PgConnection};
use voip_core::{Device, PhoneNumber, PushToken, User, UserId, ports::Registered};

use super::{PostgresDriver, failure};
use crate::{grouped::UserTable, row};

impl UserTable for PostgresDriver {
    async fn register(
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

    async fn user(db: &mut PgConnection, id: &UserId) -> Result<Option<User>, sqlx::Error> {
        let found = sqlx::query("SELECT id, phone, created_at FROM app_users WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(db)
            .await?;
        found.as_ref().map(row::user).transpose()
    }

    async fn users_by_number(
        db: &mut PgConnection,
        numbers: &[&PhoneNumber],
    ) -> Result<Vec<User>, sqlx::Error> {
        let numbers: Vec<&str> = numbers.iter().map(|number| number.expose()).collect();
        let found =
            sqlx::query("SELECT id, phone, created_at FROM app_users WHERE phone = ANY($1)")
                .bind(numbers)
                .fetch_all(db)
                .await?;
        found.iter().map(row::user).collect()
    }

    async fn devices(
        db: &mut PgConnection,
        users: &[&UserId],
    ) -> Result<Vec<(UserId, Device)>, sqlx::Error> {
        let users: Vec<&str> = users.iter().map(|user| user.as_str()).collect();
        let found = sqlx::query(
            "SELECT token, platform, last_seen, user_id FROM devices WHERE user_id = ANY($1) \
             ORDER BY last_seen DESC, device DESC",
        )
        .bind(users)
        .fetch_all(db)
        .await?;
        let device = |row| Ok((row::parsed(row, 3)?, row::device(row)?));
        found.iter().map(device).collect()
    }

    async fn forget_device(db: &mut PgConnection, token: &PushToken) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM devices WHERE token_key = $1")
            .bind(row::key(token.expose()))
            .execute(db)
            .await
            .map(drop)
    }

    async fn clear_users(db: &mut PgConnection) -> Result<u64, sqlx::Error> {
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
