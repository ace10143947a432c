//! Access tokens for voice clients.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use secrecy::ExposeSecret;
use serde::{Serialize, Serializer, ser::SerializeMap};
use sha2::{Sha256, Sha384, Sha512};
use voip_core::{Error, ErrorKind, Result, Timestamp};

use crate::{AccountSid, ApiKey, AppSid, PushCredentialSid};

/// The longest life of a token the provider accepts: a day.
pub const MAX_TTL: Duration = Duration::from_secs(86_400);

/// An access token for a voice client: a JWT (RFC 7519) signed with an API key.
///
/// Says who the client is and what it may do. Members are written in one fixed
/// order, so equal inputs make equal tokens.
#[derive(Clone, Debug)]
pub struct AccessToken<'a> {
    account: &'a AccountSid,
    key: &'a ApiKey,
    identity: &'a str,
    issued_at: i64,
    expires_at: i64,
    not_before: Option<i64>,
    region: Option<String>,
    algorithm: Algorithm,
    voice: VoiceGrant,
}

/// How a token is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HS256")]
    Hs256,
    /// HMAC with SHA-384.
    #[serde(rename = "HS384")]
    Hs384,
    /// HMAC with SHA-512.
    #[serde(rename = "HS512")]
    Hs512,
}

impl<'a> AccessToken<'a> {
    /// A token for `identity` that lives for `ttl`, in whole seconds, from
    /// `now` on. It allows nothing yet.
    ///
    /// # Errors
    /// `Refused` for a life shorter than a second or longer than [`MAX_TTL`].
    pub fn new(
        account: &'a AccountSid,
        key: &'a ApiKey,
        identity: &'a str,
        ttl: Duration,
        now: Timestamp,
    ) -> Result<Self> {
        let seconds = ttl.as_secs();
        if seconds == 0 || ttl > MAX_TTL {
            let text = "a client token lives for 1 second to 24 hours";
            return Err(Error::new(ErrorKind::Refused, text));
        }
        let issued_at = now.as_secs();
        Ok(Self {
            account,
            key,
            identity,
            issued_at,
            expires_at: issued_at.saturating_add_unsigned(seconds),
            not_before: None,
            region: None,
            algorithm: Algorithm::default(),
            voice: VoiceGrant::default(),
        })
    }

    /// Lets calls to the client in.
    #[must_use]
    pub fn allow_incoming(mut self) -> Self {
        self.voice.incoming = Some(Incoming { allow: true });
        self
    }

    /// Lets the client call out through `app`, whose Voice URL is told
    /// `params`.
    #[must_use]
    pub fn outgoing(
        mut self,
        app: AppSid,
        params: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let params = Params(params.into_iter().collect());
        self.voice.outgoing = Some(Outgoing {
            application_sid: app.as_str().to_owned(),
            params,
        });
        self
    }

    /// Lets the client ask to be woken by push.
    #[must_use]
    pub fn push_credential(mut self, credential: PushCredentialSid) -> Self {
        self.voice.push_credential_sid = Some(credential.as_str().to_owned());
        self
    }

    /// Names one device of the identity.
    #[must_use]
    pub fn endpoint(mut self, id: impl Into<String>) -> Self {
        self.voice.endpoint_id = Some(id.into());
        self
    }

    /// Makes it valid from `moment` on only. Best left out: a token from a
    /// clock that is ahead is refused.
    #[must_use]
    pub fn not_before(mut self, moment: Timestamp) -> Self {
        self.not_before = Some(moment.as_secs());
        self
    }

    /// Names the home region of the account, such as `au1`.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Signs with another algorithm than the usual one.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// The token in its compact form.
    pub fn sign(&self) -> String {
        let header = Header {
            alg: self.algorithm,
            typ: "JWT",
            cty: "twilio-fpa;v=1",
            twr: self.region.as_deref(),
        };
        let key = self.key.sid.as_str();
        let claims = Claims {
            jti: format!("{key}-{}", self.issued_at),
            grants: Grants {
                identity: self.identity,
                voice: &self.voice,
            },
            nbf: self.not_before,
            iat: self.issued_at,
            exp: self.expires_at,
            iss: key,
            sub: self.account.as_str(),
        };
        let mut token = encoded(&header);
        token.push('.');
        token.push_str(&encoded(&claims));
        let signature = self.algorithm.sign(self.key, token.as_bytes());
        token.push('.');
        token.push_str(&URL_SAFE_NO_PAD.encode(signature));
        token
    }
}

impl Algorithm {
    fn sign(self, key: &ApiKey, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs256 => mac::<Hmac<Sha256>>(key, message),
            Self::Hs384 => mac::<Hmac<Sha384>>(key, message),
            Self::Hs512 => mac::<Hmac<Sha512>>(key, message),
        }
    }
}

fn mac<M: Mac + KeyInit>(key: &ApiKey, message: &[u8]) -> Vec<u8> {
    let secret = key.secret.expose_secret().as_bytes();
    let mac = <M as KeyInit>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn encoded(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part).expect("strings and numbers have a JSON form");
    URL_SAFE_NO_PAD.encode(json)
}

#[derive(Serialize)]
struct Header<'a> {
    alg: Algorithm,
    typ: &'static str,
    cty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    twr: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: String,
    grants: Grants<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iat: i64,
    exp: i64,
    iss: &'a str,
    sub: &'a str,
}

#[derive(Serialize)]
struct Grants<'a> {
    identity: &'a str,
    voice: &'a VoiceGrant,
}

#[derive(Clone, Debug, Default, Serialize)]
struct VoiceGrant {
    #[serde(skip_serializing_if = "Option::is_none")]
    incoming: Option<Incoming>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outgoing: Option<Outgoing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_credential_sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint_id: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct Incoming {
    allow: bool,
}

#[derive(Clone, Debug, Serialize)]
struct Outgoing {
    application_sid: String,
    #[serde(skip_serializing_if = "Params::is_empty")]
    params: Params,
}

/// Parameters in the order in which they were given.
#[derive(Clone, Debug)]
struct Params(Vec<(String, String)>);

impl Params {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_lives_for_a_day_at_most() {
        let account = "AC000000000000000000000000000000a1".parse().unwrap();
        let sid = "SK000000000000000000000000000000e1".parse().unwrap();
        let key = ApiKey::new(sid, "sesame").unwrap();
        let lives = |ttl| AccessToken::new(&account, &key, "ann", ttl, Timestamp::from_secs(0));
        assert!(lives(MAX_TTL).is_ok());
        for ttl in [
            Duration::ZERO,
            Duration::from_millis(999),
            MAX_TTL + Duration::from_nanos(1),
        ] {
            assert_eq!(lives(ttl).unwrap_err().kind(), ErrorKind::Refused);
        }
    }
}
