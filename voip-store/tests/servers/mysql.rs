use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use voip_core::ports::{AccountStore, Archive, CallStore, UserStore};
use voip_store::{MySqlOptions, MySqlStore};
use voip_testkit::suites::{
    account_store::AccountStoreFixture, archive::ArchiveFixture, call_store::CallStoreFixture,
    user_store::UserStoreFixture,
};

use super::{Database, apart, fresh_name, server};

/// A database of its own on the MySQL or MariaDB server. Dropped with it.
pub(crate) struct MySqlDatabase {
    admin: String,
    name: String,
}

impl MySqlDatabase {
    /// An empty database, or `None` where there is no server.
    pub(crate) async fn fresh() -> Option<Self> {
        let admin = server("VOIP_TEST_MYSQL_URL")?;
        let name = fresh_name();
        run(&admin, format!("CREATE DATABASE {name}")).await;
        Some(Self { admin, name })
    }

    /// Where everything is looked for in this database.
    pub(crate) fn url(&self) -> String {
        let (address, query) = self.admin.split_once('?').unwrap_or((&self.admin, ""));
        let after_host = address.find("://").unwrap() + 3;
        let end = address[after_host..]
            .find('/')
            .map_or(address.len(), |place| after_host + place);
        format!("{}/{}?{query}", &address[..end], self.name)
    }

    pub(crate) fn options(&self) -> MySqlOptions {
        MySqlOptions::at(&self.url()).unwrap()
    }

    /// Runs statements in this database.
    pub(crate) async fn run(&self, sql: &str) {
        run(&self.url(), sql.to_owned()).await;
    }

    /// A connection of the test's own.
    pub(crate) async fn connection(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for MySqlDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        apart(async move {
            // Waits for transactions that are open in it, but not for ever.
            let drop = format!("SET SESSION lock_wait_timeout = 20; DROP DATABASE {name}");
            run(&admin, drop).await;
        });
    }
}

async fn run(url: &str, sql: String) {
    let mut db = MySqlConnection::connect(url).await.unwrap();
    let ran = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await;
    ran.unwrap();
    db.close().await.unwrap();
}

/// A store on a database of its own.
pub(crate) struct MySqlFixture {
    pub(crate) store: MySqlStore,
    pub(crate) database: MySqlDatabase,
}

impl MySqlFixture {
    pub(crate) async fn fresh() -> Option<Self> {
        let database = MySqlDatabase::fresh().await?;
        let store = MySqlStore::connect(database.options()).await.unwrap();
        Some(Self { store, database })
    }
}

impl CallStoreFixture for MySqlFixture {
    fn calls(&self) -> &dyn CallStore {
        &self.store
    }
}

impl AccountStoreFixture for MySqlFixture {
    fn accounts(&self) -> &dyn AccountStore {
        &self.store
    }
}

impl UserStoreFixture for MySqlFixture {
    fn users(&self) -> &dyn UserStore {
        &self.store
    }
}

impl Database for MySqlDatabase {
    type Store = MySqlStore;

    const SCHEME: &'static str = "mysql";

    async fn fresh() -> Option<Self> {
        Self::fresh().await
    }

    fn url(&self) -> String {
        self.url()
    }

    async fn connect(url: &str, patience: Duration) -> voip_core::Result<MySqlStore> {
        let mut options = MySqlOptions::at(url)?;
        options.patience = patience;
        MySqlStore::connect(options).await
    }

    async fn run(&self, sql: &str) {
        self.run(sql).await;
    }

    async fn cut(&self) {
        let mut db = MySqlConnection::connect(&self.admin).await.unwrap();
        let sessions: Vec<i64> = sqlx::query_scalar(
            "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = ?",
        )
        .bind(&self.name)
        .fetch_all(&mut db)
        .await
        .unwrap();
        for session in sessions {
            let kill = format!("KILL {session}");
            let _ = sqlx::raw_sql(AssertSqlSafe(kill)).execute(&mut db).await;
        }
    }

    async fn close(store: &MySqlStore) {
        store.close().await.unwrap();
    }
}

impl ArchiveFixture for MySqlFixture {
    fn archive(&self) -> &dyn Archive {
        &self.store
    }

    fn calls(&self) -> &dyn CallStore {
        &self.store
    }

    fn users(&self) -> &dyn UserStore {
        &self.store
    }

    fn accounts(&self) -> &dyn AccountStore {
        &self.store
    }
}
