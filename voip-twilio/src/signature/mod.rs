//! The signature on the provider's requests (`X-Twilio-Signature`).
//!
//! The provider joins the URL it was given and the decoded form fields, sorted
//! and without anything between, and signs that with the auth token
//! (HMAC-SHA1). Nothing can be read off a request before this was checked.
//!
//! - [`sign`] makes a signature, for tests and simulators.
//! - [`verify`] checks one; [`TwilioWebhooks`](crate::TwilioWebhooks) does so
//!   for whole requests.

mod diagnosis;
mod key;
mod signed_url;

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

pub(crate) use diagnosis::diagnose;
pub(crate) use key::{Claim, Key};
pub(crate) use signed_url::{Port, Quotes, SignedUrl, Slash};

/// The name of the header that holds the signature.
pub const HEADER: &str = "X-Twilio-Signature";

/// The signature of a request, as its header says it: Base64 of HMAC-SHA1.
///
/// `url` is taken byte for byte, so it must already have the form that is
/// signed: no fragment, no credentials, over `https` no port. For a `GET`, and
/// for a body that is not a form, `params` is empty. The order of `params`
/// does not matter.
///
/// ```
/// let params = [("Digits".to_owned(), "1234".to_owned())];
/// let signature = voip_twilio::signature::sign("12345", "https://example.com/", &params);
/// assert!(voip_twilio::signature::verify("12345", &signature, "https://example.com/", &params));
/// ```
pub fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let key = Key::new(auth_token);
    STANDARD.encode(key.sign(url, &join(&sorted(params))))
}

/// Whether `signature` is that of a request to `url` with the form fields
/// `params`.
///
/// The provider signs some requests with a port and some without, so both
/// forms of the URL are tried; so are a single quote as it is and escaped,
/// because web frameworks change it. Takes the same time wherever a signature
/// differs.
pub fn verify(auth_token: &str, signature: &str, url: &str, params: &[(String, String)]) -> bool {
    let Some(claim) = Claim::read(signature) else {
        return false;
    };
    let keys = [Key::new(auth_token)];
    claim.holds(&keys, &SignedUrl::read(url), &join(&sorted(params)))
}

/// As [`verify`], for a request whose body is not a form: the signature covers
/// the URL, and the digest in the URL's query covers the body.
pub fn verify_body(auth_token: &str, signature: &str, url: &str, body: &[u8]) -> bool {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    digest_of(query).is_some_and(|digest| covers(digest, body))
        && verify(auth_token, signature, url, &[])
}

/// The digest of the body that a query names.
pub(crate) fn digest_of(query: &str) -> Option<&str> {
    query
        .split('&')
        .find_map(|field| field.strip_prefix("bodySHA256="))
}

/// Whether `digest` is the SHA-256 of `body` in lower-case hex.
pub(crate) fn covers(digest: &str, body: &[u8]) -> bool {
    let actual = Sha256::digest(body);
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(actual) {
        pair[0] = HEX[usize::from(byte >> 4)];
        pair[1] = HEX[usize::from(byte & 15)];
    }
    // The digest is no secret: the signature covers it.
    digest.as_bytes() == hex
}

/// What is signed of fields that are sorted: names and values, nothing between.
pub(crate) fn join<N: AsRef<str>, V: AsRef<str>>(sorted: &[(N, V)]) -> String {
    let length = sorted
        .iter()
        .map(|(name, value)| name.as_ref().len() + value.as_ref().len());
    let mut joined = String::with_capacity(length.sum());
    for (name, value) in sorted {
        joined.push_str(name.as_ref());
        joined.push_str(value.as_ref());
    }
    joined
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Fields in the order in which they are signed, equal pairs once.
fn sorted(params: &[(String, String)]) -> Vec<(&str, &str)> {
    let mut sorted: Vec<_> = params
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}
