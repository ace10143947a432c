//! Our own client is JavaScript with types that are checked.

use std::{path::Path, process::Command};

use voip_testkit::Browser;

#[test]
fn the_compiler_accepts_the_types_of_our_client() {
    let Some(browser) = Browser::installed() else {
        return;
    };
    let client =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../voip-sim/client/voip-sim-client.js");
    let checked = Command::new(browser.libraries().join("node_modules/.bin/tsc"))
        .args([
            "--allowJs",
            "--checkJs",
            "--strict",
            "--noEmit",
            "--target",
            "es2022",
        ])
        .args(["--module", "esnext", "--lib", "es2023,dom,dom.iterable"])
        .arg(client)
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stdout)
    );
}
