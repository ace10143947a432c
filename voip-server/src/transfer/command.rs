//! The commands `import` and `copy`.

use std::{
    fmt,
    io::{self, Write as _},
};

use clap::{Arg, ArgAction, ArgMatches, Command};

use super::{Import, copy, import};
use crate::{StartupError, compose::Store, config::DatabaseConfig};

/// What `import` can be told.
pub(crate) fn import_command() -> Command {
    Command::new("import")
        .about("Brings over users and call logs of the VoIP Backend or the Outbound Caller")
        .long_about(
            "Brings over users and call logs of the VoIP Backend (its voip.db) or the Outbound \
             Caller (its MySQL schema) into the database of DATABASE_URL. Can be run again: what \
             is there already is passed by.",
        )
        .arg(
            Arg::new("from")
                .long("from")
                .required(true)
                .value_name("FILE OR URL")
                .help("voip.db, or mysql://user:password@host:3306/outbound_caller"),
        )
        .arg(
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Change nothing, and say what would be done"),
        )
        .arg(
            Arg::new("utc-offset")
                .long("utc-offset")
                .value_name("+HH:MM")
                .allow_hyphen_values(true)
                .help("Where the old system's times without a zone are local [default: +00:00]"),
        )
        .arg(
            Arg::new("user-prefix")
                .long("user-prefix")
                .value_name("TEXT")
                .help("Goes before the ids of the Outbound Caller's users: needed where others have such ids"),
        )
}

/// What `copy` can be told.
pub(crate) fn copy_command() -> Command {
    let database = |name: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .required(true)
            .value_name("DATABASE_URL")
            .help(help)
    };
    Command::new("copy")
        .about("Copies everything from one database of this program to another")
        .long_about(
            "Copies users, accounts and calls from one database of this program to another, such \
             as from sqlite:voip.db to postgres://user:password@host/voip. Stop the servers of \
             both first. Can be run again: what is there already is passed by.",
        )
        .arg(database("from", "Whose data"))
        .arg(database("to", "Where to"))
}

/// Why nothing, or not everything, was brought over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TransferError {
    /// An argument names no database that could be used.
    #[error("{0}")]
    Argument(String),
    /// A database does not open.
    #[error(transparent)]
    Open(#[from] StartupError),
    /// A database is out of order.
    #[error("{0}; what was brought over stays, run this again to go on")]
    Halfway(#[from] voip_core::Error),
    /// The summary could not be printed.
    #[error(transparent)]
    Print(#[from] io::Error),
}

/// Runs `import`.
pub(crate) async fn run_import(
    database: &DatabaseConfig,
    matches: &ArgMatches,
) -> Result<(), TransferError> {
    let text = |name| matches.get_one::<String>(name).map(String::as_str);
    let rehearse = matches.get_flag("dry-run");
    let what = Import {
        from: text("from").unwrap_or_default(),
        rehearse,
        utc_offset: text("utc-offset"),
        user_prefix: text("user-prefix"),
    };
    let store = match database {
        // Not even made.
        DatabaseConfig::Sqlite(path) if rehearse && !path.exists() => {
            Store::open(&DatabaseConfig::Memory).await?
        }
        database => Store::open(database).await?,
    };
    let tallies = import(&what, &store).await;
    store.close().await?;
    summary(&tallies?)?;
    if rehearse {
        writeln!(io::stdout(), "nothing was changed")?;
    }
    Ok(())
}

/// Runs `copy`.
pub(crate) async fn run_copy(matches: &ArgMatches) -> Result<(), TransferError> {
    let database = |name: &str| {
        let url = matches.get_one::<String>(name).map_or("", String::as_str);
        DatabaseConfig::at(url)
            .map_err(|faults| TransferError::Argument(format!("--{name}: {faults}")))
    };
    let (from, to) = (database("from")?, database("to")?);
    if let DatabaseConfig::Sqlite(path) = &from
        && !path.exists()
    {
        let message = format!("--from: there is no file {}", path.display());
        return Err(TransferError::Argument(message));
    }
    // As a server does: whatever it has under way would be torn in two.
    let from = Store::open_to_serve(&from).await?;
    let to = Store::open_to_serve(&to).await?;
    let tallies = copy(&from, &to).await;
    from.close().await?;
    to.close().await?;
    summary(&tallies?)?;
    Ok(())
}

fn summary(tallies: &[impl fmt::Display]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for tally in tallies {
        writeln!(out, "{tally}")?;
    }
    out.flush()
}
