//! The signature on the provider's requests (`X-Twilio-Signature`).

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// The signature of a request, as its header says it: Base64 of HMAC-SHA1.
///
/// `url` is taken byte for byte, so it must already have the form that is
/// signed: no fragment, no credentials, the port as the scheme demands. For a
/// `GET`, and for a body that is not a form, `params` is empty. The order of
/// `params` does not matter.
///
/// ```
/// let params = [("Digits".to_owned(), "1234".to_owned())];
/// let signature = voip_twilio::signature::sign("12345", "https://example.com/", &params);
/// assert_eq!(signature.len(), 28);
/// ```
pub fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: Vec<(&str, &str)> =
        params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut mac = keyed(auth_token);
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn keyed(auth_token: &str) -> Hmac<Sha1> {
    Hmac::new_from_slice(auth_token.as_bytes()).expect("HMAC takes keys of any length")
}
