//! The end-to-end load driver: what a request costs the server, beside what a
//! bare handler costs on the same machine at the same moment.
//!
//! | room | what is in it |
//! |---|---|
//! | `options` | the command line |
//! | `app`, `hello`, `provider` | the server measured, the bare one, the stand-in for the provider |
//! | `process` | a process under measurement: its processor time and memory |
//! | `message`, `request`, `client` | HTTP/1.1 as cheap as it gets |
//! | `place` | where a server's database is: in a file, or on a database server |
//! | `database` | the calls and users that are there before a run |
//! | `closed_loop`, `workload` | as fast as the server answers, one row after the other |
//! | `paced` | at a fixed rate: from webhook to WebSocket or Socket.IO event |
//! | `socket`, `socketio` | WebSocket and Socket.IO clients |
//! | `flood` | what others notice of a flood of logins |
//! | `hold` | putting calls on hold, at the simulator |
//! | `start`, `idle` | time to the first answer; memory |
//! | `goal`, `report` | what is wanted, and how it is printed |
//!
//! Everything happens on the loopback interface. `docs/performance.md` says how
//! to run it and what the figures mean.

mod app;
mod client;
mod closed_loop;
mod database;
mod flood;
mod goal;
mod hello;
mod hold;
mod idle;
mod message;
mod options;
mod paced;
mod place;
mod process;
mod provider;
mod report;
mod request;
mod socket;
mod socketio;
mod start;
mod workload;

use std::process::ExitCode;

use clap::Parser;

use options::{Command, Options};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Whatever went wrong, for people.
type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let options = Options::parse();
    let done = match options.command {
        Some(Command::Hello) => hello::serve(),
        None => measure(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            report::complain(&*fault);
            ExitCode::FAILURE
        }
    }
}

/// Measures everything that was asked for, and prints it; what was measured
/// before a fault, too.
fn measure(options: &Options) -> Result<(), Fault> {
    let mut report = report::Report::default();
    let done = fill(&mut report, options);
    report.print()?;
    done
}

fn fill(report: &mut report::Report, options: &Options) -> Result<(), Fault> {
    // One thread for the client, so that it takes no more than one core.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let folder = tempfile::tempdir_in(&options.folder)?;
    let rows = workload::Workload::wanted(options);
    if !rows.is_empty()
        || [paced::NAME, flood::NAME, hold::NAME]
            .into_iter()
            .any(|name| options.wants(name))
    {
        let database = database::Database::fill(&runtime, folder.path(), options)?;
        let hello = hello::start()?;
        for row in rows {
            for &connections in &options.connections {
                let file = database.copy()?;
                let measured =
                    workload::measure(&runtime, row, connections, &file, &hello, options);
                report.add_row(measured?);
            }
        }
        for wire in paced::WIRES {
            if !options.wants(paced::NAME) {
                continue;
            }
            let file = database.copy()?;
            report.add_figures(paced::measure(&runtime, wire, &file, None, options)?);
        }
        for wire in paced::WIRES {
            if !options.wants(paced::NAME) || options.redis.is_none() {
                continue;
            }
            let file = database.copy()?;
            // Two files, which hold the same at first; or one server for both.
            let other = match options.database {
                None => Some(database.copy()?),
                Some(_) => None,
            };
            let other = other.as_ref().unwrap_or(&file);
            let measured = paced::measure(&runtime, wire, &file, Some(other), options);
            report.add_figures(measured?);
        }
        if options.wants(flood::NAME) {
            let file = database.copy()?;
            report.add_figures(flood::measure(&runtime, &file.place, options)?);
        }
        if options.wants(hold::NAME) {
            let file = database.copy()?;
            report.add_figures(hold::measure(&runtime, &file.place, options)?);
        }
    }
    if options.wants(start::NAME) {
        report.add_figures(start::measure(folder.path(), options)?);
    }
    if options.wants(idle::NAME) {
        report.add_figures(idle::measure(&runtime, folder.path(), options)?);
        report.add_figures(idle::measure_socketio(&runtime, folder.path(), options)?);
    }
    Ok(())
}
