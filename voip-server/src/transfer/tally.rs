use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write as _},
};

use super::target::Put;

/// After so many rows there is a word of progress.
const STRIDE: u64 = 10_000;

/// What became of the rows of one kind. Its `Display` is the summary: counts
/// and reasons, and nothing of any row.
#[derive(Debug)]
pub(crate) struct Tally {
    kind: &'static str,
    read: u64,
    added: u64,
    there: u64,
    left_out: BTreeMap<String, u64>,
    remarks: BTreeMap<String, u64>,
}

impl Tally {
    /// Nothing yet of `kind`, a word in the plural.
    pub(super) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            read: 0,
            added: 0,
            there: 0,
            left_out: BTreeMap::new(),
            remarks: BTreeMap::new(),
        }
    }

    /// Counts a row that was written, or needed not to be.
    pub(super) fn count(&mut self, put: Put) {
        self.read += 1;
        match put {
            Put::Added => self.added += 1,
            Put::AddedWithoutNumber => {
                self.added += 1;
                self.remark(&"the phone number belongs to another user: left out");
            }
            Put::There => self.there += 1,
            Put::LeftOut(why) => *self.left_out.entry(why.to_string()).or_default() += 1,
        }
        if self.read.is_multiple_of(STRIDE) {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(io::stderr(), "{} {} read", self.read, self.kind);
        }
    }

    /// Counts a row that has no form here.
    pub(super) fn leave_out(&mut self, why: &impl fmt::Display) {
        self.read += 1;
        *self.left_out.entry(why.to_string()).or_default() += 1;
    }

    /// Counts what was decided for a row.
    pub(super) fn remark(&mut self, what: &impl fmt::Display) {
        *self.remarks.entry(what.to_string()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left_out: u64 = self.left_out.values().sum();
        write!(
            f,
            "{}: {} read, {} added, {} there already, {left_out} left out",
            self.kind, self.read, self.added, self.there
        )?;
        for (why, count) in &self.left_out {
            write!(f, "\n  left out {count}: {why}")?;
        }
        for (what, count) in &self.remarks {
            write!(f, "\n  note on {count}: {what}")?;
        }
        Ok(())
    }
}
