//! Statements about the calls that have not ended, by user.

use rusqlite::{Connection, named_params};
use voip_core::{
    Call, UserId,
    ports::{Held, MOST_LIVE_CALLS},
};

use super::{
    call_row::{self, columns},
    finding::rows,
};

/// The calls of all users that have not ended.
pub(super) fn all(db: &Connection, most: usize) -> rusqlite::Result<Vec<Held>> {
    // No user id is empty or sorts before the empty one. Those of the one index
    // and then those of the other that are not in the first.
    db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE ended_at IS NULL AND owner >= '' UNION ALL SELECT ",
        columns!(),
        " FROM calls WHERE ended_at IS NULL AND peer >= '' AND owner IS NULL LIMIT ?"
    ))?
    .query_map([rows(most)], call_row::read)?
    .collect()
}

/// The calls of a user that have not ended, as owner or as peer.
pub(super) fn of(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Call>> {
    macro_rules! newest {
        ($user:literal) => {
            concat!(
                "call IN (SELECT call FROM calls WHERE ",
                $user,
                " = :user AND ended_at IS NULL ORDER BY created_at DESC, id DESC LIMIT :limit)"
            )
        };
    }
    let held = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM calls WHERE ",
            newest!("owner"),
            " OR ",
            newest!("peer"),
            " ORDER BY created_at DESC, id DESC LIMIT :limit"
        ))?
        .query_map(
            named_params! { ":user": user.as_str(), ":limit": rows(MOST_LIVE_CALLS) },
            call_row::read,
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(held.into_iter().map(|held| held.call).collect())
}
