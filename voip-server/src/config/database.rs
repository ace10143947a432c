use std::path::PathBuf;

use super::{Faults, Source};

/// Where calls and users are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatabaseConfig {
    /// In an SQLite file.
    Sqlite(PathBuf),
    /// In memory, gone with the process.
    Memory,
}

impl DatabaseConfig {
    pub(crate) fn read(source: &Source, faults: &mut Faults) -> Self {
        let url = source
            .text("DATABASE_URL")
            .unwrap_or_else(|| "sqlite:voip.db".to_owned());
        let path = url
            .strip_prefix("sqlite:")
            .map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        match path {
            Some(":memory:") => Self::Memory,
            Some(path) if !path.is_empty() => Self::Sqlite(PathBuf::from(path)),
            _ => {
                faults.add(
                    "DATABASE_URL",
                    "must be sqlite: and a file, such as sqlite:voip.db",
                );
                Self::Memory
            }
        }
    }
}
