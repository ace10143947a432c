//! What FCM is asked to send.

use std::time::Duration;

use serde::Serialize;
use voip_core::{CallId, Device, Timestamp, ports::Push};

use crate::caller_text;

#[derive(Serialize)]
struct Envelope<'a> {
    message: Message<'a>,
}

/// Data only: with a `notification` block Android would draw a notification of
/// its own, and the app's handler would not get to draw the ringing screen.
#[derive(Serialize)]
struct Message<'a> {
    token: &'a str,
    data: Data<'a>,
    android: Android,
}

/// Text only, and none of FCM's reserved names: `from`, `message_type`,
/// `collapse_key`, nor any that begins with `google` or `gcm`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    r#type: &'static str,
    call_id: CallId,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
}

impl Data<'_> {
    fn bare(kind: &'static str, call: CallId) -> Self {
        Self {
            r#type: kind,
            call_id: call,
            caller: None,
            outcome: None,
            expires_at: None,
        }
    }
}

#[derive(Serialize)]
struct Android {
    priority: &'static str,
    ttl: String,
}

/// Now or never: FCM does not store what it cannot deliver at once.
const NOT_STORED: Duration = Duration::ZERO;
/// A phone that is off overnight still learns in the morning that it was
/// called; after a day the call log is the better place.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The body of a `messages:send` request that is made at `now`.
///
/// All messages go out with high priority, the end of a ring too: with normal
/// priority a dozing device would get it at its next maintenance window, and
/// meanwhile go on ringing for a call that is over. High priority is meant for
/// what the user gets to see, and ringing that stops is.
pub(super) fn write(device: &Device, push: &Push, now: Timestamp) -> Vec<u8> {
    let (data, ttl) = match push {
        Push::IncomingCall {
            call,
            caller,
            until,
        } => {
            let data = Data {
                caller: Some(caller_text::fitting(caller)),
                expires_at: Some(*until),
                ..Data::bare("incoming_call", *call)
            };
            (data, NOT_STORED)
        }
        Push::MissedCall { call, caller } => {
            let data = Data {
                caller: Some(caller_text::fitting(caller)),
                ..Data::bare("missed_call", *call)
            };
            (data, A_DAY)
        }
        // A device that was out of reach for a moment still rings; later than
        // `until` it has stopped by itself.
        Push::RingOver {
            call,
            outcome,
            until,
        } => {
            let data = Data {
                outcome: Some(outcome.as_str()),
                ..Data::bare("ring_over", *call)
            };
            (data, until.since(now).min(A_DAY))
        }
    };
    let message = Message {
        token: device.token.expose(),
        data,
        android: Android {
            priority: "HIGH",
            ttl: format!("{}s", ttl.as_secs()),
        },
    };
    serde_json::to_vec(&Envelope { message })
        .expect("text and numbers always have a JSON form, and a Vec takes all of it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use voip_core::{Platform, ports::RingOutcome};

    fn data_of(push: &Push) -> serde_json::Map<String, Value> {
        let token = "fcm-token".parse().unwrap();
        let device = Device {
            token,
            platform: Platform::Fcm,
            last_seen: Timestamp::from_secs(1),
        };
        let body: Value =
            serde_json::from_slice(&write(&device, push, Timestamp::from_secs(1))).unwrap();
        body["message"]["data"].as_object().unwrap().clone()
    }

    proptest! {
        #[test]
        fn data_is_text_under_free_names_and_within_4096_bytes(
            caller: String, repeat in 1..2000_usize, until: i64
        ) {
            let caller = caller.repeat(repeat);
            let call = "018c1f6e-7c3a-7000-8000-000000000001".parse().unwrap();
            let until = Timestamp::from_micros(until);
            let ring = Push::IncomingCall { call, caller: caller.clone(), until };
            let over = Push::RingOver { call, outcome: RingOutcome::Answered, until };
            for push in [ring, over, Push::MissedCall { call, caller }] {
                let data = data_of(&push);
                for (key, value) in &data {
                    prop_assert!(value.is_string());
                    prop_assert!(!["from", "message_type", "collapse_key"].contains(&&**key));
                    prop_assert!(!key.starts_with("google") && !key.starts_with("gcm"));
                }
                // Even if FCM counted the escaped JSON.
                prop_assert!(serde_json::to_string(&data).unwrap().len() <= 4096);
            }
        }
    }
}
