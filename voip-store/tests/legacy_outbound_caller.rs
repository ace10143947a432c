//! The MySQL schema of the Outbound Caller is read as it is found.

#![cfg(feature = "mysql")]

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use voip_core::{Account, Call, CallStatus, Direction, Timestamp, ports::ArchivedCall};
use voip_store::legacy::{Flaw, Found, LegacyOptions, LegacySource, Person, Remark};
use voip_testkit::servers::shared_url;

/// A schema of its own on the server that tests share.
struct OldSchema {
    admin: String,
    name: String,
}

impl OldSchema {
    /// `None` where there is no such server.
    #[allow(clippy::print_stderr)] // Whoever runs the tests is to see it.
    async fn with(statements: &str) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(admin) = shared_url("VOIP_TEST_MYSQL_URL") else {
            eprintln!("the Outbound Caller's schema is not tried: VOIP_TEST_MYSQL_URL is not set");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("old_{}_{number}", std::process::id());
        let schema = Self { admin, name };
        let name = &schema.name;
        schema
            .run(&format!("CREATE DATABASE {name}; USE {name}; {statements}"))
            .await;
        Some(schema)
    }

    async fn run(&self, statements: &str) {
        let mut db = MySqlConnection::connect(&self.admin)
            .await
            .expect("it is up");
        let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
            .execute(&mut db)
            .await;
        done.expect("statements of ours");
        db.close().await.expect("it is up");
    }

    /// Where it is, by one of the two names of the protocol.
    fn url(&self, scheme: &str) -> String {
        let (server, _) = self.admin.rsplit_once('/').expect("a path");
        format!("{}/{}", server.replacen("mysql:", scheme, 1), self.name)
    }

    async fn open(&self, options: LegacyOptions) -> LegacySource {
        let opened = LegacySource::open(&self.url("mysql:"), options).await;
        opened.expect("it is the Outbound Caller's")
    }

    async fn remove(self) {
        self.run(&format!("DROP DATABASE {}", self.name)).await;
    }
}

fn options() -> LegacyOptions {
    LegacyOptions::new("2026-01-02T03:04:05Z".parse().expect("a moment"))
}

/// Everybody, in pages of two.
async fn people(source: &mut LegacySource) -> Vec<Result<Account, Flaw>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = source.people(after.as_deref(), 2).await.expect("readable");
        all.extend(page.rows.into_iter().map(|found: Found<Person>| {
            found.what.map(|person| match person {
                Person::Account(account) => account,
                Person::User(_) => panic!("it had no app users"),
            })
        }));
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

/// Every call, in pages of two.
async fn calls(source: &mut LegacySource) -> Vec<(ArchivedCall, Vec<Remark>)> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = source.calls(after.as_deref(), 2).await.expect("readable");
        let rows = page.rows.into_iter();
        all.extend(rows.map(|found| (found.what.expect("every call has a form"), found.remarks)));
        match page.next {
            Some(next) => after = Some(next),
            None => return all,
        }
    }
}

/// 60 characters, as bcrypt writes them.
const HASH: &str = "$2b$10$abcdefghijklmnopqrstuuVJkIr0uRk0u3nMfQHZc8bC1yqhY2sYO";

fn whole() -> String {
    format!(
        "CREATE TABLE users (
            id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), email VARCHAR(100) NOT NULL UNIQUE,
            password VARCHAR(255) NOT NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
        ) CHARACTER SET utf8mb4;
        CREATE TABLE call_logs (
            id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, call_sid VARCHAR(64) UNIQUE,
            from_number VARCHAR(32), to_number VARCHAR(32),
            status ENUM('initiated','ringing','in-progress','completed','busy','no-answer'),
            duration INT, is_deleted TINYINT(1) NOT NULL DEFAULT 0,
            created_at DATETIME, updated_at TIMESTAMP
        ) CHARACTER SET utf8mb4;
        SET time_zone = '+02:00';
        INSERT INTO users (id, name, email, password, created_at) VALUES
            (1, 'Zoë Baker', 'Zoe@Example.com', '{HASH}', '2024-05-01 12:00:00'),
            (2, NULL, 'tom@example.com', '{HASH}', '2024-05-01 12:00:00'),
            (3, 'Plain', 'plain@example.com', 'correct horse', '2024-05-01 12:00:00'),
            (7, 'None', 'not an address', '{HASH}', '2024-05-01 12:00:00');
        INSERT INTO call_logs
            (user_id, call_sid, from_number, to_number, status, duration, is_deleted, created_at)
        VALUES
            (1, 'CAbb01', '+15550100000', '+15550107777', 'completed', 42, 0, '2024-05-02 09:00:00'),
            (1, 'CAbb02', '+15550100000', '+15550107777', 'busy', 0, 1, '2024-05-02 09:05:00'),
            (2, 'CAbb03', 'client:user', '+15550107777', 'in-progress', NULL, 0, '2024-05-02 09:06:00'),
            (9, NULL, NULL, '+15550107777', NULL, NULL, 0, NULL);"
    )
}

#[tokio::test]
async fn accounts_come_with_their_hashes() {
    let Some(old) = OldSchema::with(&whole()).await else {
        return;
    };
    let mut source = old.open(options()).await;
    assert_eq!(source.name(), "Outbound Caller");
    assert_eq!(source.counts().await.expect("readable"), (4, 4));
    let people = people(&mut source).await;
    let [Ok(zoe), Ok(tom), plain, none] = &people[..] else {
        panic!("{people:?}");
    };
    assert_eq!(zoe.user.as_str(), "1", "the id that tokens and logs have");
    assert_eq!(zoe.email.expose(), "zoe@example.com");
    assert_eq!(
        zoe.name.as_ref().map(|name| name.expose()),
        Some("Zoë Baker")
    );
    assert_eq!(zoe.password.expose(), HASH);
    assert_eq!(
        zoe.created_at.to_string(),
        "2024-05-01T10:00:00Z",
        "a TIMESTAMP is a moment"
    );
    assert_eq!((tom.user.as_str(), &tom.name), ("2", &None));
    assert_eq!(plain, &Err(Flaw::PasswordHash), "plain text is no hash");
    assert_eq!(none, &Err(Flaw::Email));

    // While it is open nobody can drop its tables.
    drop(source);
    let mut source = old.open(options().with_user_prefix("caller-")).await;
    let prefixed = self::people(&mut source).await;
    let zoe = prefixed[0].as_ref().expect("whole");
    assert_eq!(zoe.user.as_str(), "caller-1");
    let found = calls(&mut source).await;
    assert_eq!(owner(&found[0].0.call), Some("caller-1"));
    drop(source);
    old.remove().await;
}

#[tokio::test]
async fn calls_keep_their_owners_times_and_deletions() {
    let Some(old) = OldSchema::with(&whole()).await else {
        return;
    };
    let mut source = old.open(options()).await;
    let found = calls(&mut source).await;
    let [first, second, third, fourth] = &found[..] else {
        panic!("four rows, {} found", found.len());
    };
    let call = &first.0.call;
    assert_eq!(call.direction, Direction::Outbound);
    assert_eq!((owner(call), leg(call)), (Some("1"), Some("CAbb01")));
    assert_eq!(
        (call.logged_from(), call.logged_to()),
        ("+15550100000", "+15550107777")
    );
    assert_eq!(call.created_at.to_string(), "2024-05-02T09:00:00Z");
    let voip_core::State::Ended(ended) = &call.state else {
        panic!("it is over");
    };
    assert_eq!(call.status(), CallStatus::Completed);
    assert_eq!(ended.duration.map(|duration| duration.as_secs()), Some(42));
    assert_eq!(ended.at.to_string(), "2024-05-02T09:00:42Z");
    assert_eq!((first.0.deleted_at, &first.1[..]), (None, &[][..]));

    assert_eq!(second.0.call.status(), CallStatus::Busy);
    assert!(second.0.deleted_at.is_some(), "it stays out of the log");
    assert_eq!(third.1, [Remark::NeverEnded]);
    assert_eq!(third.0.call.status(), CallStatus::Completed);
    assert!(third.0.call.is_over());
    assert_eq!(fourth.1, [Remark::Moment, Remark::Status]);
    assert_eq!(owner(&fourth.0.call), Some("9"));

    // By another name of the address, at another offset: the same calls.
    let shifted = options().with_utc_offset("-03:00").expect("an offset");
    drop(source);
    let mut source = LegacySource::open(&old.url("mariadb:"), shifted)
        .await
        .expect("the same");
    let again = calls(&mut source).await;
    for ((one, _), (other, _)) in found.iter().zip(&again) {
        assert_eq!(one.call.id, other.call.id);
    }
    let moment = again[0].0.call.created_at.to_string();
    assert_eq!(moment, "2024-05-02T12:00:00Z", "a DATETIME is local");
    drop(source);
    old.remove().await;
}

#[tokio::test]
async fn other_names_and_types_of_columns_are_understood() {
    let Some(old) = OldSchema::with(
        "CREATE TABLE call_logs (
            id BIGINT PRIMARY KEY, userId VARCHAR(36), callSid VARCHAR(64), fromNumber TEXT,
            toNumber TEXT, status VARCHAR(20), duration VARCHAR(10), createdAt TIMESTAMP(3) NULL,
            deletedAt TIMESTAMP NULL
        );
        SET time_zone = '+00:00';
        INSERT INTO call_logs VALUES
            (10, 'u-1', 'CAcc01', '+15550100000', '+15550107777', 'COMPLETED', '7',
             '2024-05-02 09:00:00.125', '2024-05-03 00:00:00');",
    )
    .await
    else {
        return;
    };
    let mut source = old.open(options()).await;
    assert_eq!(source.counts().await.expect("readable"), (0, 1));
    assert!(
        people(&mut source).await.is_empty(),
        "there is no such table"
    );
    let found = calls(&mut source).await;
    let (archived, remarks) = &found[0];
    assert_eq!(
        (owner(&archived.call), &remarks[..]),
        (Some("u-1"), &[][..])
    );
    let began: Timestamp = "2024-05-02T09:00:00.125Z".parse().expect("a moment");
    assert_eq!(archived.call.created_at, began);
    assert_eq!(
        archived.deleted_at.map(|at| at.to_string()).as_deref(),
        Some("2024-05-03T00:00:00Z")
    );
    drop(source);
    old.remove().await;
}

#[tokio::test]
async fn what_is_not_the_old_systems_is_refused_without_a_word_of_the_password() {
    let Some(old) = OldSchema::with("CREATE TABLE recipes (id INT)").await else {
        return;
    };
    let wrong_password = old.url("mysql:").replacen("voip:voip@", "voip:hunter2@", 1);
    for address in [
        old.url("mysql:"),
        wrong_password,
        "mysql://voip:hunter2@127.0.0.1:1/outbound_caller".to_owned(),
        "mysql://voip:hunter2@:x/".to_owned(),
    ] {
        let opened = LegacySource::open(&address, options()).await;
        let error = opened.expect_err("it cannot be read");
        let told = format!("{error} {error:?}");
        assert!(!told.contains("hunter2"), "{told}");
    }
    old.remove().await;
}

fn owner(call: &Call) -> Option<&str> {
    call.owner.as_ref().map(|owner| owner.as_str())
}

fn leg(call: &Call) -> Option<&str> {
    call.provider_id.as_ref().map(|leg| leg.as_str())
}
