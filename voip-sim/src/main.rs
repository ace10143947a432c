//! `voip-sim`: the Twilio Voice simulator as a program of its own, and the hand that drives one.

mod command;

use clap::Parser;

use command::{Arguments, Command};

#[tokio::main]
async fn main() -> std::process::ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let done = match arguments.command {
        None => command::serve(arguments.serve).await,
        Some(Command::Serve(serve)) => command::serve(serve).await,
        Some(Command::Remote(remote)) => command::drive(&arguments.sim, remote).await,
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(why) => {
            command::complain(&why);
            std::process::ExitCode::FAILURE
        }
    }
}
