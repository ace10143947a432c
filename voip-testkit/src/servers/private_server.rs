use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    process::{Child, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use super::{
    are_required, free_port,
    mariadb::MariaDb,
    postgres::Postgres,
    program::{Folder, Program},
    redis::Redis,
    signal::{self, Signal},
    watchdog::Watchdog,
};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of one's own on a free port, in a temporary folder. It is killed,
/// and the folder removed, when this is dropped; when this process dies, the
/// server does.
///
/// What a database has committed outlives [`stop`](Self::stop) and
/// [`kill`](Self::kill); Redis forgets everything.
///
/// ```no_run
/// # use voip_testkit::servers::PrivateServer;
/// # async fn example() {
/// let Some(mut redis) = PrivateServer::redis().await else {
///     return; // This machine has none.
/// };
/// redis.pause();
/// redis.resume();
/// redis.kill().await;
/// redis.start_again().await;
/// # }
/// ```
#[derive(Debug)]
pub struct PrivateServer {
    // In this order they are dropped: first who might kill, then who runs.
    running: Option<Running>,
    port: u16,
    program: Box<dyn Program>,
    folder: Folder,
}

impl PrivateServer {
    /// Starts Redis, without persistence. `None` where the machine has none.
    ///
    /// # Panics
    /// Where the machine has none though `REQUIRE_SERVICES` is set, and where
    /// it does not start.
    pub async fn redis() -> Option<Self> {
        let redis = found(Redis::found(), "redis-server")?;
        Some(Self::start(Box::new(redis)).await)
    }

    /// Starts MariaDB. `None` where the machine has none.
    ///
    /// # Panics
    /// Where the machine has none though `REQUIRE_SERVICES` is set, and where
    /// it does not start.
    pub async fn mariadb() -> Option<Self> {
        let mariadb = found(MariaDb::found(), "mariadbd")?;
        Some(Self::start(Box::new(mariadb)).await)
    }

    /// Starts PostgreSQL. `None` where the machine has none.
    ///
    /// # Panics
    /// Where the machine has none though `REQUIRE_SERVICES` is set, and where
    /// it does not start.
    pub async fn postgres() -> Option<Self> {
        let postgres = found(Postgres::found(), "postgres")?;
        Some(Self::start(Box::new(postgres)).await)
    }

    async fn start(program: Box<dyn Program>) -> Self {
        let folder = Folder::fresh();
        program.prepare(&folder);
        let mut server = Self {
            running: None,
            port: free_port(),
            program,
            folder,
        };
        server.start_again().await;
        server
    }

    /// Where clients find it, whether it runs or not.
    pub fn url(&self) -> String {
        self.program.url(self.port)
    }

    /// Where it listens, whether it runs or not.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Starts it on the same port, with the data that it has kept, and waits
    /// until it serves. One that runs is left alone.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn start_again(&mut self) {
        if self.running.is_some() {
            return;
        }
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.place("log"));
        let log = log.expect("a file in a folder of ours");
        let mut command = self.program.command(&self.folder, self.port);
        command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("one more handle"))
            .stderr(log);
        let mut running = Running::of(command.spawn().expect("it was found"));
        let began = Instant::now();
        while !self.program.serves(self.port).await {
            let ended = running.ended();
            if ended.is_some() || began.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.folder.place("log"));
                let name = self.program.name();
                panic!("{name} does not serve ({ended:?}): {log:?}");
            }
            // real time: the server is another process, and nothing but
            // looking tells how far it is.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.running = Some(running);
    }

    /// Ends it in order, and waits for that.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.end(self.program.ends_on()).await;
        }
    }

    /// Ends it as a power cut does, and waits for that.
    ///
    /// # Panics
    /// Where it does not end.
    pub async fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.end(Signal::Kill).await;
        }
    }

    /// Stops it where it stands: its connections stay, and nothing answers.
    pub fn pause(&self) {
        if let Some(running) = &self.running {
            running.pause();
        }
    }

    /// Lets it go on.
    pub fn resume(&self) {
        if let Some(running) = &self.running {
            signal::send(Signal::Resume, &running.processes());
        }
    }
}

fn found<T>(program: Option<T>, name: &str) -> Option<T> {
    assert!(
        program.is_some() || !are_required(),
        "this machine has no {name}: run this by scripts/services, which installs it"
    );
    program
}

/// A server that runs. Killed when dropped.
#[derive(Debug)]
struct Running {
    /// `None` once it was waited for.
    server: Option<Child>,
    _watchdog: Watchdog,
}

impl Running {
    fn of(server: Child) -> Self {
        let watchdog = Watchdog::over(server.id());
        Self {
            server: Some(server),
            _watchdog: watchdog,
        }
    }

    /// The server and the processes it has made: PostgreSQL has one for each
    /// connection.
    fn processes(&self) -> Vec<u32> {
        let Some(server) = &self.server else {
            return Vec::new();
        };
        let mut processes = vec![server.id()];
        processes.extend(signal::children(server.id()));
        processes
    }

    fn pause(&self) {
        // The server first, so that it makes no more of them meanwhile.
        if let Some(server) = &self.server {
            signal::send(Signal::Pause, &[server.id()]);
            signal::send(Signal::Pause, &signal::children(server.id()));
        }
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        let server = self.server.as_mut()?;
        server.try_wait().expect("a process of ours")
    }

    async fn end(mut self, signal: Signal) {
        let Some(server) = &self.server else { return };
        let server = server.id();
        if signal == Signal::Kill {
            self.pause();
        }
        let all = self.processes();
        match signal {
            Signal::Kill => signal::send(Signal::Kill, &all),
            Signal::Terminate | Signal::Interrupt | Signal::Pause | Signal::Resume => {
                // One that is paused hears nothing.
                signal::send(Signal::Resume, &all);
                signal::send(signal, &[server]);
            }
        }
        let began = Instant::now();
        while self.ended().is_none() || all.iter().any(|process| signal::lives(*process)) {
            assert!(began.elapsed() < PATIENCE, "the server does not end");
            // real time: the server is another process, and nothing but
            // looking tells how far it is.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.server = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.pause();
            signal::send(Signal::Kill, &self.processes());
        }
        if let Some(server) = &mut self.server {
            // It is ended or dying.
            let _ = server.wait();
        }
    }
}
