//! The command line: what it explains, makes, deletes and refuses.

mod commands;
#[path = "../process/mod.rs"]
mod process;
mod starting;
