//! What a log shows, and taking calls out of it.

use reqwest::Method;
use serde_json::{Value, json};
use voip_core::Timestamp;

use crate::surface::leg::{ALICE, CALLER};
use crate::{OTHER, RINGS, delete, end, get, house, logs, restore, started};

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
