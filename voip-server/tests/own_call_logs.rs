//! The log of the user who is logged in: read in pages, filtered, exported, and
//! changed by nobody else.

mod surface;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use surface::{Answer, Case, Running, SECRET, check, leg::ALICE, leg::CALLER};
use tempfile::TempDir;
use voip_core::{
    Call, CallId, Ended, FinalStatus, Party, State, Timestamp,
    ports::{CallStore as _, NewCall},
};
use voip_server::auth::Subject;
use voip_store::{SqliteOptions, SqliteStore};

const RINGS: &str = "+15005550101";
const OTHER: &str = "+15005550104";
const UNKNOWN_CALL: (u16, &str) = (404, "unknown_call");

async fn house() -> Running {
    Running::with([("JWT_SECRET", SECRET)]).await
}

async fn ask(running: &Running, user: &str, method: Method, path: &str) -> Answer {
    let request = running.http.request(method, running.url(path));
    running
        .send(request.bearer_auth(running.user_token(user)))
        .await
}

async fn get(running: &Running, user: &str, path: &str) -> Answer {
    ask(running, user, Method::GET, path).await
}

async fn delete(running: &Running, user: &str, call: &str) -> Answer {
    let path = format!("/api/delete-call-log/{call}");
    ask(running, user, Method::DELETE, &path).await
}

async fn restore(running: &Running, user: &str, call: &str) -> Answer {
    let path = format!("/api/restore-call-log/{call}");
    ask(running, user, Method::POST, &path).await
}

async fn logs(running: &Running, user: &str, query: &str) -> Vec<Value> {
    let answer = get(running, user, &format!("/api/call-logs{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["success"], true);
    assert!(body["message"].is_string());
    body["logs"].as_array().expect("a list").clone()
}

/// A call that `user` has started; its id and the provider's name for it.
async fn started(running: &Running, user: &str, to: &str) -> (String, String) {
    let request = running.http.post(running.url("/start-call"));
    let request = request.json(&json!({"to": to, "from": ALICE}));
    let answer = running
        .send(request.bearer_auth(running.user_token(user)))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.text("callId"), answer.text("sid"))
}

async fn end(running: &Running, user: &str, sid: &str) {
    let request = running.http.post(running.url("/api/end-call"));
    let request = request.json(&json!({"callSid": sid}));
    let answer = running
        .send(request.bearer_auth(running.user_token(user)))
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

#[tokio::test]
async fn a_log_shows_each_call_as_it_is_once_a_request_about_it_is_answered() {
    let running = house().await;
    assert_eq!(logs(&running, "alice", "").await, [] as [Value; 0]);
    let (id, sid) = started(&running, "alice", RINGS).await;
    let shown = logs(&running, "alice", "").await;
    let entry = &shown[0];
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (&entry["id"], &entry["call_sid"]),
        (&json!(id), &json!(sid))
    );
    assert_eq!(
        (
            &entry["from_number"],
            &entry["to_number"],
            &entry["direction"]
        ),
        (&json!(ALICE), &json!(RINGS), &json!("outbound"))
    );
    assert_eq!(entry["duration"], 0);
    let created = entry["created_at"].as_str().expect("a time");
    assert!(
        created.parse::<Timestamp>().is_ok() && created.ends_with('Z'),
        "{created}"
    );

    end(&running, "alice", &sid).await;
    assert_eq!(logs(&running, "alice", "").await[0]["status"], "canceled");
    let (second, _) = started(&running, "alice", OTHER).await;
    let shown = logs(&running, "alice", "").await;
    assert_eq!(
        [&shown[0]["id"], &shown[1]["id"]],
        [&second, &id],
        "newest first"
    );

    // An inbound call shows the number that was called, not who was rung.
    running.register("alice", ALICE).await;
    running.announced().await;
    let entry = &logs(&running, "alice", "").await[0];
    assert_eq!(
        (
            &entry["from_number"],
            &entry["to_number"],
            &entry["direction"]
        ),
        (&json!(CALLER), &json!(ALICE), &json!("inbound"))
    );
}

#[tokio::test]
async fn each_of_three_users_is_refused_what_is_anothers_as_if_it_were_not_there() {
    let running = house().await;
    let (id, sid) = started(&running, "alice", RINGS).await;
    end(&running, "alice", &sid).await;
    let (_, bobs) = started(&running, "bob", RINGS).await;
    let before = logs(&running, "alice", "").await;
    for stranger in ["bob", "cat"] {
        for call in [&sid, &id] {
            for change in [Method::DELETE, Method::POST] {
                let ask = async |call: &str| match change {
                    Method::DELETE => delete(&running, stranger, call).await,
                    _ => restore(&running, stranger, call).await,
                };
                let (theirs, nobodys) = (
                    ask(call).await,
                    ask("CA00000000000000000000000000000099").await,
                );
                assert_eq!(theirs.error(), (404, "unknown_call".to_owned()));
                assert_eq!(theirs.body, nobodys.body);
            }
        }
        let listed = logs(&running, stranger, "").await;
        assert!(listed.iter().all(|entry| entry["id"] != id), "{listed:?}");
        let csv = get(&running, stranger, "/api/call-logs.csv").await.body;
        assert!(!csv.contains(&id) && !csv.contains(&sid), "{csv}");
    }
    // Nor is a live call of another's told from one that is over.
    assert_eq!(
        delete(&running, "alice", &bobs).await.error(),
        (404, "unknown_call".to_owned())
    );
    assert_eq!(logs(&running, "alice", "").await, before);
    assert_eq!(running.log("alice").await.len(), 1);
    assert_eq!(logs(&running, "bob", "").await.len(), 1);
    assert_eq!(logs(&running, "cat", "").await.len(), 0);
}

#[tokio::test]
async fn a_deleted_call_is_gone_from_every_list_until_it_is_restored() {
    let running = house().await;
    let (id, sid) = started(&running, "alice", RINGS).await;
    let live = delete(&running, "alice", &sid).await;
    assert_eq!(live.error(), (409, "call_live".to_owned()));
    end(&running, "alice", &sid).await;
    let (other, _) = started(&running, "alice", OTHER).await;
    let lists = async || {
        let own = logs(&running, "alice", "").await.len();
        let filtered = logs(&running, "alice", "?direction=outbound").await.len();
        let csv = get(&running, "alice", "/api/call-logs.csv").await.body;
        let by_name = running.log("alice").await.len();
        let by_number = running.log(&RINGS.replace('+', "%2B")).await.len();
        (own, filtered, csv.lines().count() - 1, by_name, by_number)
    };
    assert_eq!(lists().await, (2, 2, 2, 2, 1));
    let whole = logs(&running, "alice", "").await;
    for name in [&sid, &id] {
        for _ in 0..2 {
            let deleted = delete(&running, "alice", name).await;
            assert_eq!(
                (deleted.status, &deleted.json()["success"]),
                (200, &json!(true))
            );
            assert_eq!(lists().await, (1, 1, 1, 1, 0));
            assert_eq!(logs(&running, "alice", "").await[0]["id"], other);
        }
        for _ in 0..2 {
            let restored = restore(&running, "alice", name).await;
            assert_eq!(
                (restored.status, &restored.json()["success"]),
                (200, &json!(true))
            );
            assert_eq!(lists().await, (2, 2, 2, 2, 1));
        }
        assert_eq!(logs(&running, "alice", "").await[1], whole[1]);
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_nothing_changes() {
    let running = house().await;
    let bearer = format!("Bearer {}", running.user_token("alice"));
    let case = |path: &str, code| {
        Case::new(Method::GET, path, (400, code)).header("authorization", &bearer)
    };
    let mut cases = Vec::new();
    for (name, code, values) in [
        (
            "limit",
            "invalid_limit",
            vec!["0", "-1", "10001", "1e3", "ten", "18446744073709551616"],
        ),
        (
            "cursor",
            "invalid_cursor",
            vec!["x", "1.2", "1.", "%00", "9e9.x"],
        ),
        (
            "status",
            "invalid_status",
            vec!["done", "Completed", "busy,", ",", "busy;failed", "%00", "0"],
        ),
        (
            "direction",
            "invalid_direction",
            vec!["in", "Inbound", "inbound,outbound", "%20"],
        ),
        (
            "number",
            "invalid_number",
            vec!["5550001111", "alice", "%2B1", "%00", "%2B1555000111x"],
        ),
        (
            "since",
            "invalid_time",
            vec![
                "yesterday",
                "2026-13-01",
                "2026-02-30",
                "1700000000",
                "2026-01-05T12:00:00",
                "2026-01-05T25:00:00Z",
                "%F0%9F%93%9E",
            ],
        ),
        (
            "until",
            "invalid_time",
            vec!["now", "2026-1-5", "12026-01-05"],
        ),
        ("format", "invalid_format", vec!["xml", "CSV", "csv,json"]),
    ] {
        for value in values {
            for path in ["/api/call-logs", "/api/call-logs.csv"] {
                cases.push(case(&format!("{path}?{name}={value}"), code));
                cases.push(case(
                    &format!("{path}?status=busy&{name}={value}&limit=5"),
                    code,
                ));
            }
        }
    }
    check(&running, cases).await;
    let long = "x".repeat(4_000);
    let calls = [
        "CA1",
        "%00",
        "%20",
        "a%2Fb",
        "%F0%9F%93%9E",
        "%ff%fe",
        "00000000-0000-0000-0000-000000000000",
        &long,
    ];
    let cases = calls.iter().flat_map(|call| {
        let delete = format!("/api/delete-call-log/{call}");
        let restore = format!("/api/restore-call-log/{call}");
        [(Method::DELETE, delete), (Method::POST, restore)].map(|(method, path)| {
            Case::new(method, &path, UNKNOWN_CALL).header("authorization", &bearer)
        })
    });
    check(&running, cases).await;
    let service = format!("Bearer {}", running.token(&Subject::Service));
    for (method, path) in [
        (Method::GET, "/api/call-logs"),
        (Method::GET, "/api/call-logs.csv"),
        (Method::GET, "/api/call-logs?limit=0"),
        (Method::DELETE, "/api/delete-call-log/CA1"),
        (Method::POST, "/api/restore-call-log/CA1"),
    ] {
        let case = |want| Case::new(method.clone(), path, want);
        check(
            &running,
            [
                case((401, "unauthorized")),
                case((401, "unauthorized")).header("authorization", "Bearer nonsense"),
                case((403, "not_a_user")).header("authorization", &service),
                Case::new(
                    Method::PUT,
                    path.split('?').next().unwrap_or(path),
                    (405, "method_not_allowed"),
                ),
            ],
        )
        .await;
    }
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
