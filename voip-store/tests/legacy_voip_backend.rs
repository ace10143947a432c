//! The file of the VoIP Backend is read as it is found, in every form that it
//! has had.

use std::{path::PathBuf, time::Duration};

use rusqlite::Connection;
use tempfile::TempDir;
use voip_core::{
    Call, CallStatus, Direction, State, Timestamp,
    ports::{ArchivedCall, ArchivedUser},
};
use voip_store::legacy::{Flaw, Found, LegacyOptions, LegacySource, Person, Remark};

/// A file with these statements' results in it.
struct OldFile {
    path: PathBuf,
    _folder: TempDir,
}

fn file(statements: &str) -> OldFile {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("voip.db");
    let db = Connection::open(&path).expect("a new file");
    db.execute_batch(statements).expect("statements of ours");
    OldFile {
        path,
        _folder: folder,
    }
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().expect("a moment")
}

async fn open(file: &OldFile) -> LegacySource {
    open_with(file, LegacyOptions::new(now())).await
}

async fn open_with(file: &OldFile, options: LegacyOptions) -> LegacySource {
    let path = file.path.to_str().expect("a plain name");
    LegacySource::open(path, options)
        .await
        .expect("it is the VoIP Backend's")
}

/// Everybody, in pages of two.
async fn people(source: &mut LegacySource) -> Vec<Found<ArchivedUser>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = source.people(after.as_deref(), 2).await.expect("readable");
        all.extend(page.rows.into_iter().map(|found| Found {
            what: found.what.map(|person| match person {
                Person::User(user) => user,
                Person::Account(_) => panic!("it had no accounts"),
            }),
            remarks: found.remarks,
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

const WHOLE: &str = "
    CREATE TABLE users (
        user_id TEXT PRIMARY KEY, phone_number TEXT, fcm_token TEXT,
        created_at TEXT DEFAULT CURRENT_TIMESTAMP
    );
    CREATE TABLE call_logs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, call_id TEXT, twilio_sid TEXT, from_user TEXT,
        to_user TEXT, direction TEXT, status TEXT, started_at TEXT, ended_at TEXT
    );
    INSERT INTO users VALUES
        ('Ines', '+1 (555) 010-2001', 'token-of-ines', '2024-03-01 08:00:00'),
        ('Tom', '+15550102002', NULL, '2024-03-02 08:00:00'),
        ('', '+15550102003', 'token', NULL),
        ('Zoë', 'unlisted', 'a token with blanks', NULL);
    INSERT INTO call_logs
        (call_id, twilio_sid, from_user, to_user, direction, status, started_at, ended_at)
    VALUES
        ('5b0c6f2e-1111-4222-8333-444455556666', 'CAaa01', '+15550102001', '+15550102002',
         'outbound', 'completed', '2024-03-05 10:00:00', '2024-03-05 10:01:30'),
        ('5b0c6f2e-1111-4222-8333-444455556667', 'CAaa02', '+15550109999', 'Ines',
         'inbound', 'no-answer', '2024-03-06T10:00:00.250Z', '2024-03-06T10:00:50Z'),
        ('call-3', '', 'Gone', '+15550108888', 'OUTBOUND-API', 'ringing', '2024-03-07 10:00:00', NULL),
        (NULL, NULL, 'anonymous', 'Tom', 'incoming', 'weird', 'never', NULL);
";

#[tokio::test]
async fn people_come_with_their_numbers_and_devices() {
    let old = file(WHOLE);
    let mut source = open(&old).await;
    assert_eq!(source.name(), "VoIP Backend");
    assert_eq!(source.counts().await.expect("readable"), (4, 4));
    let people = people(&mut source).await;
    let [ines, tom, nobody, zoe] = &people[..] else {
        panic!("four rows, {} found", people.len());
    };
    let ines = ines.what.as_ref().expect("whole");
    assert_eq!(ines.user.id.as_str(), "Ines");
    let number = ines.user.phone.as_ref().map(|number| number.expose());
    assert_eq!(number, Some("+15550102001"), "as numbers are looked for");
    let registered = "2024-03-01T08:00:00Z".parse().expect("a moment");
    assert_eq!(ines.user.created_at, registered);
    let [device] = &ines.devices[..] else {
        panic!("one device");
    };
    assert_eq!(device.token.expose(), "token-of-ines");
    assert_eq!(device.last_seen, registered);

    let tom = tom.what.as_ref().expect("whole");
    assert_eq!((tom.user.id.as_str(), tom.devices.len()), ("Tom", 0));
    assert_eq!(nobody.what, Err(Flaw::UserId));
    assert_eq!(zoe.remarks, [Remark::Number, Remark::Token]);
    let zoe = zoe.what.as_ref().expect("still somebody");
    assert_eq!((zoe.user.id.as_str(), &zoe.user.phone), ("Zoë", &None));
    assert_eq!(zoe.user.created_at, now(), "nobody knows better");
}

#[tokio::test]
async fn calls_keep_their_ids_parties_owners_and_times() {
    let old = file(WHOLE);
    let mut source = open(&old).await;
    let found = calls(&mut source).await;
    let [first, second, third, fourth] = &found[..] else {
        panic!("four rows, {} found", found.len());
    };
    let call = &first.0.call;
    assert_eq!(call.id.to_string(), "5b0c6f2e-1111-4222-8333-444455556666");
    assert_eq!(leg(call), Some("CAaa01"));
    assert_eq!(call.direction, Direction::Outbound);
    assert_eq!((owner(call), peer(call)), (Some("Ines"), Some("Tom")));
    assert_eq!(call.logged_from(), "+15550102001");
    assert_eq!(call.logged_to(), "+15550102002");
    assert_eq!(call.status(), CallStatus::Completed);
    assert_eq!(call.created_at.to_string(), "2024-03-05T10:00:00Z");
    assert_eq!(ended(call).to_string(), "2024-03-05T10:01:30Z");
    assert_eq!((&first.1[..], first.0.deleted_at), (&[][..], None));

    let call = &second.0.call;
    assert_eq!(call.direction, Direction::Inbound);
    assert_eq!((owner(call), call.logged_to()), (Some("Ines"), "Ines"));
    assert_eq!(call.logged_number(), Some("+15550102001"));
    assert_eq!(call.logged_from(), "+15550109999");
    assert_eq!(call.status(), CallStatus::NoAnswer);
    let began = Timestamp::from(call.created_at.to_datetime());
    assert_eq!(ended(call).since(began), Duration::from_micros(49_750_000));

    let call = &third.0.call;
    assert_eq!(call.direction, Direction::Outbound);
    assert_eq!(owner(call), Some("Gone"), "who has left still owns calls");
    assert_eq!((leg(call), call.status()), (None, CallStatus::NoAnswer));
    assert!(call.is_over(), "no old call goes on here");
    assert_eq!(third.1, [Remark::NeverEnded]);

    let call = &fourth.0.call;
    assert_eq!(
        (call.direction, owner(call)),
        (Direction::Inbound, Some("Tom"))
    );
    assert_eq!(call.logged_from(), "anonymous");
    assert_eq!(call.status(), CallStatus::Failed);
    assert_eq!(fourth.1, [Remark::Moment, Remark::Status]);

    // Read again, everything has the same id.
    let again = calls(&mut open(&old).await).await;
    let ids = |calls: &[(ArchivedCall, Vec<Remark>)]| {
        let ids = calls.iter().map(|(archived, _)| archived.call.id);
        ids.collect::<std::collections::BTreeSet<_>>()
    };
    assert_eq!(ids(&again), ids(&found));
    assert_eq!(ids(&found).len(), 4, "each has its own");
}

#[tokio::test]
async fn an_older_form_lacks_columns_and_is_read_all_the_same() {
    let old = file(
        "CREATE TABLE users (userId TEXT, phoneNumber TEXT);
         CREATE TABLE call_logs (call_id TEXT, from_user TEXT, to_user TEXT, status TEXT, started_at INTEGER);
         INSERT INTO users VALUES ('Ines', '+15550102001');
         INSERT INTO call_logs VALUES ('x1', '+15550109999', 'Ines', 'completed', 1709632800000),
             ('x2', '+15550102001', '+15550109999', 'busy', 1709632800);",
    );
    let mut source = open(&old).await;
    let people = people(&mut source).await;
    let ines = people[0].what.as_ref().expect("whole");
    assert_eq!((people.len(), ines.devices.len()), (1, 0));
    let found = calls(&mut source).await;
    let [(inbound, _), (outbound, _)] = &found[..] else {
        panic!("two rows");
    };
    assert_eq!(
        inbound.call.direction,
        Direction::Inbound,
        "by whom it rang"
    );
    assert_eq!(outbound.call.direction, Direction::Outbound);
    for archived in [inbound, outbound] {
        assert_eq!(owner(&archived.call), Some("Ines"));
        assert_eq!(
            archived.call.created_at.to_string(),
            "2024-03-05T10:00:00Z",
            "seconds or milliseconds"
        );
    }
    // A table may be missing altogether.
    for statements in [
        "CREATE TABLE users (user_id TEXT); INSERT INTO users VALUES ('Ines')",
        "CREATE TABLE call_logs (call_id TEXT, status TEXT); INSERT INTO call_logs VALUES ('a', 'failed')",
    ] {
        let old = file(statements);
        let (people, calls) = open(&old).await.counts().await.expect("readable");
        assert_eq!(people + calls, 1);
    }
}

#[tokio::test]
async fn local_times_are_brought_to_utc() {
    let old = file(WHOLE);
    let options = LegacyOptions::new(now()).with_utc_offset("+05:30");
    let mut source = open_with(&old, options.expect("an offset")).await;
    let found = calls(&mut source).await;
    assert_eq!(
        found[0].0.call.created_at.to_string(),
        "2024-03-05T04:30:00Z"
    );
    assert_eq!(
        found[1].0.call.created_at.to_string(),
        "2024-03-06T10:00:00.250000Z",
        "this one says that it is UTC"
    );
    assert!(LegacyOptions::new(now()).with_utc_offset("IST").is_err());
}

#[tokio::test]
async fn what_is_not_the_old_systems_is_refused_and_left_alone() {
    let other = file("CREATE TABLE recipes (name TEXT)");
    let text = file("CREATE TABLE users (user_id TEXT)");
    std::fs::write(&text.path, "this is no database, and long enough to be one").expect("ours");
    let missing = OldFile {
        path: text.path.with_file_name("missing.db"),
        _folder: tempfile::tempdir().expect("a temporary folder"),
    };
    for file in [&other, &text, &missing] {
        let before = std::fs::read(&file.path).ok();
        let path = file.path.to_str().expect("a plain name");
        let opened = LegacySource::open(path, LegacyOptions::new(now())).await;
        let error = opened.expect_err("it is something else");
        assert_eq!(error.kind(), voip_core::ErrorKind::Misconfigured, "{error}");
        assert_eq!(std::fs::read(&file.path).ok(), before);
    }
    for address in ["postgres://a:hunter2@b/c", "redis://b"] {
        let opened = LegacySource::open(address, LegacyOptions::new(now())).await;
        let error = opened.expect_err("no such source").to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn reading_changes_nothing() {
    let old = file(WHOLE);
    let before = std::fs::read(&old.path).expect("readable");
    let mut source = open(&old).await;
    people(&mut source).await;
    calls(&mut source).await;
    drop(source);
    assert_eq!(std::fs::read(&old.path).expect("readable"), before);
    let beside: Vec<_> = std::fs::read_dir(old.path.parent().expect("a folder"))
        .expect("readable")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(beside, ["voip.db"]);
}

fn owner(call: &Call) -> Option<&str> {
    call.owner.as_ref().map(|owner| owner.as_str())
}

fn peer(call: &Call) -> Option<&str> {
    call.peer.as_ref().map(|peer| peer.as_str())
}

fn leg(call: &Call) -> Option<&str> {
    call.provider_id.as_ref().map(|leg| leg.as_str())
}

fn ended(call: &Call) -> Timestamp {
    match &call.state {
        State::Ended(ended) => ended.at,
        other => panic!("{other:?}"),
    }
}
