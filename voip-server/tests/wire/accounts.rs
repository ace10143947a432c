use serde_json::json;

use super::Page;
use crate::surface::{Running, SECRET};

#[tokio::test]
async fn answers_about_accounts() {
    let running = Running::with([("JWT_SECRET", SECRET), ("LOGINS_PER_MINUTE", "2")]).await;
    let mut page = Page::default();
    let ann = json!({"name": "Ann", "email": "Ann@example.com", "password": "kettle at 4"});
    for body in [
        ann.clone(),
        json!({"email": "bob@example.com", "password": "kettle at 5"}),
        ann.clone(),
        json!({"email": "ann", "password": "kettle at 4"}),
        json!({"email": "cat@example.com", "password": "kettle"}),
        json!({"email": "cat@example.com", "password": "k".repeat(129)}),
        json!({"email": "cat@example.com", "password": "password1"}),
        json!({"name": "a\nb", "email": "cat@example.com", "password": "kettle at 4"}),
        json!({"email": "cat@example.com"}),
    ] {
        page.post(&running, "/api/signup", body).await;
    }
    let request = running.http.post(running.url("/api/login")).json(&ann);
    let answer = running.send(request).await;
    let token = answer.text("token");
    page.redactor.name(token.clone(), "‹login›");
    page.answer("POST /api/login", &answer);
    for (email, password) in [
        ("ann@example.com", "another"),
        ("nobody@example.com", "another"),
        ("ann", "another"),
    ] {
        let body = json!({"email": email, "password": password});
        page.post(&running, "/api/login", body).await;
    }
    let again = running.http.post(running.url("/api/login")).json(&ann);
    let again = running.send(again).await;
    let pause = again.header("retry-after").expect("a pause").to_owned();
    page.redactor
        .name(format!("retry-after: {pause}"), "retry-after: ‹seconds›");
    page.answer("POST /api/login, once too often", &again);

    let ask = || running.http.get(running.url("/api/getToken"));
    let answer = running.send(ask().bearer_auth(&token)).await;
    page.redactor.name(answer.text("token"), "‹voice token›");
    let identity = answer.text("identity");
    page.redactor.name(identity, "‹identity›");
    page.answer("GET /api/getToken", &answer);
    page.ask(&running, "GET /api/getToken without a login", ask())
        .await;
    let service = running.token(&voip_server::auth::Subject::Service);
    page.ask(
        &running,
        "GET /api/getToken of a service",
        ask().bearer_auth(service),
    )
    .await;
    insta::assert_snapshot!(page.text);
}
