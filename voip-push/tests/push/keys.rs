//! Keys made for these tests and used nowhere else.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use url::Url;
use voip_push::ServiceAccount;

pub(crate) const RSA: &str = include_str!("keys/test-only-rsa.pem");
pub(crate) const RSA_PUBLIC: &str = include_str!("keys/test-only-rsa.pub.pem");
pub(crate) const P256: &str = include_str!("keys/test-only-p256.p8");
pub(crate) const P256_PUBLIC: &str = include_str!("keys/test-only-p256.pub.pem");
pub(crate) const P384: &str = include_str!("keys/test-only-p384.p8");

/// An account that mints its tokens at `token_uri`.
pub(crate) fn account(token_uri: &str) -> ServiceAccount {
    let file = json!({
        "type": "service_account",
        "project_id": "demo-project",
        "private_key_id": "key-1",
        "private_key": RSA,
        "client_email": "push@demo-project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    });
    let account = ServiceAccount::from_json(&file.to_string()).unwrap();
    account.with_token_uri(Url::parse(token_uri).unwrap())
}

/// Header and claims of a JWT, as their exact text, after its signature was
/// checked.
pub(crate) fn opened(jwt: &str, algorithm: Algorithm, public_pem: &str) -> (String, String) {
    let key = match algorithm {
        Algorithm::RS256 => DecodingKey::from_rsa_pem(public_pem.as_bytes()),
        _ => DecodingKey::from_ec_pem(public_pem.as_bytes()),
    };
    let mut validation = Validation::new(algorithm);
    // The tests' time is not the machine's.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(jwt, &key.unwrap(), &validation).expect("signed by our key");
    let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let parts: Vec<_> = jwt.split('.').collect();
    (text(parts[0]), text(parts[1]))
}
