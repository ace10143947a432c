//! The official client, in Node.js.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use voip_server::auth::Subject;

use crate::surface::{Running, leg::ALICE};

/// Set where the machine is meant to have Node.js and a package registry, so
/// that missing them is a failure.
const REQUIRED: &str = "REQUIRE_NODE";

const SCRIPT: &str = "official_client.test.mjs";

#[allow(clippy::disallowed_methods)] // It is about this test, not about the server.
fn is_required() -> bool {
    env::var_os(REQUIRED).is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_hears_what_it_joins() {
    let installed = tokio::task::spawn_blocking(install).await.unwrap();
    let folder = match installed {
        Ok(folder) => folder,
        Err(why) if is_required() => panic!("{why}"),
        Err(why) => {
            eprintln!("the official Socket.IO client is not tried: {why}");
            return;
        }
    };
    let running = Running::guarded().await;
    running.register("alice", ALICE).await;
    let mut node = Command::new("node");
    node.args(["--test", SCRIPT])
        .current_dir(folder)
        .env("SERVER", running.url(""))
        .env("ALICE_TOKEN", running.user_token("alice"))
        .env("BOB_TOKEN", running.user_token("bob"))
        .env("SERVICE_TOKEN", running.token(&Subject::Service));
    let output = tokio::task::spawn_blocking(move || node.output()).await;
    let output = output.unwrap().expect("node starts");
    assert!(output.status.success(), "{}", told(&output));
}

/// Puts the script and its one dependency where this build keeps its files.
fn install() -> Result<PathBuf, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/socket_io_js");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("socket_io_js");
    let copied = || -> io::Result<bool> {
        fs::create_dir_all(&folder)?;
        let wanted = fs::read_to_string(source.join("package.json"))?;
        let package = folder.join("package.json");
        let same = fs::read_to_string(&package).is_ok_and(|present| present == wanted);
        fs::write(package, wanted)?;
        fs::copy(source.join(SCRIPT), folder.join(SCRIPT))?;
        Ok(same && folder.join("node_modules/socket.io-client").is_dir())
    };
    let installed = copied().map_err(|error| format!("{}: {error}", folder.display()))?;
    let version = Command::new("node").arg("--version").output();
    version.map_err(|error| format!("there is no node: {error}"))?;
    if !installed {
        let npm = Command::new("npm")
            .args(["install", "--no-package-lock", "--no-fund", "--no-audit"])
            .arg("--ignore-scripts")
            .current_dir(&folder)
            .output()
            .map_err(|error| format!("there is no npm: {error}"))?;
        if !npm.status.success() {
            return Err(format!("npm install failed: {}", told(&npm)));
        }
    }
    Ok(folder)
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
