use reqwest::Method;
use serde_json::json;

use super::{ALICE, Page, RINGS};
use crate::surface::{Running, SECRET, leg::INBOUND};

#[tokio::test]
async fn answers_about_ones_own_log() {
    let running = Running::with([("JWT_SECRET", SECRET)]).await;
    let mut page = Page::default();
    let token = running.user_token("alice");
    let request = |method: Method, path: &str| {
        running
            .http
            .request(method, running.url(path))
            .bearer_auth(&token)
    };
    running.register("alice", ALICE).await;
    let body = json!({"to": RINGS, "from": ALICE});
    let started = running
        .send(request(Method::POST, "/start-call").json(&body))
        .await;
    let sid = started.text("sid");
    let ended = request(Method::POST, "/api/end-call").json(&json!({"callSid": sid}));
    assert_eq!(running.send(ended).await.status, 200);
    running
        .send(running.webhook("/twilio-inbound", &INBOUND))
        .await;
    page.redactor.name(sid.clone(), "‹sid›");

    let first = running
        .send(request(Method::GET, "/api/call-logs?limit=1"))
        .await;
    page.redactor.name(first.text("nextCursor"), "‹cursor›");
    let (delete, restore) = (
        format!("/api/delete-call-log/{sid}"),
        format!("/api/restore-call-log/{sid}"),
    );
    for (method, path) in [
        (Method::GET, "/api/call-logs"),
        (Method::GET, "/api/call-logs?limit=1"),
        (
            Method::GET,
            "/api/call-logs?status=busy&number=%2B15550001111",
        ),
        (Method::GET, "/api/call-logs.csv"),
        (Method::DELETE, delete.as_str()),
        (Method::GET, "/api/call-logs?direction=outbound"),
        (Method::POST, restore.as_str()),
        (
            Method::DELETE,
            "/api/delete-call-log/CA00000000000000000000000000000001",
        ),
        (Method::DELETE, "/api/delete-call-log/CA2"),
        (Method::POST, "/api/restore-call-log/CA2"),
        (Method::GET, "/api/call-logs?status=done"),
        (Method::GET, "/api/call-logs?direction=up"),
        (Method::GET, "/api/call-logs?number=5550001111"),
        (Method::GET, "/api/call-logs?since=yesterday"),
        (Method::GET, "/api/call-logs?format=xml"),
    ] {
        let asked = page.redactor.text(&format!("{method} {path}"));
        page.ask(&running, &asked, request(method, path)).await;
    }
    let nobody = running.http.get(running.url("/api/call-logs"));
    page.ask(&running, "GET /api/call-logs without a login", nobody)
        .await;
    insta::assert_snapshot!(page.text);
}
