//! The command line.

use std::{
    collections::HashMap,
    io::{self, BufRead as _, Write as _},
    process::ExitCode,
    time::Duration,
};

use clap::{Arg, ArgAction, ArgMatches, Command};
use secrecy::SecretString;
use voip_core::{
    UserId,
    ports::{Clock as _, SystemClock},
};

use crate::{
    Server, StartupError,
    auth::{self, Subject, Tokens},
    banner,
    compose::Store,
    config::{self, Config, DatabaseConfig, Faults, SETTINGS, Source},
    transfer,
};

/// Runs the program with these arguments.
pub fn run(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let matches = command().get_matches_from(arguments);
    match dispatch(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "voip-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Faults(#[from] Faults),
    #[error(transparent)]
    Startup(#[from] StartupError),
    #[error(transparent)]
    Transfer(#[from] transfer::TransferError),
    #[error("{0}")]
    Other(String),
}

impl From<io::Error> for CommandError {
    fn from(error: io::Error) -> Self {
        Self::Other(error.to_string())
    }
}

impl From<voip_core::Error> for CommandError {
    fn from(error: voip_core::Error) -> Self {
        Self::Other(error.to_string())
    }
}

fn command() -> Command {
    let mut command = Command::new("voip-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("The VoIP application backend. Without a subcommand it serves.")
        .after_help("Every flag is also an environment variable and a line in .env, in capitals with underscores. Flags beat the environment, the environment beats .env.");
    for setting in SETTINGS {
        let flag: &'static str = Box::leak(setting.flag().into_boxed_str());
        let help = format!("{} [default: {}]", setting.help, setting.default);
        command = command.arg(
            Arg::new(setting.name)
                .long(flag)
                .value_name("VALUE")
                .help(help)
                .global(true)
                .hide_short_help(true),
        );
    }
    command
        .subcommand(
            Command::new("token")
                .about("Makes a bearer token for the API, signed with JWT_SECRET or the key that the server made beside its database")
                .arg(
                    Arg::new("user")
                        .long("user")
                        .value_name("ID")
                        .help("For this user")
                        .conflicts_with("service"),
                )
                .arg(
                    Arg::new("service")
                        .long("service")
                        .action(ArgAction::SetTrue)
                        .help("For a service that may act for every user"),
                )
                .arg(
                    Arg::new("days")
                        .long("days")
                        .default_value("30")
                        .value_parser(clap::value_parser!(u32).range(1..=3650))
                        .help("How long it is good"),
                ),
        )
        .subcommand(
            Command::new("clear-data")
                .about("Deletes users, calls or both, after a typed confirmation; the server must be stopped")
                .arg(
                    Arg::new("what")
                        .required(true)
                        .value_parser(["users", "calls", "all"]),
                )
                .arg(
                    Arg::new("yes")
                        .long("yes")
                        .action(ArgAction::SetTrue)
                        .help("Do not ask"),
                ),
        )
        .subcommand(transfer::import_command())
        .subcommand(transfer::copy_command())
}

fn dispatch(matches: &ArgMatches) -> Result<(), CommandError> {
    let innermost = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let flags: HashMap<&'static str, String> = SETTINGS
        .iter()
        .filter_map(|setting| {
            Some((
                setting.name,
                innermost.get_one::<String>(setting.name)?.clone(),
            ))
        })
        .collect();
    let source = Source::from_process(flags);
    match matches.subcommand() {
        Some(("token", matches)) => token(&source, matches),
        Some(("clear-data", matches)) => {
            runtime()?.block_on(clear_data(&Config::read(&source)?, matches))
        }
        Some(("import", matches)) => {
            let config = Config::read(&source)?;
            Ok(runtime()?.block_on(transfer::run_import(&config.database, matches))?)
        }
        Some(("copy", matches)) => Ok(runtime()?.block_on(transfer::run_copy(matches))?),
        _ => runtime()?.block_on(serve(Config::read(&source)?)),
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

async fn serve(config: Config) -> Result<(), CommandError> {
    // Before anything is up, so that a stop during the start is not lost.
    let stop = stop_signal()?;
    let mut banner = None;
    let server =
        Server::start_with(config, |config, at| banner = Some(banner::text(config, at))).await?;
    if let Some(banner) = banner {
        let mut out = io::stdout().lock();
        // A closed standard output is no reason to stop.
        let _ = writeln!(
            out,
            "voip-server {} is running\n{banner}",
            env!("CARGO_PKG_VERSION")
        );
        let _ = out.flush();
    }
    stop.await;
    server.stop().await;
    Ok(())
}

fn stop_signal() -> Result<impl Future<Output = ()>, CommandError> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn token(source: &Source, matches: &ArgMatches) -> Result<(), CommandError> {
    let secret = key(source)?;
    let subject = match (
        matches.get_one::<String>("user"),
        matches.get_flag("service"),
    ) {
        (Some(user), _) => Subject::User(
            user.parse::<UserId>()
                .map_err(|error| CommandError::Other(error.to_string()))?,
        ),
        (None, true) => Subject::Service,
        (None, false) => {
            return Err(CommandError::Other("say --user ID or --service".to_owned()));
        }
    };
    let days = matches.get_one::<u32>("days").copied().unwrap_or(30);
    let ttl = Duration::from_secs(u64::from(days) * 24 * 60 * 60);
    let tokens = Tokens::new(&secret);
    let token = tokens.mint(&subject, ttl, SystemClock.now());
    let token = token.map_err(|error| CommandError::Other(error.to_string()))?;
    writeln!(io::stdout(), "{token}")?;
    Ok(())
}

/// The key that the server of this database signs logins with.
fn key(source: &Source) -> Result<SecretString, CommandError> {
    let mut faults = source.faults();
    if let Some(secret) = source.text("JWT_SECRET") {
        if config::is_weak(&secret) {
            faults.add("JWT_SECRET", config::TOO_WEAK);
        }
        return Ok(faults.into_result(SecretString::from(secret))?);
    }
    let database = DatabaseConfig::read(source, &mut faults);
    let path = match faults.into_result(database)? {
        DatabaseConfig::Sqlite(path) => path,
        DatabaseConfig::Memory => {
            let message = "a server in memory has a key that nobody knows: set JWT_SECRET for both";
            return Err(CommandError::Other(message.to_owned()));
        }
        DatabaseConfig::Server(_) => {
            let message = "JWT_SECRET is required with a database server";
            return Err(CommandError::Other(message.to_owned()));
        }
    };
    auth::known_key_beside(&path)?.ok_or_else(|| {
        CommandError::Other(format!(
            "no server has made a key beside {} yet: start one, or set JWT_SECRET to the key it will use",
            path.display()
        ))
    })
}

async fn clear_data(config: &Config, matches: &ArgMatches) -> Result<(), CommandError> {
    let what = matches
        .get_one::<String>("what")
        .map_or("all", String::as_str);
    if !matches.get_flag("yes") {
        write!(
            io::stdout(),
            "This deletes {what} for good. Type {what} to go on: "
        )?;
        io::stdout().flush()?;
        let mut typed = String::new();
        io::stdin().lock().read_line(&mut typed)?;
        if typed.trim() != what {
            return Err(CommandError::Other("nothing was deleted".to_owned()));
        }
    }
    // A server beside it would go on with what it remembers of the deleted.
    let store = Store::open_to_serve(&config.database).await?;
    if matches!(what, "calls" | "all") {
        let calls = store.calls().clear_calls().await?;
        writeln!(io::stdout(), "deleted {calls} calls")?;
    }
    if matches!(what, "users" | "all") {
        let users = store.users().clear_users().await?;
        let accounts = store.accounts().clear_accounts().await?;
        writeln!(io::stdout(), "deleted {users} users, {accounts} accounts")?;
    }
    store.close().await?;
    Ok(())
}
