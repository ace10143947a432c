//! Signals to a server and to the processes it has made.

use std::{fs, process::Command};

/// A signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Signal {
    /// Asks it to end.
    Terminate,
    /// Asks it to end, as Ctrl-C does.
    Interrupt,
    /// Stops it at once, until it is told to go on.
    Pause,
    /// Lets it go on.
    Resume,
    /// Ends it as a power cut does.
    Kill,
}

/// Sends `signal` to these processes. Those that are gone already are passed
/// by.
pub(super) fn send(signal: Signal, processes: &[u32]) {
    let word = match signal {
        Signal::Terminate => "-TERM",
        Signal::Interrupt => "-INT",
        Signal::Pause => "-STOP",
        Signal::Resume => "-CONT",
        Signal::Kill => "-KILL",
    };
    for process in processes {
        let sent = Command::new("kill")
            .args([word, &process.to_string()])
            .output();
        sent.expect("every Unix has kill");
    }
}

/// The processes that `parent` has made and that live.
pub(super) fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    processes
        .filter(|process| stands(*process).is_some_and(|(_, of)| of == parent))
        .collect()
}

/// Whether the process lives. One that ended and that nobody has asked about
/// does not.
pub(super) fn lives(process: u32) -> bool {
    stands(process).is_some_and(|(state, _)| state != 'Z')
}

/// The state and the parent of a process.
fn stands(process: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The program's name stands before them in brackets, and may hold anything.
    let (_, rest) = text.rsplit_once(") ")?;
    let mut words = rest.split(' ');
    let state = words.next()?.chars().next()?;
    Some((state, words.next()?.parse().ok()?))
}
