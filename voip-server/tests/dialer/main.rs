//! The web dialer in a real browser, against a whole server on SQLite with its
//! simulator, and what of it needs no browser.

#![allow(clippy::unwrap_used)] // A test that cannot go on has failed.

mod outside;
#[path = "../process/mod.rs"]
mod process;
#[path = "../surface/mod.rs"]
mod surface;

use std::{
    fs,
    path::{Path, PathBuf},
};

use outside::Outside;
use surface::Running;
use tempfile::TempDir;
use voip_testkit::Browser;

fn here(file: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("tests/dialer").join(file)
}

/// Where the page's files are.
fn web() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("web")
}

/// The page's modules in a folder, with the simulator's client beside them.
fn modules() -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in fs::read_dir(web()).unwrap() {
        let path = file.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let client = folder.path().join("voip-sim-client.js");
    fs::write(client, voip_sim::CLIENT_MODULE).unwrap();
    fs::write(folder.path().join("package.json"), r#"{"type":"module"}"#).unwrap();
    folder
}

async fn tried(script: &'static str) {
    tried_as(script, "").await;
}

/// A flow, or a group of what is in one.
async fn tried_as(script: &'static str, group: &'static str) {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let server = Running::start().await;
    let simulator = server.server.simulator().unwrap().base_url();
    let mut program = browser.program(&here(script));
    program
        .env("SERVER", server.url("").replace("127.0.0.1", "localhost"))
        .env("SIMULATOR", simulator)
        .env("WEB", web())
        .env("GROUP", group);
    let run = tokio::task::spawn_blocking(move || browser.runs(&mut program));
    run.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_signs_up_calls_holds_and_looks_at_the_log() {
    tried("outgoing.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_that_come_in_are_answered_declined_and_shown_as_text() {
    tried("incoming.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_ends_in_a_call_ends_no_call() {
    tried("login_over.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_call_is_shown_and_the_meters_move_in_a_call() {
    tried("missed.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_write_stays_text() {
    tried("payloads.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_microphone_the_page_says_what_to_do() {
    tried("microphone.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_one_takes_the_call_and_the_other_says_so() {
    tried("two_browsers.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_and_logins_are_renewed_ahead_of_their_end() {
    tried("clock.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_visit_is_small_and_nothing_holds_it_up() {
    tried("first_paint.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_sound_lost_connections_and_calls_out_of_sight_are_told() {
    tried("telling.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_paged_filtered_searched_and_saved() {
    tried("log.mjs").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_entering_is_accessible() {
    tried_as("states.mjs", "entering").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_calling_is_accessible() {
    tried_as("states.mjs", "calling").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_being_called_is_accessible() {
    tried_as("states.mjs", "being called").await;
}

/// A flow that starts and kills its server.
async fn tried_outside(script: &'static str, set_up: fn(Outside, &Path) -> Outside) {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let sdk = "node_modules/@twilio/voice-sdk/dist/twilio.min.js";
    let sdk = browser.libraries().join(sdk);
    let server = set_up(Outside::new().await, &sdk);
    let mut program = browser.program(&here(script));
    server.tell(&mut program);
    program.env("SDK", sdk);
    let run = tokio::task::spawn_blocking(move || browser.runs(&mut program));
    run.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_in_a_call_ends_no_call() {
    tried_outside("restart.mjs", |server, _| server.by_our_client()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_calls_by_the_vendors_sdk() {
    tried_outside("voice_sdk.mjs", Outside::by_own_sdk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_from_the_internet_is_the_one_that_was_tried_or_none() {
    tried_outside("pinned_sdk.mjs", |server, _| server).await;
}

#[test]
fn the_call_is_a_pure_function_and_numbers_are_read_as_people_type_them() {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let modules = modules();
    let mut program = browser.program(&here("pure.mjs"));
    browser.runs(program.env("MODULES", modules.path()));
}

#[test]
fn the_types_of_the_page_fit() {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let modules = modules();
    let settings = r#"{"compilerOptions": {"allowJs": true, "checkJs": true, "noEmit": true,
        "strict": true, "target": "es2024", "module": "esnext", "moduleResolution": "bundler",
        "lib": ["es2024", "dom", "dom.iterable"], "types": []}, "files": ["app.js"]}"#;
    let project = modules.path().join("tsconfig.json");
    fs::write(&project, settings).unwrap();
    let compiler = browser.libraries().join("node_modules/typescript/bin/tsc");
    browser.runs(browser.program(&compiler).arg("-p").arg(project));
}
