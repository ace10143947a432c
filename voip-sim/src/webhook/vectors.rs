//! Known answers: the signatures that the vendor's own library computes.

use serde_json::Value;

use super::destination;
use crate::secret::AuthToken;
use crate::twiml::Method;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../voip-twilio/tests/vectors.json")).unwrap()
}

/// Where the library signs the address it is given, and the provider another form of it.
const OTHERWISE: [&str; 2] = [
    // Over https the provider leaves the port out.
    "https-explicit-443",
    // The request goes out with the quote escaped, and what goes out is signed.
    "query-with-single-quote",
];

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
        assert_eq!(same, !OTHERWISE.contains(&text("name")), "{}", text("name"));
        count += usize::from(same);
    }
    assert!(count >= 20, "{count}");
}

/// The exceptions are signed as the form of the address that stands beside each.
#[test]
fn the_port_is_left_out_and_the_quote_escaped() {
    let token = AuthToken::from("t");
    let sign = |url: &str| {
        destination(url, Method::Post, &[], &token)
            .unwrap()
            .signature
    };
    let plain = |url: &str| voip_twilio::signature::sign("t", url, &[]);
    assert_eq!(sign("https://a.test:443/x"), plain("https://a.test/x"));
    assert_eq!(
        sign("https://a.test/x?n=O'B"),
        plain("https://a.test/x?n=O%27B")
    );
}
