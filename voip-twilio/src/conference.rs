//! Conferences and who is in them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer};
use voip_core::ProviderCallId;

/// Which conferences to list; all where nothing is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConferenceFilter {
    /// The exact name. Many conferences may have had it, one of them at most
    /// is live.
    pub friendly_name: Option<String>,
    /// The status.
    pub status: Option<ConferenceStatus>,
}

/// How far a conference has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConferenceStatus {
    /// Somebody is in it, but it has not started.
    Init,
    /// It has started.
    InProgress,
    /// It is over.
    Completed,
}

/// A conference.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Conference {
    /// Its name at the provider.
    #[serde(rename = "sid", deserialize_with = "parsed")]
    pub id: ProviderCallId,
    /// The name it was given.
    pub friendly_name: String,
    /// How far it has come.
    #[serde(deserialize_with = "parsed")]
    pub status: ConferenceStatus,
}

/// A leg in a conference that is not over.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Participant {
    /// The leg.
    #[serde(rename = "call_sid", deserialize_with = "parsed")]
    pub leg: ProviderCallId,
    /// The conference.
    #[serde(rename = "conference_sid", deserialize_with = "parsed")]
    pub conference: ProviderCallId,
    /// Whether it is on hold.
    pub hold: bool,
    /// Whether it is muted.
    pub muted: bool,
    /// The provider's word for how far it has come in, such as `connected`.
    pub status: String,
}

impl ConferenceStatus {
    /// The provider's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::InProgress => "in-progress",
            Self::Completed => "completed",
        }
    }
}

/// The word is no status of a conference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a conference status")]
pub struct UnknownConferenceStatus;

impl FromStr for ConferenceStatus {
    type Err = UnknownConferenceStatus;

    fn from_str(text: &str) -> Result<Self, UnknownConferenceStatus> {
        [Self::Init, Self::InProgress, Self::Completed]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(UnknownConferenceStatus)
    }
}

impl fmt::Debug for Conference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name may be anything, a phone number for instance.
        f.debug_struct("Conference")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant")
            .field("leg", &self.leg)
            .field("conference", &self.conference)
            .field("hold", &self.hold)
            .field("muted", &self.muted)
            .field("status", &self.status)
            .finish()
    }
}

/// Reads a JSON string as anything that has a text form.
pub(crate) fn parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: fmt::Display>,
{
    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}
