use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::Path,
    sync::Arc,
};

use secrecy::ExposeSecret as _;
use voip_core::ports::{AccountStore, Archive, CallStore, UserStore};
use voip_store::{
    MemoryStore, MySqlOptions, MySqlStore, PostgresOptions, PostgresStore, SqliteOptions,
    SqliteStore,
};

use crate::{
    StartupError,
    config::{DatabaseAddress, DatabaseConfig, DatabaseServer},
};

/// The storage, with what closing it takes.
pub(crate) struct Store {
    kind: Kind,
    /// Held for as long as a server works on the file; the system lets go of it
    /// when the process dies, however that happens.
    _lock: Option<File>,
}

enum Kind {
    Memory(Arc<MemoryStore>),
    Sqlite(Arc<SqliteStore>),
    Postgres(Arc<PostgresStore>),
    MySql(Arc<MySqlStore>),
}

impl Store {
    /// The storage for a server, which wants a file for itself: what it finds
    /// there at the start it takes for its own and carries on.
    pub(crate) async fn open_to_serve(config: &DatabaseConfig) -> Result<Self, StartupError> {
        let lock = match config {
            // Nodes share a server.
            DatabaseConfig::Memory | DatabaseConfig::Server(_) => None,
            DatabaseConfig::Sqlite(path) => Some(lock(path)?),
        };
        Ok(Self {
            _lock: lock,
            ..Self::open(config).await?
        })
    }

    /// The storage, whether or not a server works on it.
    pub(crate) async fn open(config: &DatabaseConfig) -> Result<Self, StartupError> {
        let kind = match config {
            DatabaseConfig::Memory => Kind::Memory(Arc::new(MemoryStore::default())),
            DatabaseConfig::Sqlite(path) => SqliteStore::open(SqliteOptions::at(path))
                .map(|store| Kind::Sqlite(Arc::new(store)))
                .map_err(StartupError::because)?,
            DatabaseConfig::Server(server) => Kind::on(server).await?,
        };
        Ok(Self { kind, _lock: None })
    }

    pub(crate) fn calls(&self) -> Arc<dyn CallStore> {
        match &self.kind {
            Kind::Memory(store) => Arc::clone(store) as _,
            Kind::Sqlite(store) => Arc::clone(store) as _,
            Kind::Postgres(store) => Arc::clone(store) as _,
            Kind::MySql(store) => Arc::clone(store) as _,
        }
    }

    pub(crate) fn users(&self) -> Arc<dyn UserStore> {
        match &self.kind {
            Kind::Memory(store) => Arc::clone(store) as _,
            Kind::Sqlite(store) => Arc::clone(store) as _,
            Kind::Postgres(store) => Arc::clone(store) as _,
            Kind::MySql(store) => Arc::clone(store) as _,
        }
    }

    pub(crate) fn accounts(&self) -> Arc<dyn AccountStore> {
        match &self.kind {
            Kind::Memory(store) => Arc::clone(store) as _,
            Kind::Sqlite(store) => Arc::clone(store) as _,
            Kind::Postgres(store) => Arc::clone(store) as _,
            Kind::MySql(store) => Arc::clone(store) as _,
        }
    }

    pub(crate) fn archive(&self) -> Arc<dyn Archive> {
        match &self.kind {
            Kind::Memory(store) => Arc::clone(store) as _,
            Kind::Sqlite(store) => Arc::clone(store) as _,
            Kind::Postgres(store) => Arc::clone(store) as _,
            Kind::MySql(store) => Arc::clone(store) as _,
        }
    }

    /// Makes everything safe and lets go of it.
    pub(crate) async fn close(self) -> voip_core::Result<()> {
        match self.kind {
            Kind::Memory(_) => Ok(()),
            Kind::Sqlite(store) => store.close().await,
            Kind::Postgres(store) => store.close().await,
            Kind::MySql(store) => store.close().await,
        }
    }
}

impl Kind {
    async fn on(server: &DatabaseServer) -> Result<Self, StartupError> {
        let connections = server.connections;
        let mysql = async |mut options: MySqlOptions| {
            options.connections = connections;
            let store = MySqlStore::connect(options).await?;
            Ok(Self::MySql(Arc::new(store)))
        };
        let opened: voip_core::Result<Self> = async {
            match &server.address {
                DatabaseAddress::Postgres(url) => {
                    let mut options = PostgresOptions::at(url.expose_secret())?;
                    options.connections = connections;
                    let store = PostgresStore::connect(options).await?;
                    Ok(Self::Postgres(Arc::new(store)))
                }
                DatabaseAddress::MySql(url) => mysql(MySqlOptions::at(url.expose_secret())?).await,
                DatabaseAddress::MySqlParts {
                    host,
                    port,
                    user,
                    password,
                    name,
                } => {
                    let password = password.expose_secret();
                    mysql(MySqlOptions::new(host, *port, user, password, name)).await
                }
            }
        }
        .await;
        opened.map_err(|error| {
            StartupError::new(format!(
                "{} cannot be used: {error}; see DATABASE_URL or DB_HOST",
                server.at
            ))
        })
    }
}

/// Takes the file beside the database that says a server works on it.
fn lock(database: &Path) -> Result<File, StartupError> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = Path::new(&path);
    let cannot = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => StartupError::new(format!(
            "there is no folder for {}: make it, or set DATABASE_URL to another file",
            database.display()
        )),
        _ => StartupError::new(format!("cannot lock {}: {error}", path.display())),
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartupError::new(format!(
            "another server works on {}: stop it, or set DATABASE_URL to another file",
            database.display()
        ))),
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}
