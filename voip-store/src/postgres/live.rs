//! Statements about the calls that have not ended, by user.

use sqlx::PgConnection;
use voip_core::{Call, UserId, ports::MOST_LIVE_CALLS};

use crate::row::{self, columns, rows};

/// The calls of a user that have not ended, as owner or as peer.
pub(super) async fn of(db: &mut PgConnection, user: &UserId) -> Result<Vec<Call>, sqlx::Error> {
    macro_rules! newest {
        ($user:literal) => {
            concat!(
                "(SELECT id FROM calls WHERE ",
                $user,
                " = $1 AND ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT $2)"
            )
        };
    }
    let held = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE id = ANY(ARRAY(",
        newest!("owner"),
        " UNION ",
        newest!("peer"),
        ")) ORDER BY created_at DESC, id DESC LIMIT $2"
    ))
    .bind(user.as_str())
    .bind(rows(MOST_LIVE_CALLS))
    .fetch_all(db)
    .await?;
    let calls = held.iter().map(|row| row::read(row).map(|held| held.call));
    calls.collect()
}
