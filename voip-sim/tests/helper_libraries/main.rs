//! The official helper libraries, pointed at the simulator, run whole flows.

#![allow(
    clippy::unwrap_used,
    reason = "in a test, what is not there is a failure"
)]

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use voip_sim::engine::Timing;
use voip_sim::{Simulator, SimulatorConfig};

const ACCOUNT: &str = "AC000000000000000000000000000000a1";
const TOKEN: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";

/// Where the libraries are, or why they are not. `required` names the variable that is set where
/// the machine is meant to have the language and a package registry.
#[allow(clippy::print_stderr)] // Whoever runs the tests is to see it.
fn installed(language: &str, required: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("helper_{language}"));
    let output = Command::new(root.join("scripts/helper-libraries"))
        .args([language.as_ref(), folder.as_os_str()])
        .output();
    let why = match output {
        Ok(output) if output.status.success() => return Some(folder),
        Ok(output) => told(&output),
        Err(error) => error.to_string(),
    };
    #[expect(clippy::disallowed_methods, reason = "it is about this test")]
    let is_required = env::var_os(required).is_some();
    assert!(!is_required, "{why}");
    eprintln!("the official {language} library is not tried: {why}");
    None
}

async fn simulator() -> Simulator {
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
    Simulator::start_with(config).await.unwrap()
}

async fn runs_through(mut command: Command) {
    let simulator = simulator().await;
    command
        .env("SIMULATOR", simulator.base_url())
        .env("ACCOUNT", ACCOUNT)
        .env("TOKEN", TOKEN);
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    let output = output.unwrap().expect("the program starts");
    assert!(output.status.success(), "{}", told(&output));
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_node_library_runs_whole_flows() {
    let Some(folder) = installed("node", "REQUIRE_NODE") else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helper_libraries/flow.mjs");
    let mut node = Command::new("node");
    node.arg(script).env("NODE_LIBRARIES", folder);
    runs_through(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_library_runs_whole_flows() {
    let Some(folder) = installed("python", "REQUIRE_PYTHON") else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helper_libraries/flow.py");
    let mut python = Command::new(folder.join("venv/bin/python"));
    python.arg(script);
    runs_through(python).await;
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
