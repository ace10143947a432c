//! What APNs is asked to deliver.

use serde::Serialize;
use voip_core::{CallId, Timestamp};

use crate::caller_text;

/// The app reports the call to CallKit from these fields alone, at once and
/// before it asks us anything: iOS ends an app that does not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a> {
    aps: Empty,
    call_id: CallId,
    handle: &'a str,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct Empty {}

/// The body of a VoIP push, at most 5120 bytes.
pub(super) fn write(call: CallId, caller: &str, until: Timestamp) -> Vec<u8> {
    let handle = caller_text::fitting(caller);
    serde_json::to_vec(&Payload {
        aps: Empty {},
        call_id: call,
        handle,
        expires_at: until,
    })
    .expect("text and numbers always have a JSON form, and a Vec takes all of it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_payload_is_within_5120_bytes(caller: String, repeat in 1..2000_usize, until: i64) {
            let call = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
            let body = write(call, &caller.repeat(repeat), Timestamp::from_micros(until));
            prop_assert!(body.len() <= 5120);
        }
    }
}
