//! Known answers: the signatures that the vendor's own library computes.

use serde_json::Value;

use super::destination;
use crate::secret::AuthToken;
use crate::twiml::Method;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../voip-twilio/tests/vectors.json")).unwrap()
}

/// Over https the provider leaves the port out; the library signs the address it is given.
const OTHERWISE: &str = "https-explicit-443";

#[test]
fn webhooks_are_signed_as_the_vendors_library_computes() {
    let vectors = vectors();
    let mut count = 0;
    for vector in vectors["signature"]["compute"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap();
        let pair = |pair: &Value| {
            let at = |index: usize| pair[index].as_str().unwrap().to_owned();
            (at(0), at(1))
        };
        let form: Vec<_> = vector["params"]
            .as_array()
            .unwrap()
            .iter()
            .map(pair)
            .collect();
        let token = AuthToken::from(text("auth_token"));
        let method = Method::parse(text("method")).unwrap();
        let there = destination(text("url"), method, &form, &token).unwrap();
        let same = there.signature == text("signature");
        assert_eq!(same, text("name") != OTHERWISE, "{}", text("name"));
        count += usize::from(same);
    }
    assert!(count >= 20, "{count}");
}

/// The exception is signed as the address without its port.
#[test]
fn the_port_is_left_out_over_https() {
    let token = AuthToken::from("t");
    let there = destination("https://a.test:443/x", Method::Post, &[], &token).unwrap();
    let plain = voip_twilio::signature::sign("t", "https://a.test/x", &[]);
    assert_eq!(there.signature, plain);
}
