//! A real browser for tests of pages: Chromium, driven from Node.js.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Chromium and the libraries that drive it, ready to be used.
///
/// A test is a Node.js program that uses `playwright-core`. It finds the
/// libraries by `createRequire(process.env.BROWSER_LIBRARIES + "/")`, and the
/// browser in `process.env.CHROMIUM`.
#[derive(Clone, Debug)]
pub struct Browser {
    libraries: PathBuf,
}

/// Set where the machine is meant to have a browser, so that nothing is left out.
const REQUIRED: &str = "REQUIRE_BROWSER";

impl Browser {
    /// The browser of this machine. `None`, and a line on standard error, where
    /// there is none: the test is to be left out.
    ///
    /// # Panics
    ///
    /// Where there is none although `REQUIRE_BROWSER` is set.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests is to see it")]
    #[expect(
        clippy::disallowed_methods,
        reason = "it is about the tests themselves"
    )]
    pub fn installed() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let target =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let libraries = target.join("browser");
        let output = Command::new(root.join("scripts/browser"))
            .args([OsStr::new("libraries"), libraries.as_os_str()])
            .output();
        let why = match output {
            Ok(output) if output.status.success() => return Some(Self { libraries }),
            Ok(output) => told(&output),
            Err(error) => error.to_string(),
        };
        assert!(env::var_os(REQUIRED).is_none(), "{why}");
        eprintln!("no page is tried in a browser: {why}");
        None
    }

    /// Where the libraries are: a folder with `node_modules` in it.
    #[must_use]
    pub fn libraries(&self) -> &Path {
        &self.libraries
    }

    /// A Node.js program that drives the browser; give it what else it needs by
    /// its environment.
    #[must_use]
    pub fn program(&self, script: &Path) -> Command {
        let mut command = Command::new("node");
        command
            .arg(script)
            .env("BROWSER_LIBRARIES", &self.libraries)
            .env("CHROMIUM", "chromium");
        command
    }

    /// Runs such a program to its end.
    ///
    /// # Panics
    ///
    /// With everything it said, where it fails.
    pub fn runs(&self, command: &mut Command) {
        let output = command
            .output()
            .expect("node is there: it installed the libraries");
        assert!(output.status.success(), "{}", told(&output));
    }
}

fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}
