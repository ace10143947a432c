//! Access tokens: who a browser is, and what it may do.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::{Sha256, Sha384, Sha512};
use time::OffsetDateTime;

use crate::address::Address;
use crate::engine::EngineConfig;

/// The longest that a token may be good for, in seconds.
const LONGEST: i64 = 86_400;

/// The content type that tells access tokens from other tokens.
const CONTENT_TYPE: &str = "twilio-fpa;v=1";

/// What a token allows.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) identity: String,
    /// When it ends, in seconds since 1970.
    pub(super) expires: i64,
    /// Whether calls to it may come here.
    pub(super) incoming: bool,
    /// The TwiML App it may call through, and parameters that go along.
    pub(super) outgoing: Option<(String, Vec<(String, String)>)>,
}

/// Why a token lets nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denial {
    /// It is no token, or its signature is not that of the key it names.
    #[error("the access token is not valid")]
    Invalid,
    /// Its header is not that of an access token.
    #[error("the header of the access token is not valid: typ or cty")]
    Header,
    /// It is good for longer than a day.
    #[error("the access token is valid for longer than 24 hours")]
    TooLong,
    /// Its time is over, or has not come.
    #[error("the access token has expired or is not valid yet")]
    Expired,
    /// It is of another account or of an unknown key, or has no voice grant.
    #[error("the access token does not belong to this account, or grants no voice")]
    Forbidden,
}

impl Denial {
    /// The vendor's code on the wire.
    pub(super) fn code(self) -> u32 {
        match self {
            Self::Invalid => 31204,
            Self::Header => 20102,
            Self::TooLong => 20157,
            Self::Expired => 31205,
            Self::Forbidden => 31201,
        }
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: Option<String>,
    cty: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    grants: Grants,
}

#[derive(Deserialize)]
struct Grants {
    identity: Option<String>,
    voice: Option<Voice>,
}

#[derive(Deserialize)]
struct Voice {
    incoming: Option<Incoming>,
    outgoing: Option<Outgoing>,
}

#[derive(Deserialize)]
struct Incoming {
    #[serde(default)]
    allow: bool,
}

#[derive(Deserialize)]
struct Outgoing {
    application_sid: Option<String>,
    #[serde(default)]
    params: serde_json::Map<String, serde_json::Value>,
}

impl Access {
    /// Checks a token: its signature first.
    pub(super) fn check(
        config: &EngineConfig,
        token: &str,
        now: OffsetDateTime,
    ) -> Result<Self, Denial> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Denial::Invalid)?;
        let (header, claims) = signed.split_once('.').ok_or(Denial::Invalid)?;
        let decoded = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| Denial::Invalid);
        let header: Header = json(&decoded(header)?)?;
        // Who signed it is a claim; until the signature is found good it is only looked up.
        let claims: Claims = json(&decoded(claims)?)?;
        let key = config.api_keys.iter().find(|key| key.sid == claims.iss);
        let secret = key.ok_or(Denial::Forbidden)?.secret.expose().as_bytes();
        if !signature_is_good(&header.alg, secret, signed.as_bytes(), &decoded(signature)?) {
            return Err(Denial::Invalid);
        }
        let is_jwt = |typ: &String| typ.eq_ignore_ascii_case("JWT");
        if !header.typ.as_ref().is_some_and(is_jwt) || header.cty.as_deref() != Some(CONTENT_TYPE) {
            return Err(Denial::Header);
        }
        let second = now.unix_timestamp();
        if claims.exp <= second || claims.nbf.is_some_and(|from| from > second) {
            return Err(Denial::Expired);
        }
        if claims.exp.saturating_sub(claims.iat.unwrap_or(second)) > LONGEST {
            return Err(Denial::TooLong);
        }
        if claims.sub != config.account_sid {
            return Err(Denial::Forbidden);
        }
        let voice = claims.grants.voice.ok_or(Denial::Forbidden)?;
        let identity = claims.grants.identity.ok_or(Denial::Forbidden)?;
        if Address::parse(&format!("client:{identity}")).is_none() {
            return Err(Denial::Invalid);
        }
        let outgoing = voice.outgoing.and_then(|outgoing| {
            let params = outgoing
                .params
                .into_iter()
                .map(|(name, value)| match value {
                    serde_json::Value::String(text) => (name, text),
                    other => (name, other.to_string()),
                });
            Some((outgoing.application_sid?, params.collect()))
        });
        Ok(Self {
            identity,
            expires: claims.exp,
            incoming: voice.incoming.is_some_and(|incoming| incoming.allow),
            outgoing,
        })
    }
}

fn json<T: serde::de::DeserializeOwned>(bytes: &[u8]) -> Result<T, Denial> {
    serde_json::from_slice(bytes).map_err(|_| Denial::Invalid)
}

fn signature_is_good(algorithm: &str, secret: &[u8], signed: &[u8], signature: &[u8]) -> bool {
    macro_rules! good {
        ($hash:ty) => {
            Hmac::<$hash>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(signed).verify_slice(signature).is_ok())
        };
    }
    match algorithm {
        "HS256" => good!(Sha256),
        "HS384" => good!(Sha384),
        "HS512" => good!(Sha512),
        _ => false,
    }
}

/// Shows no identity.
impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access")
            .field("expires", &self.expires)
            .field("incoming", &self.incoming)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;
    use crate::engine::ApiKey;

    const NOW: OffsetDateTime = datetime!(2026-01-05 12:00 UTC);

    fn config() -> EngineConfig {
        let mut config = EngineConfig::new("ACa", "token");
        config.api_keys.push(ApiKey {
            sid: "SKa".to_owned(),
            secret: "secret".into(),
        });
        config
    }

    fn claims() -> Value {
        json!({
            "iss": "SKa", "sub": "ACa", "exp": NOW.unix_timestamp() + 60,
            "grants": {"identity": "ann", "voice": {
                "incoming": {"allow": true},
                "outgoing": {"application_sid": "APa", "params": {"plan": "gold"}},
            }},
        })
    }

    fn signed(algorithm: &str, claims: &Value, secret: &str) -> String {
        let header = json!({"alg": algorithm, "typ": "JWT", "cty": "twilio-fpa;v=1"});
        with_header(&header, claims, secret)
    }

    fn with_header(header: &Value, claims: &Value, secret: &str) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let signature = mac.chain_update(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn checked(claims: &Value) -> Result<Access, Denial> {
        Access::check(&config(), &signed("HS256", claims, "secret"), NOW)
    }

    #[test]
    fn a_good_token_says_who_and_what() {
        let access = checked(&claims()).unwrap();
        assert_eq!(access.identity, "ann");
        assert!(access.incoming);
        let params = vec![("plan".to_owned(), "gold".to_owned())];
        assert_eq!(access.outgoing, Some(("APa".to_owned(), params)));
    }

    #[test]
    fn without_the_keys_secret_nobody_gets_in() {
        let refused = |token: &str| Access::check(&config(), token, NOW).unwrap_err();
        assert_eq!(
            refused(&signed("HS256", &claims(), "guess")),
            Denial::Invalid
        );
        assert_eq!(
            refused(&signed("none", &claims(), "secret")),
            Denial::Invalid
        );
        assert_eq!(refused("a.b"), Denial::Invalid);
        let token = signed("HS256", &claims(), "secret");
        let (head, _) = token.rsplit_once('.').unwrap();
        assert_eq!(refused(&format!("{head}.")), Denial::Invalid);
    }

    #[test]
    fn each_claim_counts() {
        let with = |pointer: &str, value: Value| {
            let mut claims = claims();
            *claims.pointer_mut(pointer).unwrap() = value;
            checked(&claims)
        };
        assert_eq!(
            with("/exp", json!(NOW.unix_timestamp())),
            Err(Denial::Expired)
        );
        assert_eq!(with("/iss", json!("SKb")), Err(Denial::Forbidden));
        assert_eq!(with("/sub", json!("ACb")), Err(Denial::Forbidden));
        assert_eq!(with("/grants/voice", json!(null)), Err(Denial::Forbidden));
        assert_eq!(with("/grants/identity", json!("a b")), Err(Denial::Invalid));
        assert!(!with("/grants/voice/incoming", json!({})).unwrap().incoming);
        assert_eq!(
            with("/grants/voice/outgoing", json!({})).unwrap().outgoing,
            None
        );
        let mut early = claims();
        early["nbf"] = json!(NOW.unix_timestamp() + 1);
        assert_eq!(checked(&early), Err(Denial::Expired));
    }

    #[test]
    fn the_header_says_that_it_is_an_access_token() {
        let with = |typ: Value, cty: Value| {
            let header = json!({"alg": "HS256", "typ": typ, "cty": cty});
            Access::check(&config(), &with_header(&header, &claims(), "secret"), NOW)
        };
        assert!(with(json!("JWT"), json!("twilio-fpa;v=1")).is_ok());
        for (typ, cty) in [
            (json!("JWT"), json!(null)),
            (json!("JWT"), json!("twilio-fpa;v=2")),
            (json!("JWE"), json!("twilio-fpa;v=1")),
            (json!(null), json!("twilio-fpa;v=1")),
        ] {
            assert_eq!(with(typ, cty), Err(Denial::Header));
        }
        assert_eq!(Denial::Header.code(), 20102);
    }

    #[test]
    fn a_token_is_good_for_a_day_at_most() {
        let lasting = |iat: Option<i64>, exp: i64| {
            let second = NOW.unix_timestamp();
            let mut claims = claims();
            claims["iat"] = json!(iat.map(|iat| second + iat));
            claims["exp"] = json!(second.saturating_add(exp));
            checked(&claims).err()
        };
        assert_eq!(lasting(Some(0), 86_400), None);
        assert_eq!(lasting(None, 86_400), None);
        assert_eq!(lasting(Some(-100), 86_300), None);
        for (iat, exp) in [(Some(0), 86_401), (None, 86_401), (Some(-100), 86_301)] {
            assert_eq!(lasting(iat, exp), Some(Denial::TooLong));
        }
        assert_eq!(lasting(Some(-1), i64::MAX), Some(Denial::TooLong));
        assert_eq!(Denial::TooLong.code(), 20157);
    }

    /// Known answers: tokens that the vendor's own library made.
    #[test]
    fn tokens_of_the_vendors_library_are_let_in() {
        let vectors = include_str!("../../../voip-twilio/tests/vectors.json");
        let vectors: Value = serde_json::from_str(vectors).unwrap();
        let vectors = vectors["access_tokens"].as_array().unwrap();
        assert!(vectors.len() >= 2);
        for vector in vectors {
            let input = &vector["input"];
            let text = |name: &str| input[name].as_str().unwrap();
            let mut config = EngineConfig::new(text("account_sid"), "token");
            config.api_keys.push(ApiKey {
                sid: text("api_key_sid").to_owned(),
                secret: text("api_key_secret").into(),
            });
            let now = input["now"].as_i64().unwrap();
            let now = OffsetDateTime::from_unix_timestamp(now).unwrap();
            let name = &vector["name"];
            let access = Access::check(&config, vector["jwt"].as_str().unwrap(), now);
            let access = access.unwrap_or_else(|denial| panic!("{name}: {denial}"));
            assert_eq!(access.identity, text("identity"), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert!(Access::check(&config(), &text, NOW).is_err());
        }

        #[test]
        fn a_token_that_was_touched_is_refused(place in 0_usize..200, byte in b'A'..=b'z') {
            let token = signed("HS256", &claims(), "secret");
            let mut bytes = token.clone().into_bytes();
            let place = place % bytes.len();
            bytes[place] = byte;
            let touched = String::from_utf8(bytes).unwrap();
            // The last letter of a part has bits that mean nothing.
            let same = |one: &str, other: &str| one.split('.').zip(other.split('.')).all(
                |(one, other)| URL_SAFE_NO_PAD.decode(one).ok() == URL_SAFE_NO_PAD.decode(other).ok());
            let refused = Access::check(&config(), &touched, NOW).is_err();
            prop_assert!(refused || same(&token, &touched));
        }
    }
}
