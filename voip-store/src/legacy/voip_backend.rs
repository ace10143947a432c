//! The file `voip.db` of the VoIP Backend.

use std::{collections::HashMap, fmt, path::Path};

use rusqlite::{Connection, OpenFlags, Row, types::ValueRef};
use voip_core::{
    Device, Direction, Error, ErrorKind, Party, PhoneNumber, Platform, Result, User, UserId,
    ports::{ArchivedCall, ArchivedUser},
};

use super::{
    Flaw, Found, LegacyOptions, Page, Person, Remark, identity, moment,
    row::{self, OldCall, Texts, said},
};

/// The columns of `users`: id, number, token, created, updated.
const USERS: [&[&str]; 5] = [
    &["user_id", "userId", "id", "username", "name"],
    &["phone_number", "phoneNumber", "phone", "number"],
    &["fcm_token", "fcmToken", "push_token", "token"],
    &["created_at", "createdAt"],
    &["updated_at", "updatedAt", "last_seen"],
];

/// The columns of `call_logs`: id, sid, from, to, direction, status, began,
/// ended, duration.
const CALLS: [&[&str]; 9] = [
    &["call_id", "callId", "id"],
    &["twilio_sid", "twilioSid", "call_sid", "sid"],
    &["from_user", "fromUser", "from_number", "caller"],
    &["to_user", "toUser", "to_number", "callee"],
    &["direction", "type"],
    &["status", "state"],
    &[
        "started_at",
        "startedAt",
        "start_time",
        "created_at",
        "timestamp",
    ],
    &["ended_at", "endedAt", "end_time", "updated_at"],
    &["duration"],
];

/// The file, open for reading.
pub(super) struct VoipBackend {
    db: Connection,
    options: LegacyOptions,
    users: Option<Table<5>>,
    calls: Option<Table<9>>,
    /// Whom each number rings; the first who has it, as with us.
    by_number: HashMap<PhoneNumber, UserId>,
    /// The number of each user, where they have one.
    numbers: HashMap<UserId, Option<PhoneNumber>>,
}

/// A table and the statement that reads it.
struct Table<const N: usize> {
    name: &'static str,
    select: String,
}

impl VoipBackend {
    pub(super) fn open(path: &Path, options: LegacyOptions) -> Result<Self> {
        if !path.is_file() {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                format!("there is no file {}", path.display()),
            ));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(|error| unreadable(&error))?;
        Self::of(db, options).map_err(|error| unreadable(&error))?
    }

    fn of(db: Connection, options: LegacyOptions) -> rusqlite::Result<Result<Self>> {
        // One state of the file, should the old system still write to it.
        db.execute_batch("PRAGMA query_only = ON; BEGIN")?;
        let (users, calls) = (table(&db, "users", USERS)?, table(&db, "call_logs", CALLS)?);
        if users.is_none() && calls.is_none() {
            return Ok(Err(Error::new(
                ErrorKind::Misconfigured,
                "the file is not the VoIP Backend's: it has neither a table users nor call_logs \
                 (for a database of this program there is the command copy)",
            )));
        }
        let mut source = Self {
            db,
            options,
            users,
            calls,
            by_number: HashMap::new(),
            numbers: HashMap::new(),
        };
        let mut after = None;
        loop {
            let page = source.users(after.as_deref(), 1_000)?;
            for found in page.rows {
                let Ok(ArchivedUser { user, .. }) = found.what else {
                    continue;
                };
                if let Some(number) = &user.phone {
                    let rings = source.by_number.entry(number.clone());
                    rings.or_insert(user.id.clone());
                }
                source.numbers.insert(user.id, user.phone);
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(Ok(source)),
            }
        }
    }

    pub(super) fn counts(&self) -> Result<(u64, u64)> {
        let count = |name: Option<&str>| match name {
            None => Ok(0),
            Some(name) => {
                let count = format!("SELECT count(*) FROM {name}");
                let count = self.db.query_row(&count, [], |row| row.get::<_, i64>(0));
                count.map(i64::unsigned_abs)
            }
        };
        let counts = || {
            let users = count(self.users.as_ref().map(|table| table.name))?;
            Ok((users, count(self.calls.as_ref().map(|table| table.name))?))
        };
        counts().map_err(|error: rusqlite::Error| unreadable(&error))
    }

    pub(super) fn people(&self, after: Option<&str>, limit: usize) -> Result<Page<Person>> {
        let page = self.users(after, limit);
        let page = page.map_err(|error| unreadable(&error))?;
        let person = |found: Found<ArchivedUser>| Found {
            what: found.what.map(Person::User),
            remarks: found.remarks,
        };
        Ok(Page {
            rows: page.rows.into_iter().map(person).collect(),
            next: page.next,
        })
    }

    pub(super) fn calls(&self, after: Option<&str>, limit: usize) -> Result<Page<ArchivedCall>> {
        let page = self.read(self.calls.as_ref(), after, limit, |place, texts| {
            self.call(place, &texts)
        });
        page.map_err(|error| unreadable(&error))
    }

    fn users(&self, after: Option<&str>, limit: usize) -> rusqlite::Result<Page<ArchivedUser>> {
        self.read(self.users.as_ref(), after, limit, |_, texts| {
            self.user(&texts)
        })
    }

    fn user(&self, [id, number, token, created, updated]: &Texts<5>) -> Found<ArchivedUser> {
        let mut remarks = Vec::new();
        let Some(id) = said(id.as_ref()).and_then(row::user) else {
            return Found {
                what: Err(Flaw::UserId),
                remarks,
            };
        };
        let phone = said(number.as_ref()).and_then(|text| {
            let number = text.parse().ok();
            remarks.extend(number.is_none().then_some(Remark::Number));
            number
        });
        let moment = |text: &Option<String>| {
            said(text.as_ref()).and_then(|text| moment::read(text, self.options.offset))
        };
        let created = moment(created);
        let last_seen = moment(updated).or(created).unwrap_or(self.options.now);
        let device = said(token.as_ref()).and_then(|text| {
            let token = text.parse().ok();
            remarks.extend(token.is_none().then_some(Remark::Token));
            Some(Device {
                token: token?,
                platform: Platform::Fcm,
                last_seen,
            })
        });
        let user = User {
            id,
            phone,
            created_at: created.unwrap_or(last_seen),
        };
        let devices = device.into_iter().collect();
        Found {
            what: Ok(ArchivedUser { user, devices }),
            remarks,
        }
    }

    fn call(&self, place: i64, texts: &Texts<9>) -> Found<ArchivedCall> {
        let [id, sid, from, to, direction, status, began, ended, duration] = texts;
        let (from, to) = (row::party(from.as_ref()), row::party(to.as_ref()));
        let is_user = |party: &Party| {
            row::user(party.expose()).is_some_and(|user| self.numbers.contains_key(&user))
        };
        let direction = row::direction(direction.as_ref()).unwrap_or(match is_user(&to) {
            true => Direction::Inbound,
            false => Direction::Outbound,
        });
        let (near, far) = match direction {
            Direction::Inbound => (&to, &from),
            Direction::Outbound => (&from, &to),
        };
        let (owner, peer) = (self.whose(near), self.by_number_of(far));
        let leg = row::leg(sid.as_ref());
        let id = match said(id.as_ref()).map(|id| (id, id.parse())) {
            Some((_, Ok(id))) => id,
            Some((id, Err(_))) => identity::derived("voip-backend call", id),
            None => match &leg {
                Some(leg) => identity::derived("leg", leg.as_str()),
                None => identity::derived(
                    "voip-backend row",
                    &format!("{place} {} {}", from.expose(), to.expose()),
                ),
            },
        };
        let call = OldCall {
            id,
            direction,
            to: self.called(direction, to, owner.as_ref()),
            from,
            peer: peer.filter(|peer| Some(peer) != owner.as_ref()),
            owner,
            leg,
            status: said(status.as_ref()),
            duration: said(duration.as_ref()),
            began: said(began.as_ref()),
            ended: said(ended.as_ref()),
            deleted: None,
        };
        call.found(self.options.offset)
    }

    /// Whose call it is, by what the log names at our end: a number, or a user.
    fn whose(&self, party: &Party) -> Option<UserId> {
        match party {
            Party::Phone(_) => self.by_number_of(party),
            // Who has left is still somebody; what has no letter is a number
            // that we cannot read.
            Party::Other(text) => row::user(text).filter(|user| {
                self.numbers.contains_key(user) || text.contains(char::is_alphabetic)
            }),
        }
    }

    fn by_number_of(&self, party: &Party) -> Option<UserId> {
        self.by_number.get(party.phone()?).cloned()
    }

    /// Who was called: the old log names the user where ours keeps the number,
    /// and shows the user all the same (see `Call::logged_to`).
    fn called(&self, direction: Direction, to: Party, owner: Option<&UserId>) -> Party {
        match (direction, &to, owner) {
            (Direction::Inbound, Party::Other(_), Some(owner)) => {
                let number = self.numbers.get(owner).cloned().flatten();
                number.map_or(to, Party::Phone)
            }
            (Direction::Inbound | Direction::Outbound, _, _) => to,
        }
    }

    fn read<T, const N: usize>(
        &self,
        table: Option<&Table<N>>,
        after: Option<&str>,
        limit: usize,
        found: impl Fn(i64, Texts<N>) -> Found<T>,
    ) -> rusqlite::Result<Page<T>> {
        let mut page = Page {
            rows: Vec::new(),
            next: None,
        };
        let Some(table) = table else { return Ok(page) };
        let after = after
            .and_then(|after| after.parse().ok())
            .unwrap_or(i64::MIN);
        let mut select = self.db.prepare_cached(&table.select)?;
        let mut rows = select.query((after, i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let mut last = after;
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            page.rows.push(found(last, texts(row)?));
        }
        page.next = (page.rows.len() == limit).then(|| last.to_string());
        Ok(page)
    }
}

impl fmt::Debug for VoipBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoipBackend").finish_non_exhaustive()
    }
}

/// How a table is read that has at least one of the columns.
fn table<const N: usize>(
    db: &Connection,
    name: &'static str,
    wanted: [&[&str]; N],
) -> rusqlite::Result<Option<Table<N>>> {
    let present = db
        .prepare("SELECT name FROM pragma_table_info(?)")?
        .query_map([name], |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<String>>>()?;
    let chosen = row::choose(&present, wanted);
    if chosen.iter().all(Option::is_none) {
        return Ok(None);
    }
    let columns = chosen.map(|column| match column {
        Some(column) => format!("\"{}\"", column.replace('"', "\"\"")),
        None => "NULL".to_owned(),
    });
    let select = format!(
        "SELECT rowid, {} FROM {name} WHERE rowid > ? ORDER BY rowid LIMIT ?",
        columns.join(", ")
    );
    Ok(Some(Table { name, select }))
}

/// The values of a row after the first, which is its place. SQLite keeps in a
/// column whatever it was given.
fn texts<const N: usize>(row: &Row<'_>) -> rusqlite::Result<Texts<N>> {
    let mut texts = std::array::from_fn(|_| None);
    for (column, text) in texts.iter_mut().enumerate() {
        *text = match row.get_ref(column + 1)? {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            ValueRef::Real(number) => Some(number.to_string()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Some(String::from_utf8_lossy(bytes).into_owned())
            }
        };
    }
    Ok(texts)
}

fn unreadable(error: &rusqlite::Error) -> Error {
    let message = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => "the file is not an SQLite database",
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            "another process holds the file locked: stop the old system"
        }
        _ => "the file of the old system cannot be read",
    };
    let said = Error::new(ErrorKind::Misconfigured, message);
    match error.sqlite_error() {
        Some(code) => said.with_source(*code),
        None => said,
    }
}
