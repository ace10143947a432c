//! What the three servers have in common to run.

use std::{
    fmt,
    fs::Permissions,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
    path::{Path, PathBuf},
    process::Command,
};

use async_trait::async_trait;
use tempfile::TempDir;

use super::signal::Signal;

/// How to run a server of one kind.
#[async_trait]
pub(super) trait Program: fmt::Debug + Send + Sync {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Fills the folder with what the server expects to find there.
    fn prepare(&self, folder: &Folder);

    /// The server, to be run in the foreground.
    fn command(&self, folder: &Folder, port: u16) -> Command;

    /// What ends it in order, and its connections with it.
    fn ends_on(&self) -> Signal;

    /// Where clients find it.
    fn url(&self, port: u16) -> String;

    /// Whether it answers as one that serves, not only as one that starts.
    async fn serves(&self, port: u16) -> bool;
}

/// The folder of a server, and who owns it.
#[derive(Debug)]
pub(super) struct Folder {
    dir: TempDir,
    root: bool,
}

/// Debian's `nobody` and `nogroup`.
const NOBODY: u32 = 65_534;

impl Folder {
    /// A new one. Where we are root, it is nobody's: two of the servers refuse
    /// to run as root.
    pub(super) fn fresh() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("voip-server.")
            .tempdir()
            .expect("a temporary folder");
        let metadata = std::fs::metadata(dir.path()).expect("it was just made");
        let root = metadata.uid() == 0;
        if root {
            chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("root may");
        }
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("it is ours");
        Self { dir, root }
    }

    /// A place in it.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file in it, which the server may read.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let place = self.place(name);
        std::fs::write(&place, text).expect("a file in a folder of ours");
        std::fs::set_permissions(&place, Permissions::from_mode(0o644)).expect("it is ours");
        place
    }

    /// `program`, to be run in it by whoever owns it.
    pub(super) fn run(&self, program: &Path) -> Command {
        let mut command = if self.root {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(&self.dir).env("HOME", self.dir.path());
        command
    }

    /// Runs `program` to its end, which must be a good one.
    pub(super) fn run_to_end(&self, mut program: Command) {
        let output = program.output().expect("it was found");
        assert!(
            output.status.success(),
            "{program:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// The first of these programs that there is: in one of the folders of `PATH`,
/// where Debian keeps programs for root, or in `elsewhere`.
pub(super) fn find(name: &str, elsewhere: &[PathBuf]) -> Option<PathBuf> {
    let path = super::read("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from))
        .chain(elsewhere.iter().cloned());
    places
        .map(|folder| folder.join(name))
        .find(|place| place.is_file())
}
