use std::{
    collections::BTreeMap,
    fs::File,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;

use super::{ACCOUNT, AUTH_TOKEN, Client, OURS, free_port, until};

/// What signs the tokens of the server under test.
pub(crate) const JWT_SECRET: &str = "k7Qe0ZpV4mXs92LdTj1RbYc8WnHu5GfA";

/// What outlives the server: a working directory with its data, a port, and
/// the environment it is started in.
pub(crate) struct Machine {
    dir: TempDir,
    port: u16,
    environment: BTreeMap<&'static str, String>,
}

impl Machine {
    /// A machine without any configuration but a port.
    pub(crate) fn bare() -> Self {
        let port = free_port();
        let environment = BTreeMap::from([("PORT", port.to_string()), ("WS_PORT", "0".to_owned())]);
        Self {
            dir: tempfile::tempdir().expect("a temporary directory"),
            port,
            environment,
        }
    }

    /// A machine set up for the provider; its API is still to be set.
    pub(crate) fn for_twilio() -> Self {
        let mut machine = Self::bare();
        let (base, database) = (machine.base(), machine.dir.path().join("voip.db"));
        for (name, value) in [
            ("TWILIO_ACCOUNT_SID", ACCOUNT),
            ("TWILIO_AUTH_TOKEN", AUTH_TOKEN),
            ("TWILIO_PHONE_NUMBER", OURS),
            ("PUBLIC_URL", &base),
            ("JWT_SECRET", JWT_SECRET),
            ("AUTH_MODE", "open"),
            // One user calls and calls here.
            ("SPEND_GUARD", "off"),
            ("HOST", "127.0.0.1"),
            ("DATABASE_URL", &format!("sqlite:{}", database.display())),
        ] {
            machine = machine.set(name, value);
        }
        machine
    }

    /// The same machine with this variable set.
    #[must_use]
    pub(crate) fn set(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    /// The same machine without this variable.
    #[must_use]
    pub(crate) fn unset(mut self, name: &'static str) -> Self {
        self.environment.remove(name);
        self
    }

    /// The HTTP port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The address of the HTTP API.
    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A client of the HTTP API.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.base())
    }

    /// A file in the working directory.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Everything the server has written to standard output, over all its lives.
    pub(crate) fn printed(&self) -> String {
        std::fs::read_to_string(self.file("stdout")).unwrap_or_default()
    }

    /// Everything the server has written to its log, over all its lives.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.file("stderr")).unwrap_or_default()
    }

    /// The program, to be run here with these arguments.
    pub(crate) fn program(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_voip-server"));
        program
            .args(arguments)
            .current_dir(&self.dir)
            .env_clear()
            .envs(&self.environment);
        program
    }

    /// Runs the program to its end, with this on standard input. Whatever it
    /// says, it must not say a secret.
    pub(crate) fn run(&self, arguments: &[&str], typed: &str) -> Ran {
        let mut program = assert_cmd::Command::from_std(self.program(arguments));
        // real time: a server that starts where it should refuse is ended.
        let output = program
            .timeout(Duration::from_secs(20))
            .write_stdin(typed)
            .output();
        let output = output.expect("the program runs");
        let text = |bytes| String::from_utf8(bytes).expect("the program speaks UTF-8");
        let ran = Ran {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        };
        self.assert_discreet(&ran.stdout);
        self.assert_discreet(&ran.stderr);
        ran
    }

    /// Makes sure that a text shows no secret of the environment.
    pub(crate) fn assert_discreet(&self, text: &str) {
        for (name, value) in &self.environment {
            let secret = ["SECRET", "TOKEN", "PASSWORD"]
                .iter()
                .any(|word| name.contains(word));
            assert!(
                !secret || !text.contains(value.as_str()),
                "the value of {name} is shown"
            );
        }
    }

    /// Starts a server and does not wait for it.
    pub(crate) fn spawn(&self) -> Process {
        self.spawn_with(&[])
    }

    /// [`spawn`](Self::spawn), with these arguments.
    pub(crate) fn spawn_with(&self, arguments: &[&str]) -> Process {
        let output = |name| {
            let file = File::options()
                .create(true)
                .append(true)
                .open(self.file(name));
            Stdio::from(file.expect("a file in a directory of ours"))
        };
        let mut program = self.program(arguments);
        program
            .stdin(Stdio::null())
            .stdout(output("stdout"))
            .stderr(output("stderr"));
        Process {
            child: program.spawn().expect("the binary was built"),
            log: self.file("stderr"),
        }
    }

    /// Starts a server and waits until it answers.
    pub(crate) async fn start(&self) -> Process {
        self.ready(self.spawn(), self.port).await
    }

    /// Waits until a server answers on this port.
    pub(crate) async fn ready(&self, mut process: Process, port: u16) -> Process {
        let client = Client::new(&format!("http://127.0.0.1:{port}"));
        until("the server is ready", Duration::from_secs(30), async || {
            assert_eq!(
                process.exited(),
                None,
                "the server ended instead of starting"
            );
            matches!(client.get("/readyz").await, Ok((200, _))).then_some(())
        })
        .await;
        process
    }
}

/// What a run of the program to its end has shown.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A running server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Ends it as a power cut does: SIGKILL, which no program can handle.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a process of ours can be killed");
        self.child
            .wait()
            .expect("a process of ours can be waited for");
    }

    /// Asks it to stop: SIGTERM.
    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(sent.expect("every Unix has kill").success());
    }

    /// How it ended, once it has.
    pub(crate) fn exited(&mut self) -> Option<ExitStatus> {
        self.child
            .try_wait()
            .expect("a process of ours can be waited for")
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the server ends", Duration::from_secs(30), async || {
            self.exited()
        })
        .await
    }
}

impl Drop for Process {
    #[expect(
        clippy::print_stdout,
        reason = "the test harness shows it where a test fails"
    )]
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(40)..].join("\n");
            println!("the server's log ends like this:\n{tail}");
        }
    }
}
