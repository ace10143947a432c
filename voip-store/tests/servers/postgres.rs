use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use voip_core::ports::{AccountStore, Archive, CallStore, UserStore};
use voip_store::{PostgresOptions, PostgresStore};
use voip_testkit::suites::{
    account_store::AccountStoreFixture, archive::ArchiveFixture, call_store::CallStoreFixture,
    user_store::UserStoreFixture,
};

use super::{Database, apart, fresh_name, server};

/// A schema of its own on the PostgreSQL server; making one is cheaper than a
/// database. Dropped with it.
pub(crate) struct PostgresSchema {
    admin: String,
    name: String,
}

impl PostgresSchema {
    /// An empty schema, or `None` where there is no server.
    pub(crate) async fn fresh() -> Option<Self> {
        let admin = server("VOIP_TEST_POSTGRES_URL")?;
        let name = fresh_name();
        run(&admin, format!("CREATE SCHEMA {name}")).await;
        Some(Self { admin, name })
    }

    /// Where everything is looked for in this schema.
    pub(crate) fn url(&self) -> String {
        let mark = if self.admin.contains('?') { '&' } else { '?' };
        let (admin, name) = (&self.admin, &self.name);
        format!("{admin}{mark}options=-c%20search_path%3D{name}&application_name={name}")
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::at(&self.url()).unwrap()
    }

    /// Runs statements in this schema.
    pub(crate) async fn run(&self, sql: &str) {
        run(&self.url(), sql.to_owned()).await;
    }

    /// A connection of the test's own.
    pub(crate) async fn connection(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.unwrap()
    }
}

impl Drop for PostgresSchema {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        apart(async move {
            run(&admin, format!("DROP SCHEMA {name} CASCADE")).await;
        });
    }
}

async fn run(url: &str, sql: String) {
    let mut db = PgConnection::connect(url).await.unwrap();
    let ran = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await;
    ran.unwrap();
    db.close().await.unwrap();
}

/// A store on a schema of its own.
pub(crate) struct PostgresFixture {
    pub(crate) store: PostgresStore,
    pub(crate) schema: PostgresSchema,
}

impl PostgresFixture {
    pub(crate) async fn fresh() -> Option<Self> {
        let schema = PostgresSchema::fresh().await?;
        let store = PostgresStore::connect(schema.options()).await.unwrap();
        Some(Self { store, schema })
    }
}

impl CallStoreFixture for PostgresFixture {
    fn calls(&self) -> &dyn CallStore {
        &self.store
    }
}

impl AccountStoreFixture for PostgresFixture {
    fn accounts(&self) -> &dyn AccountStore {
        &self.store
    }
}

impl UserStoreFixture for PostgresFixture {
    fn users(&self) -> &dyn UserStore {
        &self.store
    }
}

impl Database for PostgresSchema {
    type Store = PostgresStore;

    const SCHEME: &'static str = "postgres";

    async fn fresh() -> Option<Self> {
        Self::fresh().await
    }

    fn url(&self) -> String {
        self.url()
    }

    async fn connect(url: &str, patience: Duration) -> voip_core::Result<PostgresStore> {
        let mut options = PostgresOptions::at(url)?;
        options.patience = patience;
        PostgresStore::connect(options).await
    }

    async fn run(&self, sql: &str) {
        self.run(sql).await;
    }

    async fn cut(&self) {
        let name = &self.name;
        let cut = format!(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
             WHERE application_name = '{name}'"
        );
        run(&self.admin, cut).await;
    }

    async fn close(store: &PostgresStore) {
        store.close().await.unwrap();
    }
}

impl ArchiveFixture for PostgresFixture {
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
