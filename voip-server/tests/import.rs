//! `voip-server import`: the data of the systems that came before.

mod process;

use std::sync::atomic::{AtomicU32, Ordering};

use process::{Machine, Ran};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection};
use voip_testkit::servers::shared_url;

/// What nobody may see on a terminal or in a log.
const PERSONAL: [&str; 6] = ["5550102", "token-of", "@example", "Ines", "hunter2", "$2b$"];

fn import(machine: &Machine, more: &[&str]) -> Ran {
    let ran = machine.run(&[&["import"], more].concat(), "");
    for personal in PERSONAL {
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!told.contains(personal), "{personal} is shown: {told}");
    }
    ran
}

#[track_caller]
fn assert_done(ran: &Ran, lines: &[&str]) {
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let told: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(told, lines, "{}", ran.stderr);
}

/// The file of the VoIP Backend, in the machine's folder.
fn old_file(machine: &Machine, name: &str) {
    let db = rusqlite::Connection::open(machine.file(name)).expect("a new file");
    db.execute_batch(
        "CREATE TABLE users (
            user_id TEXT PRIMARY KEY, phone_number TEXT, fcm_token TEXT, created_at TEXT
        );
        CREATE TABLE call_logs (
            id INTEGER PRIMARY KEY, call_id TEXT, twilio_sid TEXT, from_user TEXT, to_user TEXT,
            direction TEXT, status TEXT, started_at TEXT, ended_at TEXT
        );
        INSERT INTO users VALUES
            ('Ines', '+15550102001', 'token-of-ines', '2024-03-01 08:00:00'),
            ('Tom', '+15550102001', 'token-of-tom', '2024-03-02 08:00:00'),
            (NULL, '+15550102003', 'token-of-nobody', NULL);
        INSERT INTO call_logs VALUES
            (1, '5b0c6f2e-1111-4222-8333-444455556666', 'CAaa01', '+15550102001', '+15550107777',
             'outbound', 'completed', '2024-03-05 10:00:00', '2024-03-05 10:01:30'),
            (2, '5b0c6f2e-1111-4222-8333-444455556667', 'CAaa02', '+15550109999', 'Ines',
             'inbound', 'ringing', '2024-03-06 10:00:00', NULL),
            (3, '5b0c6f2e-1111-4222-8333-444455556668', 'CAaa02', '+15550109999', 'Ines',
             'inbound', 'completed', '2024-03-06 10:00:00', NULL);",
    )
    .expect("statements of ours");
}

#[tokio::test]
async fn the_voip_backends_users_and_calls_are_there_and_only_once() {
    let machine = Machine::bare().set("SIM_PORT", "0");
    old_file(&machine, "old.db");
    let kept = std::fs::read(machine.file("old.db")).expect("ours");

    let ran = import(&machine, &["--from", "old.db", "--dry-run"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(
        ran.stdout.ends_with("nothing was changed\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("3 read, 2 added"), "{}", ran.stdout);
    assert!(!machine.file("voip.db").exists(), "not even a file");

    let number_taken = "  note on 1: the phone number belongs to another user: left out";
    let never_ended = "  note on 1: no end on record: taken as over";
    let no_id = "  left out 1: no usable user id";
    let leg_taken = "  left out 1: the provider's call is on record here already";
    assert_done(
        &import(&machine, &["--from", "sqlite:old.db"]),
        &[
            "users: 3 read, 2 added, 0 there already, 1 left out",
            no_id,
            number_taken,
            "calls: 3 read, 2 added, 0 there already, 1 left out",
            leg_taken,
            never_ended,
        ],
    );
    for run in [
        &["--from", "old.db"][..],
        &["--from", "old.db", "--dry-run"],
    ] {
        let ran = import(&machine, run);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for line in [
            "users: 3 read, 0 added, 2 there already, 1 left out",
            "calls: 3 read, 0 added, 2 there already, 1 left out",
        ] {
            assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
        }
    }
    assert_eq!(std::fs::read(machine.file("old.db")).expect("ours"), kept);

    let client = machine.client();
    let process = machine.start().await;
    let log = client.log("Ines").await.expect("an answer");
    let [missed, called] = &log[..] else {
        panic!("{log:?}");
    };
    assert_eq!(called.call_id, "5b0c6f2e-1111-4222-8333-444455556666");
    assert_eq!(called.twilio_sid.as_deref(), Some("CAaa01"));
    assert_eq!(
        (called.from_user.as_str(), called.to_user.as_str()),
        ("+15550102001", "+15550107777")
    );
    assert_eq!(called.started_at, "2024-03-05T10:00:00Z");
    assert_eq!(called.ended_at.as_deref(), Some("2024-03-05T10:01:30Z"));
    assert_eq!(
        (missed.direction.as_str(), missed.to_user.as_str()),
        ("inbound", "Ines")
    );
    assert_eq!(missed.status.as_str(), "no-answer", "no old call goes on");
    // The number still is Ines's, and nobody else's.
    let other = json!({"userId": "Other", "phoneNumber": "+15550102001", "fcmToken": "device"});
    assert_eq!(client.insist("/api/register-user", &other).await.0, 409);
    process.kill();
}

#[test]
fn what_cannot_be_imported_is_named_and_changes_nothing() {
    let machine = Machine::bare();
    old_file(&machine, "old.db");
    std::fs::write(machine.file("text.db"), "hello, this is no database at all").expect("ours");
    for (arguments, why) in [
        (&["--from", "missing.db"][..], "no file missing.db"),
        (&["--from", "text.db"], "not an SQLite database"),
        (&["--from", "old.db", "--utc-offset", "noon"], "+02:00"),
        (
            &["--from", "postgres://a:hunter2@b/c"],
            "SQLite file or a mysql:",
        ),
        (
            &["--from", "mysql://a:hunter2@127.0.0.1:1/b"],
            "cannot be reached",
        ),
        (&[], "--from"),
    ] {
        let ran = import(&machine, arguments);
        assert_ne!(ran.code, Some(0), "{arguments:?}");
        assert_eq!(ran.stdout, "", "{arguments:?}");
        assert!(ran.stderr.contains(why), "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    // Data of ours is for another command.
    let ran = import(&machine, &["--from", "old.db"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let ran = import(&machine, &["--from", "voip.db"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("copy"), "{}", ran.stderr);
}

/// The schema of the Outbound Caller, on the server that tests share.
struct OldSchema {
    admin: String,
    name: String,
}

const PASSWORD: &str = "kettle-Marple-4-o-clock";

impl OldSchema {
    /// `None` where there is no such server.
    #[allow(clippy::print_stderr)] // Whoever runs the tests is to see it.
    async fn filled() -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let Some(admin) = shared_url("VOIP_TEST_MYSQL_URL") else {
            eprintln!("the Outbound Caller's data is not tried: VOIP_TEST_MYSQL_URL is not set");
            return None;
        };
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("caller_{}_{number}", std::process::id());
        let schema = Self { admin, name };
        let (name, hash) = (&schema.name, bcrypt::hash(PASSWORD, 4).expect("a hash"));
        schema
            .run(&format!(
                "CREATE DATABASE {name}; USE {name};
                CREATE TABLE users (
                    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(100), email VARCHAR(100) UNIQUE,
                    password VARCHAR(255), created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
                );
                CREATE TABLE call_logs (
                    id INT AUTO_INCREMENT PRIMARY KEY, user_id INT, call_sid VARCHAR(64) UNIQUE,
                    from_number VARCHAR(32), to_number VARCHAR(32), status VARCHAR(32),
                    duration INT, is_deleted TINYINT(1) DEFAULT 0, created_at TIMESTAMP NULL
                );
                INSERT INTO users (id, name, email, password) VALUES
                    (1, 'Zoe', 'zoe@example.com', '{hash}'), (2, 'Tom', 'tom@example.com', '{hash}');
                INSERT INTO call_logs
                    (user_id, call_sid, from_number, to_number, status, duration, is_deleted, created_at)
                VALUES
                    (1, 'CAbb01', '+15550102000', '+15550107777', 'completed', 42, 0, '2024-05-02 09:00:00'),
                    (1, 'CAbb02', '+15550102000', '+15550107777', 'busy', 0, 1, '2024-05-02 09:05:00'),
                    (2, 'CAbb03', '+15550102000', '+15550107777', 'completed', 7, 0, '2024-05-02 09:06:00');"
            ))
            .await;
        Some(schema)
    }

    async fn run(&self, statements: &str) {
        let mut db = MySqlConnection::connect(&self.admin)
            .await
            .expect("it is up");
        let statements = AssertSqlSafe(statements.to_owned());
        let done = sqlx::raw_sql(statements).execute(&mut db).await;
        done.expect("statements of ours");
    }

    fn url(&self) -> String {
        let (server, _) = self.admin.rsplit_once('/').expect("a path");
        format!("{server}/{}", self.name)
    }
}

#[tokio::test]
async fn the_outbound_callers_people_log_in_and_find_their_calls() {
    let Some(old) = OldSchema::filled().await else {
        return;
    };
    let machine = Machine::bare().set("SIM_PORT", "0");
    let from = old.url();
    for (added, there) in [(2, 0), (0, 2)] {
        let calls = if added == 0 { (0, 3) } else { (3, 0) };
        assert_done(
            &import(&machine, &["--from", &from]),
            &[
                &format!("users: 2 read, {added} added, {there} there already, 0 left out"),
                &format!(
                    "calls: 3 read, {} added, {} there already, 0 left out",
                    calls.0, calls.1
                ),
            ],
        );
    }
    let process = machine.start().await;
    let client = machine.client();
    let sids = async |email: &str| {
        let body = json!({"email": email, "password": PASSWORD});
        let (status, text) = client.insist("/api/login", &body).await;
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let client = client.with_token(answer["token"].as_str().expect("a token"));
        let (status, text) = client.get("/api/call-logs").await.expect("an answer");
        assert_eq!(status, 200, "{text}");
        let answer: Value = serde_json::from_str(&text).expect("JSON");
        let logs = answer["logs"].as_array().expect("an array").clone();
        let sid = |log: &Value| log["call_sid"].as_str().expect("a sid").to_owned();
        logs.iter().map(sid).collect::<Vec<_>>()
    };
    // The first time by the old hash, then by one of ours.
    for _ in 0..2 {
        assert_eq!(sids("Zoe@example.com").await, ["CAbb01"], "one is deleted");
    }
    assert_eq!(sids("tom@example.com").await, ["CAbb03"]);
    process.kill();
    old.run(&format!("DROP DATABASE {}", old.name)).await;
}

#[tokio::test]
async fn nobodys_calls_turn_up_in_the_log_of_somebody_else_with_that_id() {
    let Some(old) = OldSchema::filled().await else {
        return;
    };
    let machine = Machine::bare().set("SIM_PORT", "0");
    let client = machine.client();
    let process = machine.start().await;
    // An app user of ours is called like the first of the old accounts.
    client.register("1", "+12125550001").await;
    process.kill();
    let from = old.url();
    for _ in 0..2 {
        let ran = import(&machine, &["--from", &from]);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        for line in [
            "  left out 1: somebody else here has the user id (try --user-prefix)",
            "  left out 2: somebody else here has the id of the call's owner",
        ] {
            assert!(ran.stdout.contains(line), "{line}: {}", ran.stdout);
        }
    }
    let process = machine.start().await;
    assert_eq!(client.log("1").await.expect("an answer"), []);
    process.kill();

    assert_done(
        &import(&machine, &["--from", &from, "--user-prefix", "caller-"]),
        &[
            "users: 2 read, 1 added, 0 there already, 1 left out",
            "  left out 1: another account here has the e-mail address",
            "calls: 3 read, 2 added, 1 there already, 0 left out",
        ],
    );
    let process = machine.start().await;
    assert_eq!(client.log("1").await.expect("an answer"), []);
    assert_eq!(client.log("caller-1").await.expect("an answer").len(), 1);
    process.kill();
    old.run(&format!("DROP DATABASE {}", old.name)).await;
}
