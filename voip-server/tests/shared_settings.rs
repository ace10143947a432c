//! What several nodes share is named by settings: the new ones, and those of
//! old.

use secrecy::ExposeSecret as _;
use voip_server::config::{
    Config, DatabaseAddress, DatabaseConfig, DatabaseServer, Faults, Source,
};

const SECRET: &str = "kEeP-tHiS-kEy-0123456789-oUt-Of-SiGhT";

fn read(values: &[(&'static str, &str)]) -> Result<Config, Faults> {
    let values = values.iter().map(|&(name, value)| (name, value.to_owned()));
    Config::read(&Source::of(values))
}

/// The configuration with these and a key.
fn good(values: &[(&'static str, &str)]) -> Config {
    let values = [values, &[("JWT_SECRET", SECRET)]].concat();
    read(&values).unwrap_or_else(|faults| panic!("{faults}"))
}

fn server(config: &Config) -> &DatabaseServer {
    match &config.database {
        DatabaseConfig::Server(server) => server,
        other => panic!("{other:?} is no server"),
    }
}

#[test]
fn a_database_server_is_named_by_its_url() {
    for (url, at) in [
        (
            "postgres://ann:hush@db:5433/voip",
            "PostgreSQL db:5433/voip",
        ),
        ("postgresql://ann@db/voip", "PostgreSQL db/voip"),
        ("mysql://ann:hush@db/voip", "MySQL or MariaDB db/voip"),
        (
            "mariadb://ann:hush@[::1]:3307/voip",
            "MySQL or MariaDB [::1]:3307/voip",
        ),
    ] {
        let config = good(&[("DATABASE_URL", url), ("DATABASE_CONNECTIONS", "3")]);
        assert!(config.database.is_shared());
        let server = server(&config);
        assert_eq!(server.at, at);
        assert_eq!(server.connections, 3);
        let (DatabaseAddress::Postgres(kept) | DatabaseAddress::MySql(kept)) = &server.address
        else {
            panic!("{url} is a URL");
        };
        assert_eq!(kept.expose_secret(), url);
        assert!(!format!("{config:?}").contains("hush"), "{url}");
    }
    let own = good(&[("DATABASE_URL", "sqlite:voip.db")]);
    assert!(!own.database.is_shared());
}

#[test]
fn the_old_settings_name_a_mysql_server() {
    for quoted in ["hush", "\"hush\"", "'hush'"] {
        let config = good(&[
            ("DB_HOST", "db"),
            ("DB_PORT", "3307"),
            ("DB_USER", "root"),
            ("DB_PASSWORD", quoted),
            ("DB_NAME", "outbound_caller"),
        ]);
        let DatabaseAddress::MySqlParts {
            host,
            port,
            user,
            password,
            name,
        } = &server(&config).address
        else {
            panic!("the settings of old");
        };
        assert_eq!((&host[..], *port, &user[..]), ("db", 3307, "root"));
        assert_eq!(password.expose_secret(), "hush");
        assert_eq!(name, "outbound_caller");
        assert!(!format!("{config:?}").contains("hush"));
    }
    let least = good(&[("DB_NAME", "calls"), ("DB_USER", "root")]);
    assert_eq!(server(&least).at, "MySQL or MariaDB localhost:3306/calls");
    // A password alone may be another program's.
    let alone = good(&[("DB_PASSWORD", "hush"), ("DB_USER", "root")]);
    assert!(!alone.database.is_shared());
}

#[test]
fn the_url_beats_the_old_settings_and_says_so() {
    let config = good(&[
        ("DATABASE_URL", "sqlite::memory:"),
        ("DB_HOST", "db"),
        ("DB_PASSWORD", "hush"),
    ]);
    assert!(matches!(config.database, DatabaseConfig::Memory));
    assert_eq!(config.unused, ["DB_HOST", "DB_PASSWORD"]);
}

#[test]
fn what_is_wrong_is_told_by_name_and_without_the_password() {
    for (values, at_fault) in [
        (
            &[("DATABASE_URL", "oracle://ann:hush@db/voip")][..],
            &["DATABASE_URL"][..],
        ),
        (
            &[("DATABASE_URL", "postgres://ann:hush@db")],
            &["DATABASE_URL"],
        ),
        (&[("DATABASE_URL", "postgres:///voip")], &["DATABASE_URL"]),
        (
            &[("DATABASE_URL", "mysql://ann:hush@db:x/voip")],
            &["DATABASE_URL"],
        ),
        (&[("DATABASE_URL", "sqlite:")], &["DATABASE_URL"]),
        (&[("DATABASE_CONNECTIONS", "0")], &["DATABASE_CONNECTIONS"]),
        (
            &[("DB_HOST", "db"), ("DB_PASSWORD", "hush")],
            &["DB_USER", "DB_NAME"],
        ),
        (
            &[("DB_NAME", "x"), ("DB_USER", "u"), ("DB_PORT", "x")],
            &["DB_PORT"],
        ),
        (&[("REDIS_URL", "http://:hush@host")], &["REDIS_URL"]),
        (
            &[("REDIS_URL", "redis+sentinel://:hush@host")],
            &["REDIS_URL"],
        ),
    ] {
        let values = [values, &[("JWT_SECRET", SECRET)]].concat();
        let faults = read(&values).expect_err("a fault");
        assert_eq!(faults.names(), at_fault, "{values:?}");
        assert!(!faults.to_string().contains("hush"), "{faults}");
    }
}

#[test]
fn nodes_that_share_a_database_need_one_key() {
    let url = ("DATABASE_URL", "postgres://ann:hush@db/voip");
    let faults = read(&[url]).expect_err("no key");
    assert_eq!(faults.names(), ["JWT_SECRET"]);
    let faults = read(&[url, ("AUTH_MODE", "required")]).expect_err("no key");
    assert_eq!(faults.names(), ["JWT_SECRET"], "told once");
}

#[test]
fn redis_is_named_by_its_url() {
    let config = good(&[
        ("REDIS_URL", "rediss://:hush@cache/2"),
        ("REDIS_PREFIX", "calls:"),
    ]);
    let redis = config.redis.as_ref().expect("a Redis");
    assert_eq!(redis.url.to_string(), "Redis cache:6379");
    assert_eq!(redis.options.prefix, "calls:");
    assert!(!format!("{config:?}").contains("hush"));
    assert!(good(&[]).redis.is_none());
}
