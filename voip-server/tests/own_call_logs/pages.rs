//! The whole log, in pages and as a table.

use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use voip_core::ports::{CallStore as _, NewCall};
use voip_core::{Call, CallId, Ended, FinalStatus, Party, State, Timestamp};
use voip_store::{SqliteOptions, SqliteStore};

use crate::surface::leg::{ALICE, CALLER};
use crate::surface::{Running, SECRET};
use crate::{get, house, logs};

/// A server on a file with so many calls of Alice's, one a minute.
async fn long_log(folder: &TempDir, calls: u32) -> Running {
    let file = folder.path().join("filled.db");
    let store = SqliteStore::open(SqliteOptions::at(&file)).expect("a database");
    let start = Timestamp::from_secs(1_700_000_000);
    let fill = (0..calls).map(|number| {
        let created_at = start + Duration::from_secs(60) * number;
        let statuses = [
            FinalStatus::Completed,
            FinalStatus::Busy,
            FinalStatus::Failed,
        ];
        let ended = Ended {
            status: statuses[number as usize % 3],
            at: created_at + Duration::from_secs(30),
            answered_at: None,
            duration: Some(Duration::from_millis(u64::from(number) * 500)),
            reason: None,
            trouble: None,
        };
        let to = format!("+1555000{:04}", number % 7);
        let (from, to) = (
            ALICE.parse().expect("a number"),
            to.parse().expect("a number"),
        );
        let owner = "alice".parse().ok();
        let id = CallId::from_uuid(uuid::Uuid::from_u128(u128::from(number.reverse_bits())));
        let step = Call::outbound(id, from, to, owner, None, created_at);
        let call = Call {
            from: Party::read("+15550001111"),
            state: State::Ended(ended),
            ..step.call
        };
        store.insert(NewCall {
            call,
            effects: vec![],
            effects_due: created_at,
            key: None,
        })
    });
    for inserted in futures_util::future::join_all(fill).await {
        inserted.expect("storage is in order");
    }
    store.close().await.expect("storage is in order");
    let url = format!("sqlite:{}", file.display());
    Running::with([("JWT_SECRET", SECRET), ("DATABASE_URL", &url)]).await
}

#[tokio::test]
async fn no_caller_gets_a_formula_into_the_table() {
    let running = house().await;
    running.register("alice", ALICE).await;
    for (place, from) in [
        "=1+1", "+1555@x", "-2+3", "@SUM(A1)", "\t=1", "a\",=1", CALLER, "Zoë",
    ]
    .iter()
    .enumerate()
    {
        let sid = format!("CA{place:032x}");
        let fields = [
            ("CallSid", &*sid),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", ALICE),
        ];
        let answer = running
            .send(running.webhook("/twilio-inbound", &fields))
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let answer = get(&running, "alice", "/api/call-logs?format=csv").await;
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    let disposition = answer.header("content-disposition");
    assert_eq!(disposition, Some("attachment; filename=\"call-logs.csv\""));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let same = get(&running, "alice", "/api/call-logs.csv").await;
    assert_eq!(same.body, answer.body);
    let mut lines = answer.body.split_terminator("\r\n");
    let header = lines.next();
    assert_eq!(
        header,
        Some("id,call_sid,direction,from_number,to_number,status,duration,created_at,ended_at")
    );
    let mut callers: Vec<_> = lines
        .map(|line| {
            let (_, rest) = line.split_once(",inbound,").expect("a direction");
            rest.split_once(",+15550001111,ringing,0,")
                .expect("a number")
                .0
        })
        .collect();
    callers.reverse();
    assert_eq!(
        callers,
        [
            "\"'=1+1\"",
            "\"'+1555@x\"",
            "\"'-2+3\"",
            "\"'@SUM(A1)\"",
            "\"'\t'=1\"",
            "\"a\"\",'=1\"",
            CALLER,
            "Zoë",
        ]
    );
}

#[tokio::test]
async fn pages_and_table_hold_what_the_whole_log_holds() {
    let folder = TempDir::new().expect("a folder");
    let running = long_log(&folder, 2_500).await;
    let whole = logs(&running, "alice", "?limit=10000").await;
    assert_eq!(whole.len(), 2_500);
    let first = get(&running, "alice", "/api/call-logs").await;
    assert_eq!(
        first.json()["logs"].as_array().expect("a list"),
        &whole[..1_000]
    );
    let again = get(&running, "alice", "/api/call-logs").await;
    assert_eq!(again.body, first.body, "the copy is the same");
    assert_eq!(again.header("link"), first.header("link"));
    assert_eq!(again.header("cache-control"), Some("no-store"));

    let day = "2023-11-15T";
    for (query, wanted) in [
        (
            "",
            Box::new(|_: &Value| true) as Box<dyn Fn(&Value) -> bool>,
        ),
        ("status=busy", Box::new(|entry| entry["status"] == "busy")),
        (
            "status=busy,failed",
            Box::new(|entry| entry["status"] != "completed"),
        ),
        (
            "number=%2B15550000003&direction=outbound",
            Box::new(|entry| entry["to_number"] == "+15550000003"),
        ),
        (
            "number=+1-555-000-0003&status=busy&status=failed",
            Box::new(|entry| {
                entry["to_number"] == "+15550000003" && entry["status"] != "completed"
            }),
        ),
        (
            "since=2023-11-15&until=2023-11-16",
            Box::new(move |entry| {
                entry["created_at"]
                    .as_str()
                    .is_some_and(|at| at.starts_with(day))
            }),
        ),
        ("direction=inbound", Box::new(|_| false)),
    ] {
        let expected: Vec<_> = whole
            .iter()
            .filter(|entry| wanted(entry))
            .cloned()
            .collect();
        for size in [400, 1_000] {
            let mut listed = Vec::new();
            let mut next = Some(format!("?{query}&limit={size}"));
            while let Some(page) = next {
                let answer = get(&running, "alice", &format!("/api/call-logs{page}")).await;
                let body = answer.json();
                listed.extend(body["logs"].as_array().expect("a list").clone());
                let link = answer.header("link");
                next = link.map(|link| {
                    let link = link.strip_prefix('<').expect("a link");
                    let (query, rest) = link.split_once('>').expect("a link");
                    assert_eq!(rest, "; rel=\"next\"");
                    let cursor = body["nextCursor"].as_str().expect("a cursor");
                    assert!(query.ends_with(&format!("&cursor={cursor}")), "{query}");
                    query.to_owned()
                });
                assert_eq!(next.is_none(), body["nextCursor"].is_null());
            }
            assert!(listed == expected, "{query} in pages of {size}");
        }
        let table = get(&running, "alice", &format!("/api/call-logs.csv?{query}")).await;
        let rows: Vec<_> = table.body.split_terminator("\r\n").skip(1).collect();
        assert_eq!(rows.len(), expected.len(), "{query}");
        for (row, entry) in rows.iter().zip(&expected) {
            let cells: Vec<_> = row.split(',').collect();
            let texts = ["id", "from_number", "to_number", "status", "created_at"];
            let texts = texts.map(|name| entry[name].as_str().expect("a text"));
            assert_eq!([cells[0], cells[3], cells[4], cells[5], cells[7]], texts);
            assert_eq!(cells[6], entry["duration"].to_string());
        }
    }
    for (limit, rows) in [(1, 1), (1_000, 1_000), (1_001, 1_001), (10_000, 2_500)] {
        let table = get(
            &running,
            "alice",
            &format!("/api/call-logs.csv?limit={limit}"),
        )
        .await;
        assert_eq!(table.body.lines().count(), rows + 1);
    }
}
