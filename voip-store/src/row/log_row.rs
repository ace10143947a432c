//! Lines of call logs that are read from the rows of their calls.

use voip_core::{Direction, ports::LogEntry};

use super::{
    call_row::{Columns, duration, maybe_time, time},
    numbers,
};

/// The columns of a call that [`line`] expects, in its order; the row of the
/// call goes by the name `c`.
macro_rules! log_columns {
    () => {
        "c.id, c.created_at, c.direction, c.from_party, c.to_party, c.owner, c.status, \
         c.ended_at, c.duration, c.provider_id"
    };
}
pub(crate) use log_columns;

/// Reads a line of a log from a row of [`log_columns`], with the words of
/// [`Call::logged_to`](voip_core::Call::logged_to) and
/// [`Call::logged_number`](voip_core::Call::logged_number).
pub(crate) fn line<R: Columns>(row: &R) -> Result<LogEntry, R::Error> {
    let text = |column| row.text(column)?.ok_or_else(|| R::odd(column));
    let number = |column| row.int(column)?.ok_or_else(|| R::odd(column));
    let direction = numbers::direction(number(2)?).ok_or_else(|| R::odd(2))?;
    let called = text(4)?;
    let user = match direction {
        Direction::Inbound => row.text(5)?,
        Direction::Outbound => None,
    };
    Ok(LogEntry {
        id: row.id(0)?,
        created_at: time(row, 1)?,
        direction,
        from: text(3)?.into(),
        to: user.unwrap_or(called).into(),
        number: user.map(|_| called.into()),
        status: numbers::status(number(6)?).ok_or_else(|| R::odd(6))?,
        ended_at: maybe_time(row, 7)?,
        duration: duration(row, 8)?,
        provider_id: row.text(9)?.map(Into::into),
    })
}
