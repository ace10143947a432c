use std::{fmt, path::PathBuf};

use secrecy::SecretString;
use url::Url;

use super::{Faults, Source};

/// Where calls and users are kept.
#[derive(Clone, Debug)]
pub enum DatabaseConfig {
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In memory, gone with the process.
    Memory,
    /// On a server, which several nodes may share.
    Server(DatabaseServer),
}

/// A database server.
#[derive(Clone, Debug)]
pub struct DatabaseServer {
    /// Which, and how to get in.
    pub address: DatabaseAddress,
    /// How many connections each node has to it at most, beside those that
    /// write and read calls.
    pub connections: usize,
    /// Where it is, to show.
    pub at: String,
}

/// How to reach a database server. `Debug` shows no password.
#[derive(Clone)]
pub enum DatabaseAddress {
    /// PostgreSQL, by `postgres://user:password@host:port/database`.
    Postgres(SecretString),
    /// MySQL or MariaDB, by `mysql://user:password@host:port/database`.
    MySql(SecretString),
    /// MySQL or MariaDB, by the settings of old.
    MySqlParts {
        /// `DB_HOST`.
        host: String,
        /// `DB_PORT`.
        port: u16,
        /// `DB_USER`.
        user: String,
        /// `DB_PASSWORD`, without quotes around it.
        password: SecretString,
        /// `DB_NAME`.
        name: String,
    },
}

/// What `DATABASE_URL` may look like.
const FORMS: &str = "must be sqlite: and a file, such as sqlite:voip.db, or postgres://user:password@host/database, or mysql://user:password@host/database";

/// The settings that name a MySQL server where `DATABASE_URL` does not.
const PARTS: [&str; 5] = ["DB_HOST", "DB_PORT", "DB_USER", "DB_PASSWORD", "DB_NAME"];

impl DatabaseConfig {
    pub(crate) fn read(source: &Source, faults: &mut Faults) -> Self {
        let connections = source.parsed("DATABASE_CONNECTIONS", 8, faults);
        if connections == 0 {
            faults.add("DATABASE_CONNECTIONS", "must be 1 or more");
        }
        let server = |(address, at)| {
            Self::Server(DatabaseServer {
                address,
                connections,
                at,
            })
        };
        let Some(url) = source.text("DATABASE_URL") else {
            // A password alone may be there for another program.
            let named = !source.set_among(&["DB_HOST", "DB_NAME"]).is_empty();
            return match named {
                true => server(parts(source, faults)),
                false => Self::Sqlite(PathBuf::from("voip.db")),
            };
        };
        let path = url
            .strip_prefix("sqlite:")
            .map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        match path {
            Some(":memory:") => return Self::Memory,
            Some(path) if !path.is_empty() => return Self::Sqlite(PathBuf::from(path)),
            Some(_) | None => {}
        }
        match by_url(&url) {
            Ok(address) => server(address),
            Err(what) => {
                faults.add("DATABASE_URL", what);
                Self::Memory
            }
        }
    }

    /// Whether several nodes may work on it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// Those settings that are set and do nothing, because `DATABASE_URL` is
    /// set too.
    pub(super) fn unused(source: &Source) -> Vec<&'static str> {
        match source.text("DATABASE_URL") {
            Some(_) => source.set_among(&PARTS),
            None => Vec::new(),
        }
    }
}

fn by_url(text: &str) -> Result<(DatabaseAddress, String), &'static str> {
    // What the parser says may quote a password.
    let url = Url::parse(text).map_err(|_| FORMS)?;
    let secret = SecretString::from(text.to_owned());
    let address = match url.scheme() {
        "postgres" | "postgresql" => DatabaseAddress::Postgres(secret),
        "mysql" | "mariadb" => DatabaseAddress::MySql(secret),
        _ => return Err(FORMS),
    };
    let host = url.host_str().filter(|host| !host.is_empty());
    let host = host.ok_or("must name the server: postgres://user:password@host/database")?;
    let name = url.path().trim_matches('/');
    if name.is_empty() {
        return Err("must name the database: postgres://user:password@host/database");
    }
    let port = url.port().map(|port| format!(":{port}"));
    let at = format!(
        "{} {host}{}/{name}",
        address.kind(),
        port.unwrap_or_default()
    );
    Ok((address, at))
}

fn parts(source: &Source, faults: &mut Faults) -> (DatabaseAddress, String) {
    let mut needed = |name: &'static str, what: &str| {
        source.text(name).unwrap_or_else(|| {
            faults.add(name, what);
            String::new()
        })
    };
    let user = needed("DB_USER", "is required with DB_HOST: who to log in as");
    let name = needed(
        "DB_NAME",
        "is required with DB_HOST: the name of the database",
    );
    let port = source.port("DB_PORT", 3306, faults);
    let host = source
        .text("DB_HOST")
        .unwrap_or_else(|| "localhost".to_owned());
    let at = format!("{host}:{port}/{name}");
    let password = source.text("DB_PASSWORD").unwrap_or_default();
    let address = DatabaseAddress::MySqlParts {
        host,
        port,
        user,
        password: SecretString::from(unquoted(&password).to_owned()),
        name,
    };
    let at = format!("{} {at}", address.kind());
    (address, at)
}

/// `text` without the quotes around it, if there are two of a kind.
fn unquoted(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

impl DatabaseAddress {
    fn kind(&self) -> &'static str {
        match self {
            Self::Postgres(_) => "PostgreSQL",
            Self::MySql(_) | Self::MySqlParts { .. } => "MySQL or MariaDB",
        }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseAddress({})", self.kind())
    }
}
