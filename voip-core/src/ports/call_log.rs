//! Call logs as storage lists them.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use crate::{CallId, CallStatus, Direction, Timestamp};

/// Which calls a page of a log lists. `Debug` does not show the name.
#[derive(Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The name looked for: a user id, or a party as text.
    pub name: Arc<str>,
    /// List only calls this user owns; otherwise also those where `name` is
    /// either party.
    pub owned_only: bool,
    /// Which of these are wanted.
    pub filter: LogFilter,
    /// Start after this entry.
    pub after: Option<LogCursor>,
    /// The most entries wanted.
    pub limit: usize,
}

/// Which entries of a log are wanted: by default all. `Debug` does not show the
/// party.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Calls with one of these statuses; with any where there is none.
    pub statuses: Vec<CallStatus>,
    /// Calls that went this way.
    pub direction: Option<Direction>,
    /// Calls from or to this address, as text. Who an inbound call rang is not
    /// looked at, only the number that was called.
    pub party: Option<Arc<str>>,
    /// Calls created at this moment or later.
    pub since: Option<Timestamp>,
    /// Calls created before this moment.
    pub until: Option<Timestamp>,
}

impl LogFilter {
    /// Whether every entry is wanted.
    pub fn is_all(&self) -> bool {
        let Self {
            statuses,
            direction,
            party,
            since,
            until,
        } = self;
        statuses.is_empty()
            && direction.is_none()
            && party.is_none()
            && since.is_none()
            && until.is_none()
    }

    /// Whether `entry` is wanted.
    pub fn admits(&self, entry: &LogEntry) -> bool {
        let Self {
            statuses,
            direction,
            party,
            since,
            until,
        } = self;
        (statuses.is_empty() || statuses.contains(&entry.status))
            && direction.is_none_or(|direction| entry.direction == direction)
            && party
                .as_deref()
                .is_none_or(|party| *entry.from == *party || entry.to_number() == party)
            && since.is_none_or(|since| entry.created_at >= since)
            && until.is_none_or(|until| entry.created_at < until)
    }
}

/// A place in a log: the last entry of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor {
    /// When that call was created.
    pub created_at: Timestamp,
    /// That call.
    pub id: CallId,
}

impl fmt::Display for LogCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}",
            self.created_at.as_micros(),
            self.id.as_uuid().as_simple()
        )
    }
}

/// The text is not a cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this call log")]
pub struct InvalidLogCursor;

impl FromStr for LogCursor {
    type Err = InvalidLogCursor;

    fn from_str(text: &str) -> Result<Self, InvalidLogCursor> {
        let (micros, id) = text.split_once('.').ok_or(InvalidLogCursor)?;
        let micros = micros.parse().map_err(|_| InvalidLogCursor)?;
        let id = id.parse().map_err(|_| InvalidLogCursor)?;
        Ok(Self {
            created_at: Timestamp::from_micros(micros),
            id,
        })
    }
}

/// One line of a call log. `Debug` does not show the parties.
#[derive(Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// The call.
    pub id: CallId,
    /// The provider's name for its leg.
    pub provider_id: Option<Box<str>>,
    /// Who called, as text.
    pub from: Box<str>,
    /// Who was called, as text: for an inbound call the user's id.
    pub to: Box<str>,
    /// The number that was called, where `to` names a user instead.
    pub number: Option<Box<str>>,
    /// Which way.
    pub direction: Direction,
    /// Its status.
    pub status: CallStatus,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// How long people were connected, once it is over and they were.
    pub duration: Option<Duration>,
}

impl LogEntry {
    /// The number that was called, or the address where it was none.
    pub fn to_number(&self) -> &str {
        self.number.as_deref().unwrap_or(&self.to)
    }

    /// Where this entry stands in its log.
    pub fn place(&self) -> LogCursor {
        LogCursor {
            created_at: self.created_at,
            id: self.id,
        }
    }
}

/// What became of a change to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogChange {
    /// It was made.
    Made,
    /// The log was like that already.
    Already,
    /// The user owns no such call.
    NoSuchCall,
}

impl fmt::Debug for LogQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogQuery")
            .field("owned_only", &self.owned_only)
            .field("filter", &self.filter)
            .field("after", &self.after)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFilter")
            .field("statuses", &self.statuses)
            .field("direction", &self.direction)
            .field("since", &self.since)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LogEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogEntry")
            .field("id", &self.id)
            .field("direction", &self.direction)
            .field("status", &self.status)
            .field("created_at", &self.created_at)
            .field("ended_at", &self.ended_at)
            .field("duration", &self.duration)
            .finish_non_exhaustive()
    }
}
