use std::path::Path;

use time::UtcOffset;
use voip_core::{Error, ErrorKind, Result, Timestamp, ports::ArchivedCall};

#[cfg(feature = "mysql")]
use super::outbound_caller::OutboundCaller;
use super::{Page, Person, moment, voip_backend::VoipBackend};

/// How the data of an earlier system is read.
#[derive(Clone, Debug)]
pub struct LegacyOptions {
    /// At what offset from UTC moments without a zone are meant.
    pub(super) offset: UtcOffset,
    /// Stands before the ids of the Outbound Caller's users.
    pub(super) user_prefix: String,
    /// When devices were seen last of which that is not known.
    pub(super) now: Timestamp,
}

impl LegacyOptions {
    /// Moments in UTC, users with the ids they had.
    pub fn new(now: Timestamp) -> Self {
        Self {
            offset: UtcOffset::UTC,
            user_prefix: String::new(),
            now,
        }
    }

    /// Moments without a zone are at this offset from UTC, such as `+02:00`.
    ///
    /// # Errors
    /// `Misconfigured` when the text is no offset.
    pub fn with_utc_offset(mut self, text: &str) -> Result<Self> {
        self.offset = moment::offset(text).ok_or_else(|| {
            Error::new(
                ErrorKind::Misconfigured,
                "an offset from UTC is written like +02:00 or -05:30",
            )
        })?;
        Ok(self)
    }

    /// The ids of the Outbound Caller's users, which count from 1, get this
    /// before them: needed where others have such ids already.
    #[must_use]
    pub fn with_user_prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.user_prefix);
        self
    }
}

/// The data of an earlier system, as it was when it was opened.
#[derive(Debug)]
pub struct LegacySource(Kind);

#[derive(Debug)]
enum Kind {
    VoipBackend(VoipBackend),
    #[cfg(feature = "mysql")]
    OutboundCaller(OutboundCaller),
}

impl LegacySource {
    /// Opens what `from` names: the URL of a MySQL schema (`mysql:` or
    /// `mariadb:`), else an SQLite file, with or without `sqlite:`. Nothing is
    /// ever written to it.
    ///
    /// # Errors
    /// `Misconfigured` when it is something else, `Unavailable` when it cannot
    /// be reached.
    pub async fn open(from: &str, options: LegacyOptions) -> Result<Self> {
        if from.starts_with("mysql:") || from.starts_with("mariadb:") {
            #[cfg(feature = "mysql")]
            return OutboundCaller::connect(from, options)
                .await
                .map(|source| Self(Kind::OutboundCaller(source)));
            #[cfg(not(feature = "mysql"))]
            return Err(Error::new(
                ErrorKind::Unsupported,
                "this build knows no MySQL: build voip-store with the feature mysql",
            ));
        }
        if from.contains("://") && !from.starts_with("sqlite:") {
            return Err(Error::new(
                ErrorKind::Misconfigured,
                "an earlier system's data is an SQLite file or a mysql: address",
            ));
        }
        let path = from.strip_prefix("sqlite:").unwrap_or(from);
        let path = path.strip_prefix("//").unwrap_or(path);
        VoipBackend::open(Path::new(path), options).map(|source| Self(Kind::VoipBackend(source)))
    }

    /// What the earlier system is called.
    pub fn name(&self) -> &'static str {
        match &self.0 {
            Kind::VoipBackend(_) => "VoIP Backend",
            #[cfg(feature = "mysql")]
            Kind::OutboundCaller(_) => "Outbound Caller",
        }
    }

    /// How many people and how many calls it keeps.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn counts(&mut self) -> Result<(u64, u64)> {
        match &mut self.0 {
            Kind::VoipBackend(source) => source.counts(),
            #[cfg(feature = "mysql")]
            Kind::OutboundCaller(source) => source.counts().await,
        }
    }

    /// Up to `limit` people from where `next` of the page before says; from the
    /// first one where there is none.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn people(&mut self, after: Option<&str>, limit: usize) -> Result<Page<Person>> {
        match &mut self.0 {
            Kind::VoipBackend(source) => source.people(after, limit),
            #[cfg(feature = "mysql")]
            Kind::OutboundCaller(source) => source.people(after, limit).await,
        }
    }

    /// Up to `limit` calls from where `next` of the page before says; from the
    /// first one where there is none. All have ended.
    ///
    /// # Errors
    /// `Unavailable` when it cannot be read.
    pub async fn calls(&mut self, after: Option<&str>, limit: usize) -> Result<Page<ArchivedCall>> {
        match &mut self.0 {
            Kind::VoipBackend(source) => source.calls(after, limit),
            #[cfg(feature = "mysql")]
            Kind::OutboundCaller(source) => source.calls(after, limit).await,
        }
    }
}
