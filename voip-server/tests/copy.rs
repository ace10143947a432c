//! `voip-server copy`: from one database of ours to another.

mod process;

use std::path::Path;

use process::{Machine, Ran};
use sqlx::{AssertSqlSafe, Connection as _, MySqlConnection, PgConnection};
use uuid::Uuid;
use voip_core::{
    Account, Call, CallId, Device, Effect, Platform, Timestamp, User,
    ports::{
        AccountStore as _, Archive, ArchivedCall, ArchivedUser, CallStore as _, Created, Inserted,
        LogChange, NewCall, Registered, UserStore as _,
    },
    table,
};
use voip_store::{SqliteOptions, SqliteStore};
use voip_testkit::servers::shared_url;

fn moment(number: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_123_456 + number * 1_000_000)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(SqliteOptions::at(path)).expect("a file of ours")
}

/// Calls in every state, some deleted and some with something still to be
/// done, users with devices, and accounts.
async fn fill(path: &Path) {
    let store = open(path);
    for (place, (_, call)) in (0_u32..).zip(table::calls()) {
        let id = CallId::from_uuid(Uuid::from_u128(u128::from(place) + 1));
        let leg = call.provider_id.as_ref();
        let call = Call {
            id,
            provider_id: leg.and_then(|_| format!("CA{place:032}").parse().ok()),
            ..call
        };
        let effects = match place % 3 {
            0 => vec![Effect::HangUp],
            _ => Vec::new(),
        };
        let owner = call.owner.clone();
        let new = NewCall {
            call,
            effects,
            effects_due: moment(i64::from(place)),
            key: None,
        };
        let inserted = store.insert(new).await.expect("in order");
        assert_eq!(inserted, Inserted::New);
        if let (Some(owner), true) = (owner, place % 4 == 0) {
            let deleted = store.delete_log(&owner, &id, moment(900)).await;
            assert_eq!(deleted.expect("in order"), LogChange::Made);
        }
    }
    for number in 0..300 {
        let user = User {
            id: format!("user {number}").parse().expect("an id"),
            phone: (number % 2 == 0).then(|| {
                let text = format!("+1555010{number:04}");
                text.parse().expect("a number")
            }),
            created_at: moment(number),
        };
        for device in 0..=number % 3 {
            let device = Device {
                token: format!("token-{number}-{device}").parse().expect("a token"),
                platform: Platform::Apns,
                last_seen: moment(device),
            };
            let registered = store.register(&user, Some(device)).await;
            assert_eq!(registered.expect("in order"), Registered::Done);
        }
        let account = Account {
            user: user.id,
            email: format!("user{number}@example.com")
                .parse()
                .expect("an e-mail"),
            name: None,
            password: "$argon2id$hunter2".parse().expect("printable"),
            created_at: moment(number),
        };
        let created = store.create(&account).await;
        assert_eq!(created.expect("in order"), Created::Done);
    }
    store.close().await.expect("it is safe");
}

type Everything = (Vec<ArchivedCall>, Vec<ArchivedUser>, Vec<Account>);

async fn everything(archive: &dyn Archive) -> Everything {
    let all = usize::MAX >> 1;
    (
        archive.calls_after(None, all).await.expect("in order"),
        archive.users_after(None, all).await.expect("in order"),
        archive.accounts_after(None, all).await.expect("in order"),
    )
}

fn copy(machine: &Machine, from: &str, to: &str) -> Ran {
    let ran = machine.run(&["copy", "--from", from, "--to", to], "");
    for personal in ["user 1", "555010", "token-", "example.com", "hunter2"] {
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!told.contains(personal), "{personal} is shown: {told}");
    }
    ran
}

#[tokio::test]
async fn everything_comes_along_and_only_once() {
    let machine = Machine::bare();
    let (from, to) = (machine.file("from.db"), machine.file("to.db"));
    fill(&from).await;
    let calls = table::calls().len();
    for (added, there) in [(true, false), (false, true)] {
        let ran = copy(&machine, "sqlite:from.db", "sqlite:to.db");
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let line = |kind: &str, count: usize| {
            let (added, there) = (count * usize::from(added), count * usize::from(there));
            format!("{kind}: {count} read, {added} added, {there} there already, 0 left out")
        };
        let expected = [
            line("users", 300),
            line("accounts", 300),
            line("calls", calls),
        ];
        let told: Vec<&str> = ran.stdout.lines().collect();
        assert_eq!(told, expected);
        let (from, to) = (open(&from), open(&to));
        let (old, new) = (everything(&from).await, everything(&to).await);
        assert_eq!(old.0.len(), calls);
        assert!(old == new, "nothing is lost and nothing is changed");
        from.close().await.expect("it is safe");
        to.close().await.expect("it is safe");
    }
}

#[tokio::test]
async fn a_database_server_takes_everything_and_gives_it_back() {
    for variable in ["VOIP_TEST_POSTGRES_URL", "VOIP_TEST_MYSQL_URL"] {
        let Some(admin) = shared_url(variable) else {
            eprintln!("copies to a database server are not tried: {variable} is not set");
            continue;
        };
        let name = format!("copy_{}", std::process::id());
        run(&admin, &format!("CREATE DATABASE {name}")).await;
        let (server, _) = admin.rsplit_once('/').expect("a path");
        let server = format!("{server}/{name}");
        let machine = Machine::bare();
        let (from, back) = (machine.file("from.db"), machine.file("back.db"));
        fill(&from).await;
        for (from, to) in [
            ("sqlite:from.db", server.as_str()),
            ("sqlite:from.db", &server),
            (&server, "sqlite:back.db"),
        ] {
            let ran = copy(&machine, from, to);
            assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        }
        let (from, back) = (open(&from), open(&back));
        let (old, new) = (everything(&from).await, everything(&back).await);
        assert_eq!(old.0.len(), table::calls().len());
        assert!(old == new, "nothing is lost and nothing is changed");
        run(&admin, &format!("DROP DATABASE {name}")).await;
    }
}

/// Runs a statement on a database server.
async fn run(admin: &str, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    if admin.starts_with("mysql:") {
        let mut db = MySqlConnection::connect(admin).await.expect("it is up");
        let done = sqlx::raw_sql(statement).execute(&mut db).await;
        done.map(drop).expect("a statement of ours");
    } else {
        let mut db = PgConnection::connect(admin).await.expect("it is up");
        let done = sqlx::raw_sql(statement).execute(&mut db).await;
        done.map(drop).expect("a statement of ours");
    }
}

#[tokio::test]
async fn a_copy_that_was_broken_off_is_finished_by_the_next() {
    let machine = Machine::bare();
    let (from, to) = (machine.file("from.db"), machine.file("to.db"));
    fill(&from).await;
    let ran = copy(&machine, "sqlite:from.db", "sqlite:to.db");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    // As if the first run had ended between two writes that belong together.
    let (target, source) = (open(&to), open(&from));
    let expected = everything(&source).await;
    let deleted = expected.0.iter().find(|call| call.deleted_at.is_some());
    let deleted = &deleted.expect("some are").call;
    let owner = deleted.owner.as_ref().expect("only owners delete");
    let restored = target.restore_log(owner, &deleted.id).await;
    assert_eq!(restored.expect("in order"), LogChange::Made);
    let many = expected.1.iter().find(|user| user.devices.len() == 3);
    let device = &many.expect("some have").devices[0];
    target.forget_device(&device.token).await.expect("in order");
    target.close().await.expect("it is safe");
    let ran = copy(&machine, "sqlite:from.db", "sqlite:to.db");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let target = open(&to);
    assert!(everything(&target).await == expected);
}

#[tokio::test]
async fn a_copy_of_or_to_what_a_server_works_on_is_refused() {
    let machine = Machine::bare().set("SIM_PORT", "0");
    let process = machine.start().await;
    fill(&machine.file("other.db")).await;
    for (from, to) in [
        ("sqlite:voip.db", "sqlite:other.db"),
        ("sqlite:other.db", "sqlite:voip.db"),
        ("sqlite:other.db", "sqlite:other.db"),
    ] {
        let ran = copy(&machine, from, to);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(1), ""),
            "{from} {to}"
        );
        assert!(
            ran.stderr.contains("another server works on"),
            "{}",
            ran.stderr
        );
    }
    process.kill();
    let ran = copy(&machine, "sqlite:other.db", "sqlite:voip.db");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_copied_is_named() {
    let machine = Machine::bare();
    for (from, to, why) in [
        (
            "sqlite:missing.db",
            "sqlite:to.db",
            "--from: there is no file missing.db",
        ),
        ("voip.db", "sqlite:to.db", "--from"),
        ("sqlite:from.db", "ftp://a:hunter2@b/c", "--to"),
    ] {
        let ran = copy(&machine, from, to);
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(1), ""),
            "{from} {to}"
        );
        assert!(ran.stderr.contains(why), "{why}: {}", ran.stderr);
        assert!(!machine.file("to.db").exists(), "not even made");
        assert!(!machine.file("missing.db").exists(), "not even made");
    }
}
