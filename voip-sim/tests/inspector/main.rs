//! The inspector page: in a real browser, and to the checkers of types and of accessibility.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

mod app;

use std::path::{Path, PathBuf};
use std::process::Command;

use voip_sim::engine::Timing;
use voip_sim::phone::PhoneScript;
use voip_sim::{Simulator, SimulatorConfig};
use voip_testkit::Browser;

/// A simulator whose application is the one above.
async fn simulator() -> Simulator {
    let app = app::start().await;
    let mut config = SimulatorConfig::default()
        .voice_url(format!("{app}/voice"))
        .status_url(format!("{app}/status"));
    // What is spoken is over soon, so that the test need not wait for it.
    config.engine.timing = Timing {
        say_per_character: std::time::Duration::from_millis(1),
        say_at_least: std::time::Duration::from_millis(10),
        ..Timing::default()
    };
    let simulator = Simulator::start_with(config).await.unwrap();
    simulator.set_phone("+15550002222", PhoneScript::no_answer());
    simulator
}

fn here(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/inspector")
        .join(name)
}

/// Runs a program that drives the page; its pictures go into a folder of the tests.
async fn tries(script: &'static str) {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let simulator = simulator().await;
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inspector");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut program = browser.program(&here(script));
    program
        .env("SIMULATOR", simulator.base_url())
        .env("PICTURES", pictures);
    let ran = tokio::task::spawn_blocking(move || browser.runs(&mut program)).await;
    ran.unwrap();
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_placed_from_the_page_is_answered_spoken_to_and_ended_and_each_step_is_seen() {
    tries("conversation.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_application_does_wrong_is_explained_in_a_sentence_with_the_vendors_code() {
    tries("explanations.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_can_be_done_by_keyboard_alone() {
    tries("keyboard.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_accessible_in_light_and_dark_and_fits_into_320_pixels() {
    tries("looks.mjs").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_faults_numbers_and_a_reset_work_from_the_page() {
    tries("setup.mjs").await;
}

#[tokio::test]
async fn the_page_comes_with_a_strict_policy_and_other_sites_do_not_get_in() {
    let simulator = Simulator::start().await.unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for path in ["/", "/sim/inspector", "/sim/inspector/main.js"] {
        let url = format!("{}{path}", simulator.base_url());
        let answer = http.get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        let rebound = http.get(&url).header("host", "rebound.example.test");
        assert_eq!(rebound.send().await.unwrap().status(), 403, "{path}");
    }
    let missing = format!("{}/sim/inspector/no-such.js", simulator.base_url());
    assert_eq!(http.get(missing).send().await.unwrap().status(), 404);
}

/// The page's types hold, by the checker of TypeScript at its strictest.
#[test]
fn the_types_of_the_page_hold() {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let checker = browser.libraries().join("node_modules/typescript/bin/tsc");
    let mut command = Command::new("node");
    command.arg(checker).arg("-p").arg(here("tsconfig.json"));
    browser.runs(&mut command);
}
