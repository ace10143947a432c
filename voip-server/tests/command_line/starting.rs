//! What a server needs to start, and says when it does.

use std::net::TcpListener;
use std::time::Duration;

use crate::process::{ACCOUNT, AUTH_TOKEN, Machine, free_port, until};

/// What a server prints once it answers.
async fn banner(machine: &Machine) -> String {
    until("the whole banner", Duration::from_secs(10), async || {
        Some(machine.printed()).filter(|page| page.ends_with("\n\n"))
    })
    .await
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
    // Nor is anything deleted behind its back.
    let ran = machine.run(&["clear-data", "calls", "--yes"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
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

#[test]
fn a_line_that_cannot_be_read_hides_no_other_fault() {
    let machine = Machine::bare();
    let file = "AUTH_MODE\nRING_TIME_SECONDS=1\n!\nMAX_CONNECTIONS=none\n";
    std::fs::write(machine.file(".env"), file).expect("ours");
    let ran = machine.run(&[], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    for part in [
        ".env has on line 1",
        ".env has on line 3",
        "RING_TIME_SECONDS",
        "MAX_CONNECTIONS",
    ] {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    // A token of a key that the file does not really set would be good nowhere.
    let ran = machine.run(&["token", "--service"], "");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""));
    assert!(ran.stderr.contains("line 1"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_slip_in_a_name_is_pointed_out_at_the_start() {
    let machine = Machine::bare().set("SIM_PORT", "0");
    let file = "JWT_SECERT=hunter2-hunter2\nNODE_ENV=production\n";
    std::fs::write(machine.file(".env"), file).expect("ours");
    let _process = machine.start().await;
    let page = banner(&machine).await;
    assert!(page.contains("JWT_SECERT"), "{page}");
    assert!(page.contains("JWT_SECRET?"), "{page}");
    let log = machine.log();
    assert!(log.contains("JWT_SECERT"), "{log}");
    for other in ["NODE_ENV", "hunter2"] {
        assert!(!page.contains(other) && !log.contains(other), "{other}");
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
        "see and drive them at http://127.0.0.1:",
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
    assert!(page.contains("no voice clients"), "{page}");
    assert!(real.log().contains("TWILIO_API_KEY_SID"), "{}", real.log());
    real.assert_discreet(&page);
    real.assert_discreet(&real.log());
}
