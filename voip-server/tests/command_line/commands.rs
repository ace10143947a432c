//! What the commands explain, make and delete.

use serde_json::json;
use voip_server::config::SETTINGS;

use crate::process::{Client, JWT_SECRET, Machine, OURS, Provider, USER, USERS_NUMBER};

#[test]
fn help_explains_every_setting_and_command() {
    let ran = Machine::for_twilio().run(&["--help"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    for setting in SETTINGS {
        assert!(
            ran.stdout.contains(&format!("--{} <", setting.flag())),
            "{}",
            setting.name
        );
    }
    for command in ["token", "clear-data", "import", "copy"] {
        assert!(ran.stdout.contains(command), "{command}");
        let ran = Machine::bare().run(&[command, "--help"], "");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    }
}

#[tokio::test]
async fn a_token_speaks_for_its_user_and_for_nobody_else() {
    let machine = Machine::bare()
        .set("SIM_PORT", "0")
        .set("JWT_SECRET", JWT_SECRET)
        .set("AUTH_MODE", "required");
    let token = |arguments: &[&str]| {
        let ran = machine.run(arguments, "");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
        let mut lines = ran.stdout.lines();
        let token = lines.next().expect("a token").to_owned();
        assert_eq!(lines.next(), None, "nothing but the token, for scripts");
        machine.client().with_token(&token)
    };
    let user = token(&["token", "--user", USER]);
    let service = token(&["token", "--service", "--days", "1"]);
    let nobody = machine.client();
    let forged = nobody.with_token("eyJhbGciOiJub25lIn0.e30.");

    let _process = machine.start().await;
    let (theirs, others) = (format!("/api/call-logs/{USER}"), "/api/call-logs/Somebody");
    let status = async |client: &Client, path: &str| client.get(path).await.expect("an answer").0;
    assert_eq!(status(&user, &theirs).await, 200);
    assert_eq!(status(&user, others).await, 403);
    assert_eq!(status(&service, &theirs).await, 200);
    assert_eq!(status(&service, others).await, 200);
    for stranger in [&nobody, &forged] {
        assert_eq!(status(stranger, &theirs).await, 401);
        let (status, _) = stranger
            .post("/start-call", &json!({"to": USERS_NUMBER}))
            .await
            .expect("an answer");
        assert_eq!(status, 401);
    }
    machine.assert_discreet(&machine.log());
    machine.assert_discreet(&machine.printed());
}

#[test]
fn a_token_needs_a_key_and_a_subject() {
    for database in ["sqlite:voip.db", "sqlite::memory:"] {
        let keyless = Machine::bare().set("DATABASE_URL", database);
        let ran = keyless.run(&["token", "--service"], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
        assert!(ran.stderr.contains("JWT_SECRET"), "{}", ran.stderr);
        assert!(!keyless.file("voip.db.key").exists());
    }
    let machine = Machine::bare().set("JWT_SECRET", JWT_SECRET);
    let ran = machine.run(&["token"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(
        ran.stderr.contains("--user") && ran.stderr.contains("--service"),
        "{}",
        ran.stderr
    );
    for wrong in [
        &["token", "--user", ""][..],
        &["token", "--user", "a", "--service"],
    ] {
        let ran = machine.run(wrong, "");
        assert_ne!(ran.code, Some(0), "{wrong:?}");
        assert_eq!(ran.stdout, "", "{wrong:?}");
    }
}

#[tokio::test]
async fn without_a_key_of_the_operators_a_token_is_signed_with_the_servers_own() {
    let machine = Machine::bare().set("SIM_PORT", "0");
    let _process = machine.start().await;
    let ran = machine.run(&["token", "--user", USER], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let client = machine.client().with_token(ran.stdout.trim());
    let (status, text) = client.get("/api/getToken").await.expect("an answer");
    assert_eq!(status, 200, "{text}");
}

#[test]
fn a_weak_key_makes_no_token() {
    for weak in [
        "secret",
        "0123456789012345678901234567890",
        &"ab".repeat(40),
    ] {
        let machine = Machine::bare().set("JWT_SECRET", weak);
        let ran = machine.run(&["token", "--service"], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
        assert!(
            ran.stderr.contains("JWT_SECRET is too weak"),
            "{}",
            ran.stderr
        );
        machine.assert_discreet(&ran.stderr);
    }
}

#[tokio::test]
async fn logins_outlive_a_restart_and_nothing_of_them_is_logged() {
    let machine = Machine::bare()
        .set("SIM_PORT", "0")
        .set("LOG_FILTER", "trace")
        .set("LOG_FORMAT", "json");
    let client = machine.client();
    let (email, password) = ("ann.marple@example.com", "kettle-Marple-4-o-clock");
    let mut process = machine.start().await;
    let body = json!({"name": "Ann Marple", "email": email, "password": password});
    let (status, text) = client.insist("/api/signup", &body).await;
    assert_eq!(status, 201, "{text}");
    let bad = json!({"email": email, "password": "wrong-Marple-password"});
    assert_eq!(client.insist("/api/login", &bad).await.0, 401);
    let (status, text) = client.insist("/api/login", &body).await;
    assert_eq!(status, 200, "{text}");
    let answer: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let token = answer["token"].as_str().expect("a token");
    for _ in 0..4 {
        client.insist("/api/login", &bad).await;
    }
    process.terminate();
    process.ended().await;

    let process = machine.start().await;
    let client = client.with_token(token);
    let (status, text) = client.get("/api/getToken").await.expect("an answer");
    assert_eq!(status, 200, "{text}");
    process.kill();
    let key = std::fs::read_to_string(machine.file("voip.db.key")).expect("a key");
    let (log, printed) = (machine.log(), machine.printed());
    assert!(log.contains("request"), "everything is logged: {log}");
    for personal in ["arple", "$argon2", "wrong-", token, key.trim(), "kettle"] {
        assert!(!log.contains(personal), "{personal} is in the log");
        assert!(!printed.contains(personal), "{personal} is printed");
    }
}

#[tokio::test]
async fn data_is_deleted_after_the_right_word_and_not_before() {
    let machine = Machine::for_twilio();
    let provider = Provider::start(&machine.base(), 1).await;
    let machine = machine.set("TWILIO_API_BASE_URL", &provider.sim.base_url());
    let client = machine.client();
    let mut process = machine.start().await;
    client.register(USER, USERS_NUMBER).await;
    let (status, text) = client
        .insist("/start-call", &json!({"to": "+12125550130"}))
        .await;
    assert_eq!(status, 200, "{text}");
    process.terminate();
    process.ended().await;

    for wrong in ["no\n", "\n", "", "yes\n", "calls and more\n", "users\n"] {
        let ran = machine.run(&["clear-data", "calls"], wrong);
        assert_eq!(ran.code, Some(1), "{wrong:?}");
        assert!(ran.stderr.contains("nothing was deleted"), "{}", ran.stderr);
    }
    let process = machine.start().await;
    assert_eq!(client.log(OURS).await.expect("an answer").len(), 1);
    // It would go on with what it remembers.
    let ran = machine.run(&["clear-data", "calls", "--yes"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("server works on"), "{}", ran.stderr);
    assert_eq!(client.log(OURS).await.expect("an answer").len(), 1);
    process.kill();

    let ran = machine.run(&["clear-data", "calls"], "calls\n");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains("deleted 1 calls"), "{}", ran.stdout);
    let mut process = machine.start().await;
    assert_eq!(client.log(OURS).await.expect("an answer"), []);
    let other = json!({"userId": "Other", "phoneNumber": USERS_NUMBER, "fcmToken": "device-2"});
    let (status, _) = client.insist("/api/register-user", &other).await;
    assert_eq!(
        status, 409,
        "users are still there, and their numbers taken"
    );
    process.terminate();
    process.ended().await;

    let ran = machine.run(&["clear-data", "all", "--yes"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    assert!(ran.stdout.contains("deleted 0 calls"), "{}", ran.stdout);
    assert!(ran.stdout.contains("deleted 1 users"), "{}", ran.stdout);
    let _process = machine.start().await;
    let (status, text) = client.insist("/api/register-user", &other).await;
    assert_eq!(status, 200, "{text}");
}
