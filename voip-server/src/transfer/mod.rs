//! Bringing data over: from the systems that came before ([`import`]), and
//! between databases of ours ([`copy`]).

mod command;
mod copying;
mod importing;
mod owners;
mod tally;
mod target;

use std::io::{self, Write as _};

pub(crate) use command::{TransferError, copy_command, import_command, run_copy, run_import};

use copying::copy;
use importing::{Import, import};
use tally::Tally;

/// How many calls are read at a time; as many are written at once, so that they
/// share commits.
const CALLS: usize = 256;

/// How many people are. Each takes a connection of a database server, so that
/// more of them would only wait in line.
const PEOPLE: usize = 32;

/// Says how far it is, on standard error.
fn say(words: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr(), "{words}");
}
