//! Requests as bytes, made before the clock starts.

use voip_benches::Webhook;

/// A `GET`.
pub(crate) fn get(target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes()
}

/// A `GET` of somebody who is logged in.
pub(crate) fn get_as(target: &str, token: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n")
        .into_bytes()
}

/// A `POST` of JSON.
pub(crate) fn post_json(target: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A `POST` of JSON by somebody who is logged in.
pub(crate) fn post_json_as(target: &str, body: &str, token: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A webhook, with the headers the provider sends.
pub(crate) fn webhook(webhook: &Webhook) -> Vec<u8> {
    let Webhook {
        target,
        signature,
        body,
    } = webhook;
    let length = body.len();
    format!(
        "POST {target} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: TwilioProxy/1.1\r\n\
         Accept: */*\r\nCache-Control: max-age=259200\r\n\
         I-Twilio-Idempotency-Token: 3f0b6a1e-7f5d-4b43-9a2c-1d6f6f1e2a77\r\n\
         X-Twilio-Signature: {signature}\r\n\
         Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}
