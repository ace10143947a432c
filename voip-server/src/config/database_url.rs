use super::{DatabaseConfig, Faults, Source};

impl DatabaseConfig {
    /// The database at `url`, which says what `DATABASE_URL` may say; nothing
    /// else is read.
    ///
    /// # Errors
    /// Whatever is wrong with it, as of `DATABASE_URL`.
    pub fn at(url: &str) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let source = Source::of([("DATABASE_URL", url.to_owned())]);
        let config = Self::read(&source, &mut faults);
        faults.into_result(config)
    }
}
