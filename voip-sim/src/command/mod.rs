//! What the program understands on its command line.

mod remote;
mod serve;

use std::io::Write as _;

use clap::{Parser, Subcommand};

pub(crate) use remote::{Remote, drive};
pub(crate) use serve::{Serve, serve};

/// A Twilio Voice simulator: takes REST calls, executes TwiML, signs webhooks.
///
/// Without a command it serves. The other commands drive a simulator that runs.
#[derive(Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: Serve,
    /// Where the simulator to be driven listens.
    #[arg(long, global = true, default_value = "http://127.0.0.1:8090")]
    pub(crate) sim: String,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Runs a simulator until it is interrupted.
    Serve(Serve),
    #[command(flatten)]
    Remote(Remote),
}

/// Says why something did not work, on standard error.
pub(crate) fn complain(why: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "voip-sim: {why}");
}
