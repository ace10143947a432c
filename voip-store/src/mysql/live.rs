//! Statements about the calls that have not ended, by user.

use sqlx::MySqlConnection;
use voip_core::{Call, UserId, ports::MOST_LIVE_CALLS};

use crate::row::{self, columns, rows};

/// The calls of a user that have not ended, as owner or as peer.
pub(super) async fn of(db: &mut MySqlConnection, user: &UserId) -> Result<Vec<Call>, sqlx::Error> {
    macro_rules! newest {
        ($user:literal) => {
            concat!(
                "(SELECT id FROM calls WHERE ",
                $user,
                " = ? ORDER BY created_at DESC, id DESC LIMIT ?)"
            )
        };
    }
    let limit = rows(MOST_LIVE_CALLS);
    let held = sqlx::query(concat!(
        "SELECT ",
        columns!("c."),
        " FROM (",
        newest!("live_owner"),
        " UNION ",
        newest!("live_peer"),
        ") live JOIN calls c ON c.id = live.id ORDER BY c.created_at DESC, c.id DESC LIMIT ?"
    ))
    .bind(user.as_str())
    .bind(limit)
    .bind(user.as_str())
    .bind(limit)
    .bind(limit)
    .fetch_all(db)
    .await?;
    let calls = held.iter().map(|row| row::read(row).map(|held| held.call));
    calls.collect()
}
