use bytes::Bytes;
use url::Url;

use crate::auth::SessionCookie;

/// What the web dialer works with.
#[derive(Clone, Debug, Default)]
pub struct DialerSetup {
    /// What keeps its users logged in.
    pub cookie: SessionCookie,
    /// What its calls are heard and spoken through; without one it shows the
    /// log, and says that there is no phone.
    pub phone: Option<PagePhone>,
}

/// What the page calls through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PagePhone {
    /// The simulator, by its own small client.
    Simulator {
        /// The WebSocket of its signalling.
        signal: Url,
    },
    /// Twilio, by its Voice SDK.
    Twilio(VoiceSdk),
}

/// Where the page has the Voice SDK from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceSdk {
    /// From a network of copies on the internet: the one version that the page
    /// was tried with, held to its hash by the browser.
    Pinned,
    /// The operator's own copy.
    Own(Bytes),
}

/// The version that the page was tried with.
pub(super) const PINNED_SDK: &str =
    "https://cdn.jsdelivr.net/npm/@twilio/voice-sdk@2.18.5/dist/twilio.min.js";

/// What a browser holds that file to.
pub(super) const PINNED_SDK_HASH: &str =
    "sha384-LUG7DmzDPWNKRYoqyGpV4d/IByMLiya/oUhMSc/4/6hi0wbzO/8PffM4lzeFEYS8";

impl VoiceSdk {
    /// Its address; relative to the page where it comes from us.
    pub(crate) fn url(&self) -> &'static str {
        match self {
            Self::Pinned => PINNED_SDK,
            Self::Own(_) => "voice-sdk.js",
        }
    }

    /// What the browser is to hold it to.
    pub(crate) fn integrity(&self) -> Option<&'static str> {
        match self {
            Self::Pinned => Some(PINNED_SDK_HASH),
            Self::Own(_) => None,
        }
    }
}
