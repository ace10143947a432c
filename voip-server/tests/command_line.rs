//! The command line: what it explains, makes, deletes and refuses.

mod process;

use std::{net::TcpListener, time::Duration};

use process::{
    ACCOUNT, AUTH_TOKEN, Client, JWT_SECRET, Machine, OURS, Provider, USER, USERS_NUMBER,
    free_port, until,
};
use serde_json::json;
use voip_server::config::SETTINGS;

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
    let ran = Machine::bare().run(&["token", "--service"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("JWT_SECRET"), "{}", ran.stderr);
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

#[test]
fn a_configuration_that_cannot_work_is_refused_by_the_names_at_fault() {
    let twilio = Machine::for_twilio;
    let cases = [
        (
            twilio().unset("TWILIO_AUTH_TOKEN"),
            &["TWILIO_AUTH_TOKEN"][..],
        ),
        (
            twilio().unset("TWILIO_ACCOUNT_SID"),
            &["TWILIO_ACCOUNT_SID"],
        ),
        (twilio().unset("PUBLIC_URL"), &["PUBLIC_URL"]),
        (twilio().unset("JWT_SECRET"), &["JWT_SECRET"]),
        (
            twilio().set("JWT_SECRET", "hunter2hunter2"),
            &["JWT_SECRET"],
        ),
        (
            twilio().set("JWT_SECRET", "hunter2").unset("PUBLIC_URL"),
            &["JWT_SECRET", "PUBLIC_URL"],
        ),
        (
            twilio().set("TWILIO_ACCOUNT_SID", "AC12"),
            &["TWILIO_ACCOUNT_SID"],
        ),
        (
            twilio().set("TWILIO_PHONE_NUMBER", "555-1234"),
            &["TWILIO_PHONE_NUMBER"],
        ),
        (
            twilio().set("PUBLIC_URL", "voip.example.com"),
            &["PUBLIC_URL"],
        ),
        (
            twilio().set("TWILIO_API_KEY_SECRET", "hunter2hunter2"),
            &["TWILIO_API_KEY_SID"],
        ),
        (
            Machine::bare().set("AUTH_MODE", "required"),
            &["JWT_SECRET"],
        ),
        (Machine::bare().set("AUTH_MODE", "perhaps"), &["AUTH_MODE"]),
        (
            Machine::bare()
                .set("PORT", "99999")
                .set("RING_TIME_SECONDS", "1"),
            &["PORT", "RING_TIME_SECONDS"],
        ),
        (
            Machine::bare().set("DATABASE_URL", "mysql://root:hunter2@db/voip"),
            &["JWT_SECRET"],
        ),
        (
            Machine::bare().set("DATABASE_URL", "oracle://root:hunter2@db/voip"),
            &["DATABASE_URL"],
        ),
        (
            Machine::bare().set("REDIS_URL", "http://:hunter2@cache"),
            &["REDIS_URL"],
        ),
    ];
    for (machine, names) in cases {
        let ran = machine.run(&[], "");
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(1), ""),
            "{names:?}: {}",
            ran.stderr
        );
        for name in names {
            let named = ran.stderr.lines().any(|line| line.trim().starts_with(name));
            assert!(named, "{name} is not named: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        assert_eq!(
            ran.stderr.lines().count(),
            1 + names.len(),
            "no more than that: {}",
            ran.stderr
        );
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused() {
    let machine = Machine::bare().set("SIM_PORT", "0");
    let mut process = machine.start().await;
    let elsewhere = ["--port", "0", "--ws-port", "0"];
    let ran = machine.run(&elsewhere, "");
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(1), ""),
        "{}",
        ran.stderr
    );
    let sentence = ran.stderr.lines().last().expect("a sentence");
    assert!(
        sentence.contains("another server works on voip.db"),
        "{sentence}"
    );
    assert!(sentence.contains("DATABASE_URL"), "{sentence}");
    // Commands need no file for themselves.
    let ran = machine.run(&["clear-data", "calls", "--yes"], "");
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    process.terminate();
    process.ended().await;
    let process = machine.start().await;
    // However it ends, the file is free after it.
    process.kill();
    let _process = machine.start().await;
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = taken.local_addr().expect("bound").port().to_string();
    for name in ["PORT", "WS_PORT", "SIM_PORT"] {
        let machine = Machine::bare().set("SIM_PORT", "0").set(name, &port);
        let ran = machine.run(&[], "");
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (Some(1), ""),
            "{}",
            ran.stderr
        );
        let sentence = ran.stderr.lines().last().expect("a sentence");
        assert!(sentence.contains(&format!("set {name} to")), "{sentence}");
        assert!(sentence.contains(&port), "{sentence}");
    }
}

#[test]
fn an_env_file_that_cannot_be_read_is_named_and_not_shown() {
    let garbled = Machine::bare();
    std::fs::write(garbled.file(".env"), "PORT=1\nJWT_SECRET hunter2 hunter2\n").expect("ours");
    let binary = Machine::bare();
    std::fs::write(binary.file(".env"), b"PORT=\xff\xfehunter2\n").expect("ours");
    let folder = Machine::bare();
    std::fs::create_dir(folder.file(".env")).expect("ours");
    for (machine, why) in [(garbled, "NAME=value"), (binary, "read"), (folder, "read")] {
        let ran = machine.run(&[], "");
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
        assert!(
            ran.stderr.contains(".env") && ran.stderr.contains(why),
            "{}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}

#[tokio::test]
async fn flags_beat_the_environment_and_that_beats_the_file() {
    let [in_file, in_environment, in_flag] = [free_port(), free_port(), free_port()];
    let [file, environment, flag] =
        [in_file, in_environment, in_flag].map(|port: u16| port.to_string());
    let machine = Machine::bare().set("SIM_PORT", "0");
    std::fs::write(machine.file(".env"), format!("PORT={file}\n")).expect("ours");

    let machine = machine.unset("PORT");
    machine.ready(machine.spawn(), in_file).await.kill();
    // An empty value is none.
    let machine = machine.set("PORT", "");
    machine.ready(machine.spawn(), in_file).await.kill();
    let machine = machine.set("PORT", &environment);
    machine.ready(machine.spawn(), in_environment).await.kill();
    machine
        .ready(machine.spawn_with(&["--port", &flag]), in_flag)
        .await
        .kill();
}

#[tokio::test]
async fn the_start_says_where_everything_is_and_what_is_simulated() {
    let simulated = Machine::bare()
        .set("SIM_PORT", "0")
        .set("SIM_AUTH_TOKEN", AUTH_TOKEN);
    let _process = simulated.start().await;
    let page = banner(&simulated).await;
    for part in [
        &simulated.base(),
        "SIMULATED",
        "TWILIO_ACCOUNT_SID",
        "voip.db",
        "AUTH_MODE",
    ] {
        assert!(page.contains(part), "{part} is missing: {page}");
    }
    simulated.assert_discreet(&page);
    simulated.assert_discreet(&simulated.log());

    let real = Machine::for_twilio();
    let _process = real.start().await;
    let page = banner(&real).await;
    let webhook = format!("{}/twilio-inbound", real.base());
    assert!(
        page.contains(&webhook) && !page.contains("SIMULATED"),
        "{page}"
    );
    assert!(!page.contains(ACCOUNT), "{page}");
    real.assert_discreet(&page);
    real.assert_discreet(&real.log());
}

/// What a server prints once it answers.
async fn banner(machine: &Machine) -> String {
    until("the whole banner", Duration::from_secs(10), async || {
        Some(machine.printed()).filter(|page| page.contains("Access"))
    })
    .await
}
