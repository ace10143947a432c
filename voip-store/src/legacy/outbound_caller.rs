//! The MySQL schema of the Outbound Caller.

use std::{fmt, str::FromStr as _, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions as _, MySqlConnection, Row as _,
    mysql::{MySqlConnectOptions, MySqlRow},
};
use time::UtcOffset;
use voip_core::{Account, Direction, Error, ErrorKind, Result, UserId, ports::ArchivedCall};

use super::{
    Flaw, Found, LegacyOptions, Page, Person, identity, moment,
    row::{self, OldCall, Texts, said},
};

/// The columns of `users`: id, e-mail, name, password, created.
const USERS: [&[&str]; 5] = [
    &["id", "user_id", "userId"],
    &["email"],
    &["name", "full_name", "username"],
    &["password", "password_hash", "passwordHash"],
    &["created_at", "createdAt"],
];

/// The columns of `call_logs`: id, user, sid, from, to, direction, status,
/// duration, created, ended, deleted, deleted when.
const CALLS: [&[&str]; 12] = [
    &["id", "log_id"],
    &["user_id", "userId"],
    &["call_sid", "callSid", "parent_call_sid"],
    &["from_number", "fromNumber", "caller", "from"],
    &["to_number", "toNumber", "callee", "to"],
    &["direction"],
    &["status", "call_status"],
    &["duration", "call_duration"],
    &["created_at", "createdAt", "start_time", "started_at"],
    &["ended_at", "end_time"],
    &["is_deleted", "isDeleted", "deleted"],
    &["deleted_at", "deletedAt"],
];

/// How long connecting may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The schema, open for reading.
pub(super) struct OutboundCaller {
    db: MySqlConnection,
    options: LegacyOptions,
    users: Option<Table<5>>,
    calls: Option<Table<12>>,
}

/// A table and how it is read.
struct Table<const N: usize> {
    /// All rows, up to a limit, and those after an id.
    selects: [String; 2],
    count: String,
    /// For each column, whether its moments are UTC: MySQL brings those of a
    /// `TIMESTAMP` into the session's zone, which is UTC, and leaves those of a
    /// `DATETIME` as they were written.
    utc: [bool; N],
}

impl OutboundCaller {
    pub(super) async fn connect(url: &str, options: LegacyOptions) -> Result<Self> {
        // The driver knows one of the two names.
        let url = match url.strip_prefix("mariadb:") {
            Some(rest) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        // Its error may quote the address, and that may hold a password.
        let connect = MySqlConnectOptions::from_str(&url).map_err(|_| {
            Error::new(
                ErrorKind::Misconfigured,
                "the address must look like mysql://user:password@host:3306/outbound_caller",
            )
        })?;
        let connect = connect.disable_statement_logging();
        // real time: a server that does not answer is no source.
        let connected = tokio::time::timeout(PATIENCE, connect.connect()).await;
        let connected = connected.map_err(|_| {
            Error::new(
                ErrorKind::Unavailable,
                "the old MySQL database does not answer within 10 s",
            )
        })?;
        let mut db = connected.map_err(|error| unreadable(&error))?;
        let opened = open(&mut db).await.map_err(|error| unreadable(&error))?;
        let (users, calls) = opened.ok_or_else(|| {
            Error::new(
                ErrorKind::Misconfigured,
                "the schema is not the Outbound Caller's: it has neither a table users nor \
                 call_logs with an id (for a database of this program there is the command copy)",
            )
        })?;
        Ok(Self {
            db,
            options,
            users,
            calls,
        })
    }

    pub(super) async fn counts(&mut self) -> Result<(u64, u64)> {
        let counts = [
            self.users.as_ref().map(|table| table.count.clone()),
            self.calls.as_ref().map(|table| table.count.clone()),
        ];
        let mut numbers = [0; 2];
        for (count, number) in counts.into_iter().zip(&mut numbers) {
            let Some(count) = count else { continue };
            let row = sqlx::query(AssertSqlSafe(count)).fetch_one(&mut self.db);
            let counted = row.await.and_then(|row| row.try_get::<i64, _>(0));
            *number = counted.map_err(|error| unreadable(&error))?.unsigned_abs();
        }
        Ok((numbers[0], numbers[1]))
    }

    pub(super) async fn people(
        &mut self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<Person>> {
        let Some(table) = &self.users else {
            return Ok(nothing());
        };
        let rows = table.read(&mut self.db, after, limit).await?;
        let offsets = table.offsets(self.options.offset);
        let next = next(&rows, limit);
        let rows = rows.iter().map(|row| person(&self.options, row, &offsets));
        Ok(Page {
            rows: rows.collect(),
            next,
        })
    }

    pub(super) async fn calls(
        &mut self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<ArchivedCall>> {
        let Some(table) = &self.calls else {
            return Ok(nothing());
        };
        let rows = table.read(&mut self.db, after, limit).await?;
        let offsets = table.offsets(self.options.offset);
        let next = next(&rows, limit);
        let rows = rows.iter().map(|row| call(&self.options, row, &offsets));
        Ok(Page {
            rows: rows.collect(),
            next,
        })
    }
}

impl fmt::Debug for OutboundCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundCaller").finish_non_exhaustive()
    }
}

type Tables = (Option<Table<5>>, Option<Table<12>>);

/// Begins to read, at one state of the database. `None` where it is another's.
async fn open(db: &mut MySqlConnection) -> sqlx::Result<Option<Tables>> {
    for statement in [
        "SET time_zone = '+00:00'",
        "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
    ] {
        sqlx::raw_sql(statement).execute(&mut *db).await?;
    }
    let users = table(db, "users", USERS).await?;
    let calls = table(db, "call_logs", CALLS).await?;
    let found = users.is_some() || calls.is_some();
    Ok(found.then_some((users, calls)))
}

/// How a table is read that has an id.
async fn table<const N: usize>(
    db: &mut MySqlConnection,
    name: &str,
    wanted: [&[&str]; N],
) -> sqlx::Result<Option<Table<N>>> {
    let columns = sqlx::query(
        "SELECT CAST(column_name AS CHAR), CAST(data_type AS CHAR) \
         FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = ?",
    )
    .bind(name)
    .fetch_all(db)
    .await?;
    let mut present = Vec::new();
    let mut timestamps = Vec::new();
    for row in columns {
        let (column, kind): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        if kind.eq_ignore_ascii_case("timestamp") {
            timestamps.push(column.clone());
        }
        present.push(column);
    }
    let chosen = row::choose(&present, wanted);
    let Some(id) = chosen[0].clone().map(quoted) else {
        return Ok(None);
    };
    let utc = std::array::from_fn(|place| {
        let column = chosen[place].as_ref();
        column.is_some_and(|column| timestamps.contains(column))
    });
    // As text, whatever their types are.
    let columns = chosen.map(|column| match column {
        Some(column) => format!("CAST({} AS CHAR)", quoted(column)),
        None => "NULL".to_owned(),
    });
    let columns = columns.join(", ");
    Ok(Some(Table {
        selects: [
            format!("SELECT {columns} FROM {name} ORDER BY {id} LIMIT ?"),
            format!("SELECT {columns} FROM {name} WHERE {id} > ? ORDER BY {id} LIMIT ?"),
        ],
        count: format!("SELECT count(*) FROM {name}"),
        utc,
    }))
}

fn quoted(name: String) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl<const N: usize> Table<N> {
    async fn read(
        &self,
        db: &mut MySqlConnection,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Texts<N>>> {
        let [first, further] = &self.selects;
        let select = match after {
            None => sqlx::query(AssertSqlSafe(first.clone())),
            Some(after) => sqlx::query(AssertSqlSafe(further.clone())).bind(after.to_owned()),
        };
        let select = select.bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = select.fetch_all(db).await;
        let rows = rows.map_err(|error| unreadable(&error))?;
        let texts = rows.iter().map(texts).collect::<sqlx::Result<Vec<_>>>();
        texts.map_err(|error| unreadable(&error))
    }

    /// At what offset the moments of each column are.
    fn offsets(&self, otherwise: UtcOffset) -> [UtcOffset; N] {
        self.utc.map(|utc| match utc {
            true => UtcOffset::UTC,
            false => otherwise,
        })
    }
}

fn texts<const N: usize>(row: &MySqlRow) -> sqlx::Result<Texts<N>> {
    let mut texts = std::array::from_fn(|_| None);
    for (column, text) in texts.iter_mut().enumerate() {
        *text = row.try_get(column)?;
    }
    Ok(texts)
}

fn nothing<T>() -> Page<T> {
    Page {
        rows: Vec::new(),
        next: None,
    }
}

/// Where the page after `rows` begins.
fn next<const N: usize>(rows: &[Texts<N>], limit: usize) -> Option<String> {
    let last = rows.last().filter(|_| rows.len() == limit)?;
    last[0].clone()
}

/// A user with an id of the old database.
fn user(options: &LegacyOptions, id: Option<&String>) -> Option<UserId> {
    row::user(&format!("{}{}", options.user_prefix, said(id)?))
}

fn person(options: &LegacyOptions, row: &Texts<5>, offsets: &[UtcOffset; 5]) -> Found<Person> {
    let account = || {
        let [id, email, name, password, created] = row;
        let user = user(options, id.as_ref()).ok_or(Flaw::UserId)?;
        let email = said(email.as_ref()).and_then(|email| email.parse().ok());
        // A password that somebody left in plain text must not become a hash.
        let password = said(password.as_ref()).filter(|text| is_bcrypt(text));
        let created = said(created.as_ref()).and_then(|text| moment::read(text, offsets[4]));
        Ok(Person::Account(Account {
            user,
            email: email.ok_or(Flaw::Email)?,
            name: said(name.as_ref()).and_then(|name| name.parse().ok()),
            password: password
                .and_then(|hash| hash.parse().ok())
                .ok_or(Flaw::PasswordHash)?,
            created_at: created.unwrap_or(options.now),
        }))
    };
    Found {
        what: account(),
        remarks: Vec::new(),
    }
}

/// `$2b$`, the cost, `$`, then 53 characters; also with the letters of earlier
/// versions.
fn is_bcrypt(text: &str) -> bool {
    let known = ["$2a$", "$2b$", "$2x$", "$2y$"];
    text.len() == 60 && text.is_ascii() && known.iter().any(|start| text.starts_with(start))
}

fn call(
    options: &LegacyOptions,
    row: &Texts<12>,
    offsets: &[UtcOffset; 12],
) -> Found<ArchivedCall> {
    let [
        id,
        owner,
        sid,
        from,
        to,
        direction,
        status,
        duration,
        began,
        ended,
        deleted,
        deleted_at,
    ] = row;
    let leg = row::leg(sid.as_ref());
    let id = match &leg {
        Some(leg) => identity::derived("leg", leg.as_str()),
        None => {
            let id = said(id.as_ref()).unwrap_or_default();
            identity::derived(
                "outbound-caller row",
                &format!("{}{id}", options.user_prefix),
            )
        }
    };
    let deleted_at = said(deleted_at.as_ref()).and_then(|text| moment::read(text, offsets[11]));
    let deleted = deleted_at.is_some() || row::is_set(deleted.as_ref());
    let call = OldCall {
        id,
        // It placed calls and took none.
        direction: row::direction(direction.as_ref()).unwrap_or(Direction::Outbound),
        from: row::party(from.as_ref()),
        to: row::party(to.as_ref()),
        owner: user(options, owner.as_ref()),
        peer: None,
        leg,
        status: said(status.as_ref()),
        duration: said(duration.as_ref()),
        began: said(began.as_ref()),
        ended: said(ended.as_ref()),
        deleted: deleted.then_some(deleted_at),
    };
    call.found(offsets[8])
}

/// What an error means. The driver's own words may quote values of rows.
fn unreadable(error: &sqlx::Error) -> Error {
    match error {
        sqlx::Error::Database(error) => Error::new(
            ErrorKind::Misconfigured,
            format!(
                "the old MySQL database refuses (error {}): check the user, the password and \
                 the schema's name",
                error.code().unwrap_or_default()
            ),
        ),
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => Error::new(
            ErrorKind::Unavailable,
            "the old MySQL database cannot be reached, or the connection to it broke",
        ),
        _ => Error::new(
            ErrorKind::Malformed,
            "the old MySQL database cannot be read",
        ),
    }
}
