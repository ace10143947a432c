//! How to reach APNs.

use secrecy::SecretString;
use url::Url;
use voip_core::{Error, ErrorKind, Result};

/// How to reach APNs, and as whom.
#[derive(Clone, Debug)]
pub struct ApnsConfig {
    /// The developer team: ten letters and digits.
    pub team_id: String,
    /// The name of the signing key: ten letters and digits.
    pub key_id: String,
    /// The signing key: the text of the `.p8` file, a P-256 key in PKCS#8 PEM.
    pub key_pem: SecretString,
    /// The app, such as `com.example.phone`. The topic is this with `.voip`.
    pub bundle_id: String,
    /// Whether tokens come from development builds. A token belongs to one of
    /// the two environments.
    pub sandbox: bool,
    /// Where APNs is; Apple's server for the environment where nothing is given.
    pub base_url: Option<Url>,
}

impl ApnsConfig {
    const PRODUCTION: &str = "https://api.push.apple.com";
    const SANDBOX: &str = "https://api.sandbox.push.apple.com";

    pub(super) fn base_url(&self) -> Url {
        let default = if self.sandbox {
            Self::SANDBOX
        } else {
            Self::PRODUCTION
        };
        match &self.base_url {
            Some(url) => url.clone(),
            None => Url::parse(default).expect("both constants are URLs"),
        }
    }

    /// Every fault but those of the key, at once.
    pub(super) fn check(&self) -> Result<()> {
        let ten = |id: &str| id.len() == 10 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        let faults: Vec<_> = [
            (
                ten(&self.team_id),
                "the team id is not ten letters and digits",
            ),
            (
                ten(&self.key_id),
                "the key id is not ten letters and digits",
            ),
            (
                !self.bundle_id.is_empty() && self.bundle_id.bytes().all(plain),
                "the bundle id is not letters, digits, hyphens and dots",
            ),
        ]
        .into_iter()
        .filter_map(|(good, fault)| (!good).then_some(fault))
        .collect();
        if faults.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Misconfigured,
            format!("APNs: {}", faults.join("; ")),
        ))
    }
}
