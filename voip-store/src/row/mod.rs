//! What storage in rows has in common, whichever database keeps the rows: the
//! numbers and words that stand for our types, and how a row becomes a call.

mod call_row;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod kept;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod log_row;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod long_text;
#[cfg(all(test, any(feature = "postgres", feature = "mysql")))]
pub(crate) mod many;
mod names;
mod numbers;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod people;
mod state_columns;
#[cfg(feature = "postgres")]
pub(crate) mod without_nul;

#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use call_row::parsed;
pub(crate) use call_row::{Columns, columns, duration, maybe_time, read, time};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use kept::{archived, effect, report};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use log_row::{line, log_columns};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use long_text::key;
pub(crate) use names::names;
pub(crate) use numbers::{direction, direction_number, micros, status, status_number};
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use people::{account, device, user};
pub(crate) use state_columns::StateColumns;

use std::time::Duration;

use voip_core::Call;
#[cfg(any(feature = "postgres", feature = "mysql"))]
use voip_core::{CallId, ports::IdempotencyKey};

/// How long a report waits for its call.
pub(crate) const REPORTS_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The far side as text: only calls of voice clients have one, and nothing
/// looks for what is in it.
pub(crate) fn far_text(call: &Call) -> Result<Option<String>, serde_json::Error> {
    call.far.as_ref().map(serde_json::to_string).transpose()
}

/// A limit as databases count.
pub(crate) fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// An id as its column holds it.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn id_bytes(id: &CallId) -> &[u8] {
    id.as_uuid().as_bytes()
}

/// Whose a key is; nobody's name is empty.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn scope(key: &IdempotencyKey) -> &str {
    key.scope.as_ref().map_or("", |user| user.as_str())
}
