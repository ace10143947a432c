//! Statements about the calls that have not ended, by user. They are those that
//! have a deadline.

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
    db.prepare_cached(concat!(
        "SELECT ",
        columns!(),
        " FROM calls WHERE deadline_at IS NOT NULL AND (owner IS NOT NULL OR peer IS NOT NULL) \
         LIMIT ?"
    ))?
    .query_map([rows(most)], call_row::read)?
    .collect()
}

/// The calls of a user that have not ended, as owner or as peer. Looks at all
/// that have not.
pub(super) fn of(db: &Connection, user: &UserId) -> rusqlite::Result<Vec<Call>> {
    let held = db
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            " FROM calls WHERE deadline_at IS NOT NULL AND (owner = :user OR peer = :user) \
             ORDER BY created_at DESC, id DESC LIMIT :limit"
        ))?
        .query_map(
            named_params! { ":user": user.as_str(), ":limit": rows(MOST_LIVE_CALLS) },
            call_row::read,
        )?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(held.into_iter().map(|held| held.call).collect())
}
