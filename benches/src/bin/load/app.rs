use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use voip_benches::{Signer, sample};

use crate::{Fault, place::Place, process::Process};

/// The server, running as it would with the real provider: durable, signed
/// webhooks, but calls to the API at `provider`.
pub(crate) struct App {
    pub(crate) process: Process,
    pub(crate) http: SocketAddr,
    pub(crate) socket: SocketAddr,
    /// From its start to its first answer.
    pub(crate) start: Duration,
}

/// Signs webhooks. Made up, as all of this is.
pub(crate) const AUTH_TOKEN: &str = "b5e1f0a2c3d4958677685949302a1b0c";

/// Signs the tokens of users. Made up as well.
const JWT_SECRET: &str = "fW3p9xkQ7vT1mZ8rB5nD2sL6yH4jC0aE";

/// Nobody waits longer than this for a server to start.
const PATIENCE: Duration = Duration::from_secs(20);

impl App {
    /// Starts the program at `server` on the database at `place`, and waits for
    /// its first answer.
    pub(crate) fn start(server: &Path, place: &Place, provider: SocketAddr) -> Result<Self, Fault> {
        Self::start_as_node(server, place, provider, None)
    }

    /// [`start`](Self::start), as one of the nodes on `redis`, if there is one;
    /// waits until it hears the others, too.
    pub(crate) fn start_as_node(
        server: &Path,
        place: &Place,
        provider: SocketAddr,
        redis: Option<&str>,
    ) -> Result<Self, Fault> {
        let (http, socket) = (free_address()?, free_address()?);
        let log = &place.log;
        // Its working directory is another one.
        let server = std::path::absolute(server)?;
        let mut command = Command::new(&server);
        command
            .env_clear()
            .current_dir(log.parent().unwrap_or(Path::new(".")))
            .env("HOST", "127.0.0.1")
            .env("PORT", http.port().to_string())
            .env("WS_PORT", socket.port().to_string())
            .env("PUBLIC_URL", format!("http://{http}"))
            .env("TWILIO_ACCOUNT_SID", sample::ACCOUNT)
            .env("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
            .env("TWILIO_PHONE_NUMBER", sample::FROM)
            .env("TWILIO_API_BASE_URL", format!("http://{provider}"))
            .env("JWT_SECRET", JWT_SECRET)
            .env("AUTH_MODE", "open")
            // One user starts thousands; what they may call is still looked at.
            .env("CALLS_PER_MINUTE", "0")
            .env("LIVE_CALLS_PER_USER", "0")
            // Everybody here comes from one address.
            .env("ADDRESS_LOGINS_PER_MINUTE", "100000")
            .env("RING_TIME_SECONDS", "600")
            .env("DATABASE_URL", &place.url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log)?);
        if let Some(redis) = redis {
            command.env("REDIS_URL", redis);
            command.env("REDIS_PREFIX", &place.prefix);
        }
        let began = Instant::now();
        let mut process = Process::spawn(&mut command)
            .map_err(|fault| format!("{} cannot be run: {fault}", server.display()))?;
        let is_there = |addr| match redis {
            None => answers(addr),
            Some(_) => hears_others(addr),
        };
        while !is_there(http) {
            if process.has_ended() || began.elapsed() > PATIENCE {
                let said = std::fs::read_to_string(log).unwrap_or_default();
                return Err(format!("the server did not start: {said}").into());
            }
            thread::sleep(Duration::from_micros(200));
        }
        Ok(Self {
            process,
            http,
            socket,
            start: began.elapsed(),
        })
    }

    /// A bearer token of `user`, as the program at `server` makes it.
    pub(crate) fn token(server: &Path, user: &str) -> Result<String, Fault> {
        let made = Command::new(server)
            .args(["token", "--user", user])
            .env_clear()
            .env("JWT_SECRET", JWT_SECRET)
            .output()?;
        if !made.status.success() {
            let said = String::from_utf8_lossy(&made.stderr);
            return Err(format!("no token was made: {said}").into());
        }
        Ok(String::from_utf8(made.stdout)?.trim().to_owned())
    }

    /// Signs webhooks for this server.
    pub(crate) fn signer(&self) -> Signer {
        Signer::new(AUTH_TOKEN, &format!("http://{}", self.http))
    }
}

/// Whether a server is there and says that it is well.
fn answers(addr: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(addr) else {
        return false;
    };
    let mut answer = [0; 12];
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer == *b"HTTP/1.1 200"
}

/// Whether a server is there and hears the other nodes.
fn hears_others(addr: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(addr) else {
        return false;
    };
    let mut answer = String::new();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.contains(r#""redis":"up""#)
}

/// An address nobody listens on. Somebody might in a moment, but nobody will.
fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
