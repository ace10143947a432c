//! Bringing data over: from the systems that came before ([`import`]), and
//! between databases of ours ([`copy`]).

mod command;
mod copying;
mod importing;
mod owners;
mod tally;
mod target;

pub(crate) use command::{TransferError, copy_command, import_command, run_copy, run_import};

use copying::copy;
use importing::{Import, import};
use std::io::{self, Write as _};
use tally::Tally;

/// How many rows are read at a time; as many are written at once, so that they
/// share commits.
const PAGE: usize = 256;

/// Says how far it is, on standard error.
fn say(words: &str) {
    // Nobody is left to tell if standard error is closed.
    let _ = writeln!(io::stderr(), "{words}");
}
