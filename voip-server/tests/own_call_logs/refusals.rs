//! What cannot be asked of a log.

use reqwest::Method;
use voip_server::auth::Subject;

use crate::surface::{Case, check};
use crate::{UNKNOWN_CALL, house};

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
