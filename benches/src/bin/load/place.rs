use std::path::{Path, PathBuf};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};

use crate::Fault;

/// Where a measured server keeps its calls and users, and what else it shares.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Its `DATABASE_URL`.
    pub(crate) url: String,
    /// Where its log goes.
    pub(crate) log: PathBuf,
    /// Its `REDIS_PREFIX`, where it has a Redis.
    pub(crate) prefix: String,
}

impl Place {
    /// An SQLite file.
    pub(crate) fn file(path: &Path) -> Self {
        Self {
            url: format!("sqlite:{}", path.display()),
            log: path.with_extension("log"),
            prefix: "load:".to_owned(),
        }
    }
}

/// A database of its own on a server, made for one row. Dropping this leaves it
/// behind; see [`remove`](Self::remove).
#[derive(Debug)]
pub(crate) struct OnServer {
    admin: String,
    name: String,
}

impl OnServer {
    /// Makes it, on the server that this administrator's address leads to.
    pub(crate) async fn make(admin: &str) -> Result<Self, Fault> {
        let random = std::process::id();
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("load_{random}_{number}");
        run(admin, format!("CREATE DATABASE {name}")).await?;
        let admin = admin.to_owned();
        Ok(Self { admin, name })
    }

    /// Its own address.
    pub(crate) fn url(&self) -> Result<String, Fault> {
        let (server, _) = self
            .admin
            .rsplit_once('/')
            .ok_or("--database names no database of the administrator's")?;
        Ok(format!("{server}/{}", self.name))
    }

    /// What it is called.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Drops it, whoever is still connected.
    pub(crate) async fn remove(&self) -> Result<(), Fault> {
        let force = match self.admin.starts_with("mysql:") {
            true => "",
            false => " WITH (FORCE)",
        };
        run(&self.admin, format!("DROP DATABASE {}{force}", self.name)).await
    }
}

async fn run(admin: &str, statement: String) -> Result<(), Fault> {
    let statement = sqlx::raw_sql(AssertSqlSafe(statement));
    if admin.starts_with("mysql:") {
        let mut db = MySqlConnection::connect(admin).await?;
        statement.execute(&mut db).await.map(drop)?;
    } else {
        let mut db = PgConnection::connect(admin).await?;
        statement.execute(&mut db).await.map(drop)?;
    }
    Ok(())
}
