use std::{path::PathBuf, time::Duration};

/// How a [`SqliteStore`](crate::SqliteStore) is opened.
///
/// ```
/// let options = voip_store::SqliteOptions::at("voip.db");
/// assert_eq!(options.queue, 4096);
/// ```
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// The file. It is made where it is missing; its folder is not.
    pub path: PathBuf,
    /// How many writes may wait. Default 4096.
    pub queue: usize,
    /// How long a write waits for a place in the queue before it fails as
    /// `Exhausted`. Default 2 s.
    pub queue_patience: Duration,
    /// How long a write waits for another process to let go of the file.
    /// Default 5 s.
    pub lock_patience: Duration,
    /// How many connections read. Default 2; they open when first needed.
    pub readers: usize,
    /// How many lines of call logs wait in memory to be written together,
    /// before some are written with every commit. Default 32768, some 20 MiB.
    pub waiting_lines: usize,
}

impl SqliteOptions {
    /// The defaults, for the file at `path`.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            queue: 4096,
            queue_patience: Duration::from_secs(2),
            lock_patience: Duration::from_secs(5),
            readers: 2,
            waiting_lines: 32_768,
        }
    }
}
