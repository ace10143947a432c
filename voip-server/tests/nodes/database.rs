use std::fmt;

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use uuid::Uuid;
use voip_testkit::servers::{PrivateServer, shared_url};

/// Which kind of database server the nodes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Postgres,
    MySql,
}

impl Kind {
    /// Where the server that all tests share is told.
    const fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "VOIP_TEST_POSTGRES_URL",
            Self::MySql => "VOIP_TEST_MYSQL_URL",
        }
    }
}

/// A database of a test's own: on the server that all share, or on a server of
/// its own that may be stopped.
pub(crate) struct Database {
    url: String,
    /// Gone before the server is.
    _place: Place,
    pub(crate) server: Option<PrivateServer>,
}

impl Database {
    /// One on the server that all tests share, which is quickly made. `None`:
    /// leave the test out.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
    pub(crate) async fn shared(kind: Kind) -> Option<Self> {
        let Some(admin) = shared_url(kind.variable()) else {
            eprintln!("left out: {} is not set", kind.variable());
            return None;
        };
        let place = Place::fresh(kind, admin);
        place.run(place.made()).await;
        Some(Self {
            url: place.url(),
            _place: place,
            server: None,
        })
    }

    /// One on a server of its own. `None`: leave the test out.
    pub(crate) async fn private(kind: Kind) -> Option<Self> {
        let server = match kind {
            Kind::Postgres => PrivateServer::postgres().await?,
            Kind::MySql => PrivateServer::mariadb().await?,
        };
        Some(Self {
            url: server.url(),
            _place: Place::gone(kind),
            server: Some(server),
        })
    }

    /// Where the nodes find it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// A schema in PostgreSQL, which is cheaper than a database, or a database in
/// MySQL. Dropped with this.
struct Place {
    kind: Kind,
    admin: Option<String>,
    name: String,
}

impl Place {
    fn fresh(kind: Kind, admin: String) -> Self {
        let name = format!("nodes_{}", Uuid::new_v4().simple());
        let admin = Some(admin);
        Self { kind, admin, name }
    }

    /// What goes with its server.
    fn gone(kind: Kind) -> Self {
        let (admin, name) = (None, String::new());
        Self { kind, admin, name }
    }

    fn url(&self) -> String {
        let (admin, name) = (self.admin.as_deref().unwrap_or_default(), &self.name);
        match self.kind {
            Kind::Postgres => format!("{admin}?options=-c%20search_path%3D{name}"),
            Kind::MySql => {
                let (server, _) = admin.rsplit_once('/').expect("it names a database");
                format!("{server}/{name}")
            }
        }
    }

    fn made(&self) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Postgres => format!("CREATE SCHEMA {name}"),
            Kind::MySql => format!("CREATE DATABASE {name}"),
        }
    }

    fn dropped(&self) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Postgres => format!("DROP SCHEMA {name} CASCADE"),
            Kind::MySql => format!("DROP DATABASE {name}"),
        }
    }

    /// Runs a statement of the administrator's, where there is one.
    async fn run(&self, statement: String) {
        let Some(admin) = &self.admin else { return };
        let statement = AssertSqlSafe(statement);
        match self.kind {
            Kind::Postgres => {
                let mut db = PgConnection::connect(admin).await.expect("it is up");
                let done = sqlx::raw_sql(statement).execute(&mut db).await;
                done.map(drop)
            }
            Kind::MySql => {
                let mut db = MySqlConnection::connect(admin).await.expect("it is up");
                let done = sqlx::raw_sql(statement).execute(&mut db).await;
                done.map(drop)
            }
        }
        .expect("a statement of ours");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // On a thread of its own: the test's runtime may be at its end.
        std::thread::scope(|scope| {
            let work = scope.spawn(|| {
                let mut runtime = tokio::runtime::Builder::new_current_thread();
                let runtime = runtime.enable_all().build().expect("a small runtime");
                runtime.block_on(self.run(self.dropped()));
            });
            // A database that stays behind harms nobody.
            let _ = work.join();
        });
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// Makes a test of each of these functions for each kind of database.
macro_rules! on_each_database {
    ($($case:ident)+) => {
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$case($crate::database::Kind::Postgres).await;
                }
            )+
        }

        mod mysql {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $case() {
                    super::$case($crate::database::Kind::MySql).await;
                }
            )+
        }
    };
}

pub(crate) use on_each_database;
