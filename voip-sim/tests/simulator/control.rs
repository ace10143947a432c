//! The control interface over HTTP: what its description says, the journal, the stream, scripts,
//! and the program's own command line.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use voip_sim::engine::Timing;
use voip_sim::{Simulator, SimulatorConfig, scripts};

use crate::fixture::{ACCOUNT, TOKEN};

async fn simulator() -> Simulator {
    let config = SimulatorConfig::new(ACCOUNT, TOKEN);
    Simulator::start_with(config).await.unwrap()
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn ask(
    simulator: &Simulator,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let method = method.to_uppercase().parse().unwrap();
    let url = format!("{}{path}", simulator.base_url());
    let mut request = http().request(method, url);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&bytes).unwrap())
}

#[tokio::test]
async fn the_description_has_every_operation_and_every_one_is_there() {
    let simulator = simulator().await;
    let (status, described) = ask(&simulator, "get", "/sim/openapi.json", None).await;
    assert_eq!((status, &described["openapi"]), (200, &"3.1.0".into()));
    let manual = include_str!("../../../docs/simulator.md");
    let mut count = 0;
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            count += 1;
            let heading = format!("`{} {path}`", method.to_uppercase());
            assert!(manual.contains(&heading), "the manual lacks {heading}");
            // Not JSON.
            if matches!(path.as_str(), "/sim/events" | "/sim/client.js") {
                continue;
            }
            let there = path
                .replace("{sid}", "CA000000000000000000000000000000b1")
                .replace("{number}", "+15550002222")
                .replace("{identity}", "ann")
                .replace("{name}", "ring-all")
                .replace("{id}", "1");
            let content = &operation["requestBody"]["content"]["application/json"];
            let example = content.get("example");
            let (status, answer) = ask(&simulator, method, &there, example).await;
            let code = answer["code"].as_str().unwrap_or_default();
            assert_ne!(code, "not_found", "{heading}");
            assert_ne!(status, 405, "{heading}");
            assert!(!code.starts_with("bad_"), "{heading}: {answer}");
            let expected = operation["responses"].get(status.to_string()).is_some();
            let about_nobody =
                matches!(code, "unknown_call" | "unknown_webhook" | "no_application");
            assert!(expected || about_nobody, "{heading}: {status} {answer}");
            if example.is_some() {
                let wrong = json!({"no_such_member": 1});
                let (status, answer) = ask(&simulator, method, &there, Some(&wrong)).await;
                assert_eq!(
                    (status, &answer["code"]),
                    (400, &"bad_json".into()),
                    "{heading}"
                );
            }
        }
    }
    assert!(count >= 30, "{count} operations");
    let table = manual.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed = table.flat_map(|row| row.split(" | ").next().unwrap_or_default().split("`, `"));
    for listed in listed {
        let heading = listed.trim_end_matches('`');
        if let Some((method, path)) = heading.split_once(" /sim/") {
            let described = &described["paths"][format!("/sim/{path}")][method.to_lowercase()];
            assert!(described.is_object(), "the description lacks {heading}");
        }
    }
    simulator.stop().await;
}

#[tokio::test]
async fn what_happens_is_streamed_and_a_reader_may_come_back() {
    let simulator = simulator().await;
    let url = format!("{}/sim/events", simulator.base_url());
    let mut stream = http().get(&url).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let call = simulator
        .place_call("+15550002222", "+15550001111")
        .await
        .unwrap();
    let mut text = String::new();
    while !text.contains(r#""status":"failed""#) {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let first = text
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap();
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!((&first["kind"], &first["seq"]), (&"made".into(), &1.into()));
    assert_eq!(first["call_sid"], call.as_str());
    // 11100: the number has no Voice URL, in words.
    assert!(
        text.contains("11100") && text.contains("explanation"),
        "{text}"
    );

    let back = http().get(&url).header("last-event-id", "1");
    let mut stream = back.send().await.unwrap();
    let chunk = stream.chunk().await.unwrap().unwrap();
    let text = std::str::from_utf8(&chunk).unwrap();
    assert!(
        text.starts_with("id: 2") || text.contains("\nid: 2"),
        "{text}"
    );
    assert!(!text.contains("id: 1\n"), "{text}");
    let (_, timeline) = ask(
        &simulator,
        "get",
        &format!("/sim/calls/{call}/timeline"),
        None,
    )
    .await;
    assert!(timeline["entries"].as_array().unwrap().len() >= 3);
    simulator.stop().await;
}

#[tokio::test]
async fn pages_of_other_sites_drive_nothing() {
    let simulator = simulator().await;
    let url = format!("{}/sim/reset", simulator.base_url());
    for (name, value) in [
        ("origin", "https://example.test"),
        ("host", "rebound.example.test"),
    ] {
        let foreign = http().post(&url).header(name, value).send().await.unwrap();
        assert_eq!(foreign.status(), 403, "{name}");
    }
    let own = http().post(&url).header("origin", simulator.base_url());
    assert_eq!(own.send().await.unwrap().status(), 200);
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_drives_a_call_from_its_start_to_its_end() {
    let mut config = SimulatorConfig::new(ACCOUNT, TOKEN);
    // real time: the network's own steps are made as short as they can be.
    let short = Duration::from_millis(5);
    config.engine.timing = Timing {
        queue: short,
        connect: short,
        redirect: short,
        say_per_character: Duration::ZERO,
        say_at_least: short,
        play: short,
    };
    let simulator = Simulator::start_with(config).await.unwrap();
    let app = axum::Router::new().fallback(|| async {
        let markup = "<Response><Gather numDigits='1' timeout='60'/></Response>";
        ([("content-type", "text/xml")], markup)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/voice", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let base = simulator.base_url();
    let run = async |arguments: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_voip-sim"));
        program.args(arguments).args(["--sim", &base]);
        let output = tokio::task::spawn_blocking(move || program.output()).await;
        let output = output.unwrap().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        }
    };
    let (status, _) = ask(
        &simulator,
        "put",
        "/sim/number",
        Some(&json!({
            "voice_url": url, "status_url": url,
        })),
    )
    .await;
    assert_eq!(status, 200);

    assert_eq!(
        run(&["hangup"]).await,
        Err("voip-sim: there is no live call".to_owned())
    );
    let sid = run(&["call", "+15550001111"]).await.unwrap();
    let call = voip_sim::sid::CallSid::parse(&sid).unwrap();
    simulator.call(&call).listens().await;
    assert_eq!(run(&["press", "1"]).await, Ok(sid.clone()));
    let refused = run(&["answer", &sid]).await.unwrap_err();
    assert!(refused.contains("not_ringing"), "{refused}");
    assert_eq!(run(&["trigger", "ringing"]).await, Ok(sid.clone()));
    assert_eq!(run(&["hangup"]).await, Ok(sid.clone()));
    simulator.call(&call).ended().await;
    assert!(run(&["calls"]).await.unwrap().contains("completed"));
    let webhooks = run(&["webhooks"]).await.unwrap();
    let before = webhooks.lines().count();
    run(&["replay", "1"]).await.unwrap();
    assert_eq!(
        run(&["webhooks"]).await.unwrap().lines().count(),
        before + 1
    );
    let listed = run(&["script"]).await.unwrap();
    for script in scripts::ALL {
        assert!(listed.contains(script.name), "{}", script.name);
        run(&["script", script.name]).await.unwrap();
    }
    assert!(
        run(&["script", "no-such"])
            .await
            .unwrap_err()
            .contains("unknown_script")
    );
    let known: Value = serde_json::from_str(&run(&["export"]).await.unwrap()).unwrap();
    assert_eq!(known["calls"][0]["sid"], sid.as_str());
    assert!(!known["journal"].as_array().unwrap().is_empty());
    run(&["reset"]).await.unwrap();
    assert_eq!(run(&["calls"]).await, Ok(String::new()));
    simulator.stop().await;
}

#[test]
fn the_program_listens_on_loopback_unless_it_is_forced() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_voip-sim"));
    let output = program
        .args(["serve", "--bind", "0.0.0.0", "--port", "0"])
        .output();
    let output = output.unwrap();
    assert!(!output.status.success());
    let why = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(why.contains("--allow-remote-clients"), "{why}");
}
